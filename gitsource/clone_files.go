package gitsource

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/objects"
	"moult/reconcile"
)

// visited is a folder that was listed: the same tree may lie at two paths.
type visited struct {
	tree plumbing.Hash
	path string
}

// listing is the declaration files below a folder, by path.
type listing struct {
	files []reconcile.File
	extent
}

// Files lists the declaration files of a commit, sorted by path. The list is
// shared, and must not be changed.
func (c *Clone) Files(ctx context.Context, commit string) ([]reconcile.File, error) {
	l, err := c.link(ctx, plumbing.NewHash(commit))
	if err != nil {
		return nil, err
	}
	tree, err := folderAt(c.entries, l.tree, c.folder)
	if err != nil || tree.IsZero() {
		return nil, err
	}
	found, err := c.list(ctx, &tally{limits: Limits{}.withDefaults()}, visited{tree, c.folder}, 0)
	return found.files, err
}

// Read is the content of a file that Files listed, by its Blob.
func (c *Clone) Read(blob string) ([]byte, error) {
	content, err := c.reader.Verified(plumbing.BlobObject, plumbing.NewHash(blob))
	return content, c.explain(err)
}

// entries are those of a folder that count.
func (c *Clone) entries(tree plumbing.Hash) ([]entry, error) {
	entries, _, err := c.sized(tree)
	return entries, err
}

// sized is entries, and the size of the tree object in bytes.
func (c *Clone) sized(tree plumbing.Hash) ([]entry, int64, error) {
	content, err := c.reader.Verified(plumbing.TreeObject, tree)
	if err != nil {
		return nil, 0, c.explain(err)
	}
	entries, err := parseTree(content)
	return entries, int64(len(content)), err
}

// list lists a folder, once for each content of it.
func (c *Clone) list(ctx context.Context, t *tally, at visited, depth int) (listing, error) {
	known, ok := c.listed[at]
	if bare, empty := c.bare[at.tree]; empty {
		known, ok = listing{extent: bare}, true
	}
	if err := cmp.Or(t.fits(at.path, depth, known.extent), context.Cause(ctx)); err != nil {
		return listing{}, err
	}
	if ok {
		return known, t.add(known.extent)
	}
	entries, size, err := c.sized(at.tree)
	if err != nil {
		return listing{}, err
	}
	before := t.seen
	if err := t.add(extent{folders: 1, bytes: size}); err != nil {
		return listing{}, err
	}
	found := listing{files: []reconcile.File{}}
	for _, e := range entries {
		below := visited{e.hash, joinPath(at.path, e.name)}
		more, err := c.listEntry(ctx, t, below, e.folder, depth)
		if err != nil {
			return listing{}, err
		}
		found.files = append(found.files, more.files...)
		if e.folder {
			found.hold(e.name, more.extent)
		}
	}
	slices.SortFunc(found.files, byPath)
	c.remember(at, &found, t.since(before))
	return found, nil
}

// remember keeps a listing with what it amounts to.
func (c *Clone) remember(at visited, l *listing, e extent) {
	e.deep, e.long = l.deep, l.long
	if l.extent = e; e.files == 0 {
		c.bare[at.tree] = e
	} else {
		c.listed[at] = *l
	}
}

func (c *Clone) listEntry(ctx context.Context, t *tally, at visited, folder bool, depth int) (listing, error) {
	if folder {
		return c.list(ctx, t, at, depth+1)
	}
	if err := t.add(extent{files: 1}); err != nil {
		return listing{}, err
	}
	size, err := c.size(at.tree)
	return listing{files: []reconcile.File{{Path: at.path, Blob: at.tree.String(), Size: size}}}, err
}

// size is the size of a file. Of one that is too large to be read it is only
// that.
func (c *Clone) size(blob plumbing.Hash) (int64, error) {
	content, err := c.reader.Kind(plumbing.BlobObject, blob)
	if errors.Is(err, objects.ErrTooLarge) {
		return objects.MostBytes + 1, nil
	}
	return int64(len(content)), c.explain(err)
}

// Change is a commit that changed a file.
type Change struct {
	Commit string
	// Parent is the commit before it on the branch; "" where the branch
	// begins, as far as the clone reaches back.
	Parent string
	// Blob is the content of the file since, and Before until then; "" when
	// there was none.
	Blob, Before string
	// Cut is set where a shallow clone ends at Commit: the file may have been so
	// before.
	Cut bool
}

// LastChange is the newest commit of the branch, from a commit on backwards,
// in which a file is another than before.
func (c *Clone) LastChange(ctx context.Context, from, path string) (Change, error) {
	names := strings.Split(path, "/")
	at := plumbing.NewHash(from)
	l, err := c.link(ctx, at)
	if err != nil {
		return Change{}, err
	}
	now, err := c.trail(names, l.tree, nil)
	for err == nil {
		change := Change{Commit: at.String(), Parent: hashText(l.parent), Blob: hashText(now.last())}
		if l.parent.IsZero() {
			change.Cut = c.shallow[at]
			return change, nil
		}
		at = l.parent
		if l, err = c.link(ctx, at); err != nil {
			break
		}
		var before trail
		if before, err = c.trail(names, l.tree, now); err == nil && before.last() != now.last() {
			change.Before = hashText(before.last())
			return change, nil
		}
		now = before
	}
	return Change{}, err
}

// trail are the trees on the way to a file, from the root of the repository,
// and the file; zero from where there is none.
type trail []plumbing.Hash

func (t trail) last() plumbing.Hash { return t[len(t)-1] }

// trail follows names down from a tree, and as soon as it is on a trail that is
// known, that.
func (c *Clone) trail(names []string, tree plumbing.Hash, known trail) (trail, error) {
	found := make(trail, len(names)+1)
	found[0] = tree
	for i, name := range names {
		if known != nil && known[i] == found[i] {
			copy(found[i:], known[i:])
			return found, nil
		}
		if found[i].IsZero() {
			break
		}
		content, err := c.reader.Kind(plumbing.TreeObject, found[i])
		if err != nil {
			return nil, c.explain(err)
		}
		if found[i+1], err = lookIn(content, name, i < len(names)-1); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// lookIn finds a file or folder in a tree object; zero when it has none.
func lookIn(content []byte, name string, folder bool) (plumbing.Hash, error) {
	for rest := string(content); rest != ""; {
		mode, e, more, err := parseEntry(rest)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		if e.name == name && e.folder == folder && (folder || isFile(mode)) {
			return e.hash, nil
		}
		rest = more
	}
	return plumbing.ZeroHash, nil
}

// Back are the commits of the branch, from one on backwards, by first parents.
// An error is the last.
func (c *Clone) Back(ctx context.Context, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for at := plumbing.NewHash(from); !at.IsZero(); {
			l, err := c.link(ctx, at)
			if !yield(at.String(), err) || err != nil {
				return
			}
			at = l.parent
		}
	}
}

// Line are at most so many commits of Back, the newest first.
func (c *Clone) Line(ctx context.Context, from string, most int) ([]string, error) {
	var line []string
	for name, err := range c.Back(ctx, from) {
		if err != nil {
			return nil, err
		}
		if line = append(line, name); len(line) == most {
			break
		}
	}
	return line, nil
}
