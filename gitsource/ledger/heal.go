package ledger

import (
	"context"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"
)

// A rollout heals when the group had come to rest on what the same commit
// declares: somebody changed the group since, and nobody asked for anything in
// git. Its entries say so in their reason.
const (
	heals  = "healing drift"
	begins = heals + ": no new commit asked for it"
)

// Heals reports whether the entry is about drift that the agent put right by
// itself. Author is then who declared what it went back to.
func (e Entry) Heals() bool { return strings.HasPrefix(e.Reason, heals) }

// healed is the reason of an entry at the end of a rollout that heals.
func healed(outcome Outcome, reason string) string {
	switch {
	case outcome == Succeeded:
		return heals + ": done"
	case reason == "":
		return heals
	}
	return heals + ": " + reason
}

// Settled reports whether the ledger tells that a group came to rest on an image
// because of a commit. ErrBusy is that of Append.
func (l *Ledger) Settled(ctx context.Context, group reconcile.ID, commit, image string) (bool, error) {
	var settled bool
	err := l.change(ctx, func(store *repository) error {
		n, err := store.noteOf(plumbing.NewHash(commit))
		settled = false
		for _, e := range n.lines {
			settled = settled || e.settles() && e.GroupID() == group && e.To == image
		}
		return err
	})
	return settled, err
}

// settles reports whether after the entry all instances run what is declared.
func (e *Entry) settles() bool {
	return e.Outcome == Succeeded && (e.Verb == "" || e.Verb == reconcile.Roll)
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
