package gitsource

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"

	"moult/gitsource/packs"
)

// copying copies from a local repository what a mirror lacks: all commits, the
// folders on the way to the declarations, and the declarations. What else the
// repository holds, however large, stays where it is.
type copying struct {
	from   *source
	to     *mirror
	path   []string // the folders down to the declarations
	pack   *packs.Writer
	seen   map[visit]int // how deep below the root it was copied, the least deep
	taken  map[plumbing.Hash]written
	newer  map[plumbing.Hash]plumbing.Hash // of a tree, the one that took its place
	copied []copiedCommit
}

// copiedCommit is a commit that was copied, with the parents that belong to it.
type copiedCommit struct {
	hash, tree plumbing.Hash
	parents    []plumbing.Hash
	last       bool // the repository itself ends here
}

// written is where in the pack an object is. Trees are written as deltas from
// the tree that took their place: ten thousand commits in a large folder are
// ten thousand trees that hardly differ.
type written struct {
	offset int64
	chain  int // of deltas behind it
}

// longestChain is how many deltas may have to be applied to read a tree; git
// takes the same number.
const longestChain = 50

func newCopying(from *source, to *mirror, path []string) *copying {
	return &copying{
		from: from, to: to, path: path, seen: map[visit]int{},
		taken: map[plumbing.Hash]written{}, newer: map[plumbing.Hash]plumbing.Hash{},
	}
}

func (c *copying) has(h plumbing.Hash) bool {
	_, taken := c.taken[h]
	return taken
}

// visit is a folder at a depth, compared with the one before it. The same tree
// may hold more that counts in one place than in another, and more that is new:
// a revert has the tree of an old commit, but not its parent.
type visit struct {
	tree, before plumbing.Hash
	depth        int // below the root, at most len(path)
}

// into writes the pack with a slice, back to what the mirror has. It returns
// the commits in it whose parents stay behind.
func (c *copying) into(ctx context.Context, f *os.File, part slice) (*idxfile.MemoryIndex, []plumbing.Hash, error) {
	var err error
	if c.pack, err = packs.NewWriter(f); err != nil {
		return nil, nil, err
	}
	if err := c.commits(ctx, part); err != nil {
		return nil, nil, err
	}
	shallow, err := c.complete(ctx)
	if err != nil || c.pack.Count == 0 {
		return nil, nil, err
	}
	index, err := c.pack.Finish()
	return index, shallow, err
}

// commits copies commits, the nearest first. What the mirror has, it has whole
// or it is on its boundary, so behind these nothing is copied.
func (c *copying) commits(ctx context.Context, part slice) error {
	for todo := part.from; len(todo) > 0 && len(c.copied) < part.most; todo = todo[1:] {
		if err := ctx.Err(); err != nil {
			return err
		}
		if h := todo[0]; c.lacks(h) {
			parents, err := c.commit(h)
			if err != nil {
				return err
			}
			todo = append(todo, parents...)
		}
	}
	return nil
}

// commit copies one commit and what its folders do not share with those of its
// first parent, and returns its parents.
func (c *copying) commit(h plumbing.Hash) ([]plumbing.Hash, error) {
	content, err := c.from.object(plumbing.CommitObject, h)
	if err != nil {
		return nil, err
	}
	if err := c.take(plumbing.CommitObject, h, content); err != nil {
		return nil, err
	}
	tree, parents, err := parseCommit(content)
	if err != nil {
		c.copied = append(c.copied, copiedCommit{hash: h})
		return nil, nil // the commit is there; it is refused when it is read
	}
	last := c.from.shallow[h]
	c.copied = append(c.copied, copiedCommit{h, tree, parents, last})
	if last {
		return nil, nil
	}
	before, err := c.firstTree(parents)
	if err != nil {
		return nil, err
	}
	return parents, c.folder(tree, before, 0)
}

func (c *copying) lacks(h plumbing.Hash) bool { return !c.has(h) && !c.to.has(h) }

