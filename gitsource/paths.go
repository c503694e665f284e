package gitsource

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// mostPaths bounds what one commit may change for it to be told. Without a
// bound a few small trees, each many times inside the next, are billions of
// paths.
const (
	mostPaths     = 200_000
	mostPathBytes = 64 << 20 // of all of them: 320 bytes each
)

// changedPaths are the paths in which a commit differs from each parent. For a
// malformed commit there are none: it is refused for that.
func (m *mirror) changedPaths(ctx context.Context, h plumbing.Hash) ([][]string, error) {
	s, err := m.step(h)
	if err != nil || s.trouble() != nil {
		return nil, err
	}
	parents, err := m.parents(h)
	if err != nil {
		return nil, err
	}
	before := make([]plumbing.Hash, max(1, len(parents))) // zero: before the first commit
	for i, parent := range parents {
		older, err := m.step(parent)
		if err != nil {
			return nil, err
		}
		before[i] = older.tree // zero when it is malformed: then all is new
	}
	changed := make([][]string, len(before))
	for i, tree := range before {
		c := comparison{mirror: m, same: map[[2]plumbing.Hash]bool{}}
		if err := c.folders(ctx, "", tree, s.tree); err != nil {
			return nil, err
		}
		changed[i] = c.paths
	}
	return changed, nil
}

// Scope is a part of the repository, by path: a trust.Scope.
type Scope interface {
	Has(path string) bool
	Reaches(folder string) bool // whether a path below it may be in the scope
}

// Holds reports whether a commit has a file that lies in a scope. Where the
// mirror lacks a folder that the scope reaches, nobody can tell, and it holds.
//
// ErrUnknown: the commit is not there. ErrMalformed, ErrTooLarge: it cannot be
// read.
func (r *Repository) Holds(ctx context.Context, commit string, scope Scope) (bool, error) {
	m, h, err := r.from(commit)
	if err != nil {
		return false, err
	}
	s, err := m.step(h)
	if err == nil {
		err = s.trouble()
	}
	var found bool
	if err == nil {
		at := search{mirror: m, scope: scope}
		found, err = at.folder(ctx, "", s.tree)
	}
	if err != nil {
		return false, fmt.Errorf("look for files in commit %s of %s: %w", h, r, err)
	}
	return found, nil
}

// search looks for a file in a scope.
type search struct {
	mirror *mirror
	scope  Scope
	looked int // at how many entries
}

