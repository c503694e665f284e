package ledger

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// proof reads the history of a ledger, each object compared with its name. One
// commit differs from the next in one note: what was read of the trees is kept
// at hand.
type proof struct {
	repository *repository
	shelf      *shelf
	young, old map[plumbing.Hash][]leaf // trees, and those read before
}

// treesKept is how many trees a proof keeps at hand at most, twice over: those
// of one ledger with folders "ab/".
const treesKept = 1024

func (r *repository) proof() (*proof, error) {
	s, err := r.shelf()
	if err != nil {
		return nil, err
	}
	return &proof{repository: r, shelf: s, young: map[plumbing.Hash][]leaf{}}, nil
}

func (p *proof) close() { p.shelf.close() }

func (p *proof) object(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	content, err := p.shelf.reader.Verified(kind, h)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	return content, nil
}

// tree makes a proof trees.
func (p *proof) tree(h plumbing.Hash) ([]leaf, error) {
	if leaves, ok := p.young[h]; ok {
		return leaves, nil
	}
	leaves, ok := p.old[h]
	if !ok {
		var err error
		if leaves, err = p.shelf.tree(h); err != nil {
			return nil, err
		}
	}
	if len(p.young) >= treesKept {
		p.old, p.young = p.young, map[plumbing.Hash][]leaf{}
	}
	p.young[h] = leaves
	return leaves, nil
}

func (p *proof) commit(h plumbing.Hash) (*object.Commit, error) {
	content, err := p.object(plumbing.CommitObject, h)
	if err != nil {
		return nil, err
	}
	return decodeCommit(h, content)
}

func (p *proof) treeOf(commit plumbing.Hash) (plumbing.Hash, error) {
	c, err := p.commit(commit)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return c.TreeHash, nil
}

func (p *proof) note(tree, commit plumbing.Hash) (note, error) {
	n, _, err := noteIn(p, tree, commit)
	return n, err
}

func (p *proof) isShallow(h plumbing.Hash) bool { return p.repository.isShallow(h) }

func (p *proof) parents(c *object.Commit) []plumbing.Hash { return p.repository.parents(c) }