// complete copies the whole folders of those commits whose parents stay behind,
// and returns these commits.
func (c *copying) complete(ctx context.Context) ([]plumbing.Hash, error) {
	var shallow []plumbing.Hash
	for _, commit := range c.copied {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !commit.last && !slices.ContainsFunc(commit.parents, c.lacks) {
			continue
		}
		shallow = append(shallow, commit.hash)
		if err := c.folder(commit.tree, plumbing.ZeroHash, 0); err != nil {
			return nil, err
		}
	}
	return shallow, nil
}

func (c *copying) take(kind plumbing.ObjectType, h plumbing.Hash, content []byte) error {
	if c.has(h) {
		return nil
	}
	if c.pack.Offset > c.to.limits.PackBytes {
		return fault.TooLarge("more than %d bytes to copy", c.to.limits.PackBytes)
	}
	c.taken[h] = written{offset: c.pack.Offset}
	return c.pack.Add(kind, h, content)
}

// takeTree is take for a tree.
func (c *copying) takeTree(h plumbing.Hash, content []byte) error {
	newer, known := c.newer[h]
	base := c.taken[newer]
	if !known || c.has(h) || base.chain >= longestChain {
		return c.take(plumbing.TreeObject, h, content)
	}
	from, err := c.from.object(plumbing.TreeObject, newer)
	if err != nil {
		return err
	}
	delta := packs.Delta(from, content)
	if len(delta) > len(content)/2 {
		return c.take(plumbing.TreeObject, h, content)
	}
	c.taken[h] = written{offset: c.pack.Offset, chain: base.chain + 1}
	return c.pack.AddDelta(h, base.offset, delta)
}

// firstTree is the tree of the first parent. That commit is copied too, or has
// been, so nothing of its tree needs to be looked into again.
func (c *copying) firstTree(parents []plumbing.Hash) (plumbing.Hash, error) {
	if len(parents) == 0 {
		return plumbing.ZeroHash, nil
	}
	content, err := c.from.object(plumbing.CommitObject, parents[0])
	if err != nil {
		return plumbing.ZeroHash, err
	}
	tree, _, err := parseCommit(content)
	if err != nil {
		return plumbing.ZeroHash, nil
	}
	return tree, nil
}

// folder copies a folder and what counts below it, unless it is the same as
// before. That the mirror has the tree says nothing: it may have it from
// another place, with less below it.
func (c *copying) folder(tree, before plumbing.Hash, depth int) error {
	place := visit{tree, before, min(depth, len(c.path))}
	at, seen := c.seen[place]
	if tree == before || seen && at <= depth {
		return nil // deeper, less of it counts
	}
	c.seen[place] = depth
	if depth > c.to.limits.Depth+len(c.path) {
		return nil // too deep to be read; see list
	}
	content, entries, err := c.tree(tree)
	if err != nil {
		return err
	}
	if err := c.takeTree(tree, content); err != nil {
		return err
	}
	c.newer[before] = tree
	_, older, err := c.tree(before)
	if err != nil {
		return err
	}
	for len(entries) > 0 || len(older) > 0 {
		var e, old entry
		e, old, entries, older = nextPair(entries, older)
		if err := c.entry(e, old, depth); err != nil {
			return err
		}
	}
	return nil
}

// tree reads a folder of the repository. One that is malformed is refused when
// it is read in the mirror.
func (c *copying) tree(h plumbing.Hash) ([]byte, []entry, error) {
	if h.IsZero() {
		return nil, nil, nil
	}
	content, err := c.from.object(plumbing.TreeObject, h)
	if err != nil {
		return nil, nil, err
	}
	entries, err := parseTree(content)
	if errors.Is(err, ErrMalformed) {
		return content, nil, nil
	}
	return content, entries, err
}

func (c *copying) entry(e, old entry, depth int) error {
	onTheWay := depth < len(c.path)
	switch {
	case e == old, onTheWay && e.name != c.path[depth]:
		return nil
	case e.folder:
		var before plumbing.Hash
		if old.folder {
			before = old.hash
		}
		return c.folder(e.hash, before, depth+1)
	case e.name != "" && !onTheWay && !c.has(e.hash) && !c.to.has(e.hash):
		content, err := c.from.object(plumbing.BlobObject, e.hash)
		if err != nil {
			return err
		}
		return c.take(plumbing.BlobObject, e.hash, content)
	}
	return nil
}
