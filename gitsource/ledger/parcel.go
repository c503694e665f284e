package ledger

import (
	"context"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// parcel is what one repository gives another: where its ledger moves to, and
// the objects that it lacks for that. They are looked for when they are needed:
// by then it may be known that the other does not want them.
type parcel struct {
	old, new plumbing.Hash
	from     *repository
	objects  []named // nil: not looked for yet
	single   bool    // new alone, without what is behind it
}

// fill finds the objects that new needs and old does not have behind it.
func (p *parcel) fill() error {
	if p.objects != nil {
		return nil
	}
	commits, err := p.from.between(p.old, p.new)
	if err != nil {
		return err
	}
	c := newContents(p.from)
	for _, commit := range commits {
		if err := c.commit(commit); err != nil {
			return err
		}
	}
	p.objects = c.objects
	return nil
}

// contents collects what is in commits and trees.
type contents struct {
	from    *repository
	objects []named
	taken   map[plumbing.Hash]bool
	done    map[step]bool
}

// step is one tree compared with another. The same tree may be asked for
// again, and hold more that is new then.
type step struct{ before, tree plumbing.Hash }

func newContents(from *repository) *contents {
	return &contents{from: from, taken: map[plumbing.Hash]bool{}, done: map[step]bool{}}
}

func (c *contents) take(kind plumbing.ObjectType, h plumbing.Hash) {
	if !c.taken[h] {
		c.taken[h] = true
		c.objects = append(c.objects, named{kind, h})
	}
}

// commit collects a commit, and what it changed.
func (c *contents) commit(commit *object.Commit) error {
	var before plumbing.Hash
	if parents := c.from.parents(commit); len(parents) > 0 {
		var err error
		if before, err = c.from.treeOf(parents[0]); err != nil {
			return err
		}
	}
	c.take(plumbing.CommitObject, commit.Hash)
	return c.tree(before, commit.TreeHash)
}

// tree collects what is in one tree and not in another. Links to other
// repositories are not followed.
func (c *contents) tree(before, tree plumbing.Hash) error {
	if before == tree || c.done[step{before, tree}] {
		return nil
	}
	c.done[step{before, tree}] = true
	older, err := treeOrNone(c.from, before)
	if err != nil {
		return err
	}
	leaves, err := c.from.tree(tree)
	if err != nil {
		return err
	}
	was := make(map[string]leaf, len(older))
	for _, l := range older {
		was[l.name] = l
	}
	for _, l := range leaves {
		switch old := was[l.name]; {
		case old == l:
		case l.file():
			c.take(plumbing.BlobObject, l.hash)
		case l.folder():
			if !old.folder() {
				old = leaf{}
			}
			if err := c.tree(old.hash, l.hash); err != nil {
				return err
			}
		}
	}
	c.take(plumbing.TreeObject, tree)
	return nil
}

// pack writes the objects as they travel.
func (p *parcel) pack(ctx context.Context, w io.Writer) error {
	if err := p.fill(); err != nil {
		return err
	}
	return p.from.writePack(ctx, w, p.objects)
}

// looseMost is how many objects are written one by one. Of more a pack is
// made, as receive-pack does (git-config(1), transfer.unpackLimit).
const looseMost = 100

// accept puts the objects of a parcel into a repository on this machine. cut are
// commits in it without what is behind them.
func (r *repository) accept(ctx context.Context, p parcel, cut []plumbing.Hash) error {
	if err := p.fill(); err != nil {
		return err
	}
	if len(p.objects) > looseMost || len(cut) > 0 {
		_, err := r.receive(cut, p.from.filled(ctx, p.objects))
		return err
	}
	var d draft
	for _, o := range p.objects {
		kind, content, err := p.from.stored(o)
		if err != nil {
			return err
		}
		d.add(kind, content)
	}
	return r.write(&d)
}
