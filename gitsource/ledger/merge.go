package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// heads are the commits that a merge goes by; zero where there is none.
type heads struct {
	local  plumbing.Hash // the store's own
	remote plumbing.Hash // what the remote has
	seen   plumbing.Hash // what the remote had when it was last seen
}

// union is what a merge came to.
type union struct {
	head      plumbing.Hash // of the store, afterwards
	rewritten bool          // the remote's ledger is no continuation of what was seen
	missing   []Entry       // entries that somebody took out of it
}

// merge brings what the remote has into the store, and loses nothing of
// either: of each note, all entries of both sides. Where the remote has gone
// on from what was seen and the store has nothing of its own, the store simply
// follows. An entry that somebody removed is put back.
func (l *Ledger) merge(ctx context.Context, store *repository, h heads, now time.Time) (union, error) {
	u := union{head: h.remote}
	continues, err := store.descends(h.remote, h.seen)
	if err != nil {
		return u, err
	}
	u.rewritten = !continues
	ahead, err := store.descends(h.local, h.remote)
	if err != nil {
		return u, err
	}
	if ahead {
		u.head = h.local
		return u, nil
	}
	if !continues {
		h.seen = plumbing.ZeroHash // no common ground: both sides count as new
	}
	return u, l.join(ctx, store, h, &u, now)
}

// join makes the union of two heads that have each gone their own way, or
// follows the remote when it has everything.
func (l *Ledger) join(ctx context.Context, store *repository, h heads, u *union, now time.Time) error {
	j := joining{store: store, files: map[string]plumbing.Hash{}}
	if err := j.read(ctx, h); err != nil {
		return err
	}
	u.missing = j.missing
	follows, err := store.descends(h.remote, h.local)
	if err != nil {
		return err
	}
	if follows && len(j.files) == 0 && j.dropped == 0 {
		return moveOwn(store, Ref, h.remote)
	}
	tree, err := put(store, &j.draft, j.trees.remote, j.files)
	if err != nil {
		return err
	}
	next := link{tree: tree, by: l.Agent, now: now, message: j.subject(u.rewritten)}
	if next.parents, err = j.parents(h, follows); err != nil {
		return err
	}
	next.key = l.seal(j.added)
	if len(next.parents) > 1 {
		next.key = l.seal(j.made) // the other side's commits answer for the rest
	}
	if err := advance(store, &j.draft, next); err != nil {
		return err
	}
	u.head, err = store.ref(Ref)
	return err
}

// joining is a merge on its way.
type joining struct {
	store   *repository
	trees   heads // the trees of the three commits
	draft   draft
	files   map[string]plumbing.Hash // what changes in the remote's tree
	dropped int                      // entries of the remote's tree that cannot be notes
	missing []Entry
	added   []line // to the remote's notes
	made    []line // that neither side's notes have
}

// read finds what has to change in the remote's tree so that nothing of the
// local one is lost.
func (j *joining) read(ctx context.Context, h heads) error {
	for _, side := range []struct {
		commit plumbing.Hash
		tree   *plumbing.Hash
	}{{h.local, &j.trees.local}, {h.remote, &j.trees.remote}, {h.seen, &j.trees.seen}} {
		tree, err := j.store.treeOf(side.commit)
		if err != nil {
			return err
		}
		*side.tree = tree
	}
	if err := j.scrub(ctx); err != nil {
		return err
	}
	d, err := compare(ctx, j.store, j.trees.remote, j.trees.local)
	if err != nil {
		return err
	}
	for _, commit := range d.commits() {
		if d.new[commit] == nil {
			continue // a note that only the remote has
		}
		if err := errors.Join(ctx.Err(), j.note(commit)); err != nil {
			return fmt.Errorf("merge note of %s: %w", commit, err)
		}
	}
	return nil
}

// scrub leaves out of the remote's trees what cannot be a note. The store's own
// has nothing of the kind.
func (j *joining) scrub(ctx context.Context) (err error) {
	if j.trees.seen, _, err = scrub(ctx, j.store, j.trees.local, j.trees.seen); err != nil {
		return err
	}
	j.trees.remote, j.dropped, err = scrub(ctx, j.store, j.trees.local, j.trees.remote)
	return err
}

// note merges the note of one commit.
func (j *joining) note(commit plumbing.Hash) error {
	theirs, places, err := j.store.note(j.trees.remote, commit)
	if err != nil {
		return err
	}
	ours, _, err := j.store.note(j.trees.local, commit)
	if err != nil {
		return err
	}
	base, _, err := j.store.note(j.trees.seen, commit)
	if err != nil {
		return err
	}
	for _, gone := range base.lacks(theirs) {
		j.missing = append(j.missing, gone.Entry)
	}
	both := mergeNotes(base, ours, theirs).fitting()
	merged := string(both.content())
	if merged == string(theirs.content()) {
		return nil
	}
	added := both.lacks(theirs)
	j.added = append(j.added, added...)
	j.made = append(j.made, note{lines: added}.lacks(ours)...)
	for _, place := range places {
		j.files[place.name] = plumbing.ZeroHash
	}
	j.files[home(commit)] = j.draft.add(plumbing.BlobObject, []byte(merged))
	return nil
}

// parents are those of the merge: the remote's head first. Where the local
// chain begins in mid-air, because the store was made from the newest commit
// of a ledger that the remote no longer has, its entries are taken over and
// its commits cannot be.
func (j *joining) parents(h heads, follows bool) ([]plumbing.Hash, error) {
	if follows {
		return []plumbing.Hash{h.remote}, nil
	}
	ours, err := j.store.between(h.remote, h.local)
	if err != nil {
		return nil, err
	}
	for _, c := range ours {
		if j.store.isShallow(c.Hash) {
			return []plumbing.Hash{h.remote}, nil
		}
	}
	return []plumbing.Hash{h.remote, h.local}, nil
}

func (j *joining) subject(rewritten bool) string {
	switch {
	case rewritten:
		return fmt.Sprintf("Join the ledger with one that was rewritten\n\n%d notes taken over.\n", len(j.files))
	case j.dropped > 0:
		return fmt.Sprintf("Leave out %d entries that are no notes\n", j.dropped)
	case len(j.missing) > 0:
		return fmt.Sprintf("Put %d removed entries back\n", len(j.missing))
	}
	return "Join what was written at once\n"
}
