package ledger

import (
	"context"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"
)

// Standing is how a group stood to a commit before a rollout for it began.
type Standing int

const (
	// Unsettled: it never came to rest on what the commit declares.
	Unsettled Standing = iota
	// Settled: it did, and no other commit has changed it since.
	Settled
	// Left: it did, and another commit has changed it since.
	Left
)

// Standing tells how a group stood to a commit that declares an image for it.
// ErrBusy is that of Append.
//
//	newest settling for the commit  newest rollout of the group            standing
//	------------------------------  -------------------------------------  ---------
//	none                            any                                    unsettled
//	there                           for the same commit                    settled
//	there                           the same, when it was itself going back left
//	there                           of another, to another image           left
//	there                           of another, undone or before that      settled
func (l *Ledger) Standing(ctx context.Context, group reconcile.ID, commit, image string) (Standing, error) {
	var standing Standing
	err := l.change(ctx, func(store *repository) error {
		standing = Unsettled
		n, err := store.noteOf(plumbing.NewHash(commit))
		rested := n.rested(group, image, l.word)
		if err != nil || rested.IsZero() {
			return err
		}
		if err := l.readMoves(store); err != nil {
			return err
		}
		if standing = Settled; l.moves[group].leaves(commit, image, rested) {
			standing = Left
		}
		return nil
	})
	return standing, err
}

// rested is when a group last came to rest on an image, as the note of a commit
// tells; zero when it does not.
func (n note) rested(group reconcile.ID, image string, counts func(line) bool) time.Time {
	var last time.Time
	for _, l := range n.lines {
		if e := l.Entry; e.settles() && e.GroupID() == group && e.To == image && e.Time.After(last) && counts(l) {
			last = e.Time
		}
	}
	return last
}

// word reports whether a line is the agent's word, as far as it can tell.
func (l *Ledger) word(said line) bool { return l.Key == nil || l.proven(said) }

// settles reports whether after the entry all instances run what is declared.
func (e *Entry) settles() bool { return e.Outcome == Succeeded && e.moves() }

// moves reports whether the entry is about the instances of a group being
// replaced, or found as they are.
func (e *Entry) moves() bool {
	return e.Outcome != Held && e.Outcome != Accepted && (e.Verb == "" || e.Verb == reconcile.Roll)
}

// lastMove is what is kept of the newest entry that moves a group.
type lastMove struct {
	commit, to string
	at         time.Time
	undone     bool // the group is as it was before
	returns    bool
}

func (e *Entry) lastMove() lastMove {
	return lastMove{commit: e.Commit, to: e.To, at: e.Time, undone: e.Outcome == RolledBack, returns: e.Returns() && !e.settles()}
}

// leaves reports whether the move took the group away from an image on which a
// commit had it rest at a time.
func (m lastMove) leaves(commit, image string, rested time.Time) bool {
	switch {
	case m.commit == commit:
		return m.returns
	case m.undone, !m.at.After(rested):
		return false
	}
	return m.to != image
}

// readMoves reads the whole ledger, once and only when somebody asks;
// afterwards it is kept up to date.
func (l *Ledger) readMoves(store *repository) error {
	if l.moves != nil {
		return nil
	}
	head, err := store.ref(Ref)
	if err != nil {
		return err
	}
	found, err := entriesOf(store, head, newestMoves)
	if err != nil {
		return err
	}
	l.moves = map[reconcile.ID]lastMove{}
	for _, e := range found {
		l.moved(e)
	}
	return nil
}

// newestMoves picks of each group the newest entry of a note that moves it.
func newestMoves(lines []line) []*Entry {
	var found []*Entry
	newest := map[reconcile.ID]int{}
	for i := range lines {
		e := &lines[i].Entry
		if !e.moves() {
			continue
		}
		at, known := newest[e.GroupID()]
		switch {
		case !known:
			newest[e.GroupID()] = len(found)
			found = append(found, e)
		case !e.Time.Before(found[at].Time):
			found[at] = e
		}
	}
	return found
}

// moved takes an entry that may move its group.
func (l *Ledger) moved(e *Entry) {
	if l.moves != nil && e.moves() && !e.Time.Before(l.moves[e.GroupID()].at) {
		l.moves[e.GroupID()] = e.lastMove()
	}
}

// noteOf is the newest note of a commit; empty when there is none.
func (r *repository) noteOf(commit plumbing.Hash) (note, error) {
	head, err := r.ref(Ref)
	if err != nil {
		return note{}, err
	}
	tree, err := r.treeOf(head)
	if err != nil {
		return note{}, err
	}
	n, _, err := r.note(tree, commit)
	return n, err
}
