package ledger

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// neighbour is a repository on this machine. It is read and written where it
// stands, by git's own rules, so that no git command is needed.
type neighbour struct{ path string }

func (n *neighbour) fetch(ctx context.Context, store *repository, declines func(plumbing.Hash) error) (plumbing.Hash, error) {
	there, err := openRepository(n.path)
	if err != nil {
		return plumbing.ZeroHash, onDisk(err)
	}
	defer there.close()
	head, err := there.ref(Ref)
	if err != nil {
		return plumbing.ZeroHash, theirs(err)
	}
	if head.IsZero() {
		return head, nil
	}
	if known, err := store.leadsTo(head); known || err != nil {
		return head, err
	}
	if err := declines(head); err != nil {
		return head, err
	}
	known, err := store.haves()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	err = store.acceptSince(ctx, there, known, head)
	if errors.Is(err, fault.ErrTooLarge) && len(known) > 0 { // by a step in between, perhaps; see distant.get
		err = store.acceptSince(ctx, there, nil, head)
	}
	return head, tooLarge(err)
}

// acceptSince takes what a repository has that a store lacks which knows some
// commits.
func (r *repository) acceptSince(ctx context.Context, there *repository, known []plumbing.Hash, head plumbing.Hash) error {
	p, err := there.since(known, head)
	if err == nil {
		err = p.fill()
	}
	if err != nil {
		return theirs(err)
	}
	return onDisk(theirs(r.accept(ctx, p, there.cutIn(p))))
}

// cutIn are the commits of a parcel whose parents a repository does not have,
// or does not give.
func (r *repository) cutIn(p parcel) []plumbing.Hash {
	var cut []plumbing.Hash
	for _, o := range p.objects {
		if o.kind == plumbing.CommitObject && (p.single || r.isShallow(o.hash)) {
			cut = append(cut, o.hash)
		}
	}
	return cut
}

func (n *neighbour) close() {}

// since packs what a store lacks that knows some commits. One that knows none
// gets the newest commit only, with all notes.
func (r *repository) since(known []plumbing.Hash, head plumbing.Hash) (parcel, error) {
	for _, base := range known {
		if !r.has(base) {
			continue
		}
		return parcel{old: base, new: head, from: r}, nil
	}
	if len(known) > 0 {
		return parcel{new: head, from: r}, nil
	}
	commit, err := r.commit(head)
	if err != nil {
		return parcel{}, err
	}
	c := newContents(r)
	if err := c.tree(plumbing.ZeroHash, commit.TreeHash); err != nil {
		return parcel{}, err
	}
	c.take(plumbing.CommitObject, head)
	return parcel{new: head, objects: c.objects, from: r, single: true}, nil
}

func (n *neighbour) push(ctx context.Context, p parcel) error {
	there, err := openRepository(n.path)
	if err != nil {
		return onDisk(err)
	}
	defer there.close()
	if err := guarded(there.dir); err != nil {
		return err
	}
	now, err := there.ref(Ref)
	if err != nil {
		return theirs(err)
	}
	if now != p.old {
		return errMoved
	}
	if err := there.accept(ctx, p, nil); err != nil {
		return onDisk(err)
	}
	return onDisk(there.moveRef(move{ref: Ref, old: p.old, new: p.new, ours: p.from.has}))
}

// guarded refuses a repository whose owner lets a hook decide what may be
// pushed: hooks are programs, and only git runs them.
func guarded(dir string) error {
	settings, err := readConfig(dir)
	if err != nil {
		return theirs(err)
	}
	hooks := filepath.Join(dir, "hooks")
	if elsewhere := settings.Section("core").Option("hookspath"); elsewhere != "" {
		hooks = relativeTo(dir, elsewhere)
	}
	for _, name := range []string{"pre-receive", "update", "reference-transaction"} {
		info, err := os.Stat(filepath.Join(hooks, name))
		if err == nil && info.Mode()&0o111 != 0 {
			return fault.New(ErrDenied, "reach it over ssh or https, where git runs them", "the repository has a %s hook", name)
		}
	}
	return nil
}

// onDisk gives errors of the file system their kind.
func onDisk(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fault.New(ErrDenied, "let the agent's user write there", "%w", err)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(ErrUnreachable, "check the path", "%w", err)
	}
	return err
}

// theirs is an error of a repository that is not the store: damage there is no
// reason to make the store again.
func theirs(err error) error {
	if errors.Is(err, errLost) {
		return fault.New(ErrUnreachable, "check it with git fsck", "%v", err)
	}
	return err
}
