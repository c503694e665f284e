package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// Anybody who may write notes may push a tree that git itself would never make,
// and a server may let it in: a file that is a folder, a name that git refuses.
// A tree made from it would hold the same, and the next server to look closely
// refuses it. So what cannot be a note is left out when a tree is taken over.

// scrubbing leaves out of a tree of notes what git does not let stand there.
type scrubbing struct {
	shelf   *shelf
	left    allowance // for what is read, and for what it stands for
	draft   draft
	done    map[plumbing.Hash]scrubbed
	dropped int // how many entries were left out
}

// scrubbed is what became of a tree, which may be asked for again.
type scrubbed struct {
	hash  plumbing.Hash // zero when nothing is left of it
	holds weight        // with all below it that sound did not have
	err   error
}

// scrub is a tree without what cannot be a note; the tree itself where there is
// nothing of the kind, as in all that sound has. The new trees are in the store
// when it returns.
func scrub(ctx context.Context, store *repository, sound, tree plumbing.Hash) (clean plumbing.Hash, dropped int, err error) {
	if tree.IsZero() || tree == sound {
		return tree, 0, nil
	}
	shelf, err := store.shelf()
	if err != nil {
		return tree, 0, err
	}
	defer shelf.close()
	s := scrubbing{shelf: shelf, left: oneTree(ctx), done: map[plumbing.Hash]scrubbed{}}
	all := s.folder(sound, tree)
	if err := cmp.Or(all.err, whole(ctx, all.holds)); err != nil {
		return tree, 0, err
	}
	if all.hash.IsZero() {
		all.hash = s.draft.add(plumbing.TreeObject, nil)
	}
	return all.hash, s.dropped, store.write(&s.draft)
}

// whole fails when a tree holds more than is read of one.
func whole(ctx context.Context, holds weight) error {
	left := oneTree(ctx)
	return left.take(holds)
}

// folder is one tree, scrubbed. What comes of it is the same whichever sound one
// it is compared with.
func (s *scrubbing) folder(sound, tree plumbing.Hash) scrubbed {
	if _, ok := s.done[tree]; !ok {
		s.done[tree] = s.read(sound, tree)
	}
	return s.done[tree]
}

func (s *scrubbing) read(sound, tree plumbing.Hash) (done scrubbed) {
	before, err := treeOrNone(s.shelf, sound)
	if err != nil {
		return scrubbed{err: err}
	}
	leaves, err := s.shelf.tree(tree)
	if err == nil {
		err = s.left.folder(leaves)
	}
	if err != nil {
		return scrubbed{err: err}
	}
	done.holds.folders = 1
	done.holds.count(leaves)
	known := map[string]leaf{}
	for _, l := range before {
		known[l.name] = l
	}
	all := map[string]leaf{}
	for _, l := range leaves {
		if l != known[l.name] {
			var holds weight
			if l, holds, err = s.leaf(known[l.name], l); err != nil {
				return scrubbed{err: err}
			}
			done.holds.add(holds)
		}
		if _, twice := all[l.name]; twice || l.hash.IsZero() {
			s.dropped++
			continue
		}
		all[l.name] = l
	}
	done.hash = s.same(tree, all)
	return done
}

// same is the tree where the leaves are what it holds, and else a new one.
func (s *scrubbing) same(tree plumbing.Hash, all map[string]leaf) plumbing.Hash {
	var d draft
	made := d.addTree(all)
	if made == tree {
		return tree
	}
	return s.draft.addTree(all)
}

// leaf is one entry of a tree as git writes it; without a hash when it cannot
// stand there. holds is what is below it.
func (s *scrubbing) leaf(known, l leaf) (clean leaf, holds weight, err error) {
	if l.mode == modeLink && legal(l.name) {
		return l, holds, nil // its commit is in another repository
	}
	if l.hash.IsZero() || !legal(l.name) {
		return leaf{}, holds, nil
	}
	kind, err := s.shelf.reader.Type(l.hash)
	if err != nil {
		return leaf{}, holds, fmt.Errorf("%w: %w", errLost, err)
	}
	switch {
	case l.folder() && kind == plumbing.TreeObject:
		below := s.folder(known.folderHash(), l.hash)
		if errors.Is(below.err, errMalformedTree) {
			return leaf{}, holds, nil
		}
		return leaf{modeFolder, l.name, below.hash}, below.holds, below.err
	case l.file() && kind == plumbing.BlobObject:
		if l.mode != modeProgram {
			l.mode = modeFile
		}
		return l, holds, nil
	case l.mode == modeSymlink && kind == plumbing.BlobObject:
		return l, holds, nil
	}
	return leaf{}, holds, nil
}

// legal reports whether git lets a name stand in a tree (git-fsck(1), hasDot,
// hasDotdot, hasDotgit, fullPathname).
func legal(name string) bool {
	return name != "." && name != ".." && !strings.EqualFold(name, ".git") && !strings.Contains(name, "/")
}