// folder looks into the folder at a path, and no further than to the first
// file.
func (s *search) folder(ctx context.Context, path string, tree plumbing.Hash) (bool, error) {
	entries, known, err := s.mirror.everything(tree)
	if err != nil || !known {
		return !known, err
	}
	if s.looked += len(entries); s.looked > mostPaths || len(path) > pathBytes {
		return false, fault.TooLarge("commit has more than %d paths, or one of more than %d bytes", mostPaths, pathBytes)
	}
	for _, e := range entries {
		below := joinPath(path, e.name)
		found := !e.folder && s.scope.Has(below)
		if e.folder && s.scope.Reaches(below) {
			found, err = s.folder(ctx, below, e.hash)
		}
		if err = cmp.Or(err, ctx.Err()); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// comparison is how two commits differ, in any file.
type comparison struct {
	mirror *mirror
	paths  []string
	length int                       // of all paths, in bytes
	seen   extent                    // what was read, of both sides
	same   map[[2]plumbing.Hash]bool // two folders that hold the same files, wherever they lie
}

// anyEntry is one thing of a folder, whether it counts or not.
type anyEntry struct {
	entry
	mode string
}

// folders compares two folders at a path; zero is one that is not there.
func (c *comparison) folders(ctx context.Context, path string, before, after plumbing.Hash) error {
	pair := [2]plumbing.Hash{before, after}
	if before == after || c.same[pair] {
		return nil
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(path) > pathBytes || len(c.paths) > mostPaths {
		return fault.TooLarge("commit changes more than %d paths, or one of more than %d bytes", mostPaths, pathBytes)
	}
	older, known, err := c.mirror.everything(before)
	if err != nil {
		return err
	}
	newer, alsoKnown, err := c.mirror.everything(after)
	if err != nil {
		return err
	}
	if !known || !alsoKnown {
		return c.changed(path)
	}
	if err := c.count(older, newer); err != nil {
		return err
	}
	found := len(c.paths)
	for name, pair := range pairs(older, newer) {
		if err := c.entries(ctx, joinPath(path, name), pair[0], pair[1]); err != nil {
			return err
		}
	}
	if len(c.paths) == found {
		c.same[pair] = true
	}
	return nil
}

// changed notes a path.
func (c *comparison) changed(path string) error {
	c.paths = append(c.paths, path)
	if c.length += len(path); c.length > mostPathBytes {
		return fault.TooLarge("commit changes paths of more than %d bytes together", mostPathBytes)
	}
	return nil
}

// count notes that two folders are compared. Both sides may be as large as a
// commit may.
func (c *comparison) count(older, newer []anyEntry) error {
	limits := c.mirror.limits
	c.seen.folders += 2
	for _, side := range [][]anyEntry{older, newer} {
		for _, e := range side {
			c.seen.bytes += int64(len(e.mode) + len(" ") + len(e.name) + len("\x00") + len(e.hash))
		}
	}
	if c.seen.folders > 2*limits.Folders || c.seen.bytes > 2*limits.TreeBytes {
		return fault.TooLarge("commit changes more than %d folders, or folders of more than %d bytes", limits.Folders, limits.TreeBytes)
	}
	return nil
}

// entries compares what has one name in two folders. A folder that takes the
// place of a file changes both.
func (c *comparison) entries(ctx context.Context, path string, before, after anyEntry) error {
	if before == after {
		return nil
	}
	if !before.folder && before.name != "" || !after.folder && after.name != "" {
		if err := c.changed(path); err != nil {
			return err
		}
	}
	var from, to plumbing.Hash
	if before.folder {
		from = before.hash
	}
	if after.folder {
		to = after.hash
	}
	return c.folders(ctx, path, from, to)
}

// everything lists a folder, sorted by name; known is whether the mirror has
// it. One name twice is malformed: a change could hide behind the other.
func (m *mirror) everything(tree plumbing.Hash) (entries []anyEntry, known bool, err error) {
	if tree.IsZero() {
		return nil, true, nil
	}
	if !m.has(tree) {
		return nil, false, nil
	}
	content, err := m.object(plumbing.TreeObject, tree, treeBytes)
	for text := string(content); len(text) > 0 && err == nil; {
		var e anyEntry
		e.mode, e.entry, text, err = parseEntry(text)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b anyEntry) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(entries) && err == nil; i++ {
		if entries[i].name == entries[i-1].name {
			err = fault.Malformed("tree object has %q twice", fault.Plain(entries[i].name, 80))
		}
	}
	return entries, true, err
}

// pairs are the entries of two folders by name, in order of the names; an entry
// is zero where its folder does not have the name.
func pairs(older, newer []anyEntry) iter.Seq2[string, [2]anyEntry] {
	return func(yield func(string, [2]anyEntry) bool) {
		for len(older) > 0 || len(newer) > 0 {
			var pair [2]anyEntry
			name := lowest(older, newer)
			if len(older) > 0 && older[0].name == name {
				pair[0], older = older[0], older[1:]
			}
			if len(newer) > 0 && newer[0].name == name {
				pair[1], newer = newer[0], newer[1:]
			}
			if !yield(name, pair) {
				return
			}
		}
	}
}

func lowest(older, newer []anyEntry) string {
	switch {
	case len(older) == 0:
		return newer[0].name
	case len(newer) == 0:
		return older[0].name
	}
	return min(older[0].name, newer[0].name)
}
