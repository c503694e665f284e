package ledger

import (
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
	draft   draft
	folders int // how many were read
	dropped int // how many entries were left out
}

// scrub is a tree without what cannot be a note; the tree itself where there is
// nothing of the kind, as in all that sound has. The new trees are in the store
// when it returns.
func scrub(store *repository, sound, tree plumbing.Hash) (clean plumbing.Hash, dropped int, err error) {
	if tree.IsZero() || tree == sound {
		return tree, 0, nil
	}
	shelf, err := store.shelf()
	if err != nil {
		return tree, 0, err
	}
	defer shelf.close()
	s := scrubbing{shelf: shelf}
	if clean, err = s.folder(sound, tree); err != nil {
		return tree, 0, err
	}
	if clean.IsZero() {
		clean = s.draft.add(plumbing.TreeObject, nil)
	}
	return clean, s.dropped, store.write(&s.draft)
}

// folder is one tree, scrubbed; zero when nothing is left of it.
func (s *scrubbing) folder(sound, tree plumbing.Hash) (plumbing.Hash, error) {
	if s.folders++; s.folders > mostFolders {
		return tree, fmt.Errorf("read notes: more than %d folders", mostFolders)
	}
	before, err := treeOrNone(s.shelf, sound)
	if err != nil {
		return tree, err
	}
	leaves, err := s.shelf.tree(tree)
	if err != nil {
		return tree, err
	}
	known := map[string]leaf{}
	for _, l := range before {
		known[l.name] = l
	}
	all := map[string]leaf{}
	for _, l := range leaves {
		if l != known[l.name] {
			if l, err = s.leaf(known[l.name], l); err != nil {
				return tree, err
			}
		}
		if _, twice := all[l.name]; twice || l.hash.IsZero() {
			s.dropped++
			continue
		}
		all[l.name] = l
	}
	return s.same(tree, all), nil
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
// stand there.
func (s *scrubbing) leaf(known, l leaf) (leaf, error) {
	if l.mode == modeLink && legal(l.name) {
		return l, nil // its commit is in another repository
	}
	if l.hash.IsZero() || !legal(l.name) {
		return leaf{}, nil
	}
	kind, _, err := s.shelf.reader.Object(l.hash)
	if err != nil {
		return leaf{}, fmt.Errorf("%w: %w", errLost, err)
	}
	switch {
	case l.folder() && kind == plumbing.TreeObject:
		l.mode = modeFolder
		if !known.folder() {
			known = leaf{}
		}
		l.hash, err = s.folder(known.hash, l.hash)
		if errors.Is(err, errMalformedTree) {
			return leaf{}, nil
		}
		return l, err
	case l.file() && kind == plumbing.BlobObject:
		if l.mode != modeProgram {
			l.mode = modeFile
		}
		return l, nil
	case l.mode == modeSymlink && kind == plumbing.BlobObject:
		return l, nil
	}
	return leaf{}, nil
}

// legal reports whether git lets a name stand in a tree (git-fsck(1), hasDot,
// hasDotdot, hasDotgit, fullPathname).
func legal(name string) bool {
	return name != "." && name != ".." && !strings.EqualFold(name, ".git") && !strings.Contains(name, "/")
}
