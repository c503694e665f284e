package gitsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// times is a folder that holds another so many times.
func (f *fixture) times(wide int, inside plumbing.Hash) plumbing.Hash {
	f.t.Helper()
	var entries []raw
	for i := range wide {
		entries = append(entries, raw{"40000", fmt.Sprintf("folder-%06d", i), inside})
	}
	return f.rawTree(entries...)
}

// nested are folders that each hold the next one so many times: wide to the
// power of deep of them, in a handful of trees.
func (f *fixture) nested(wide, deep int, inside plumbing.Hash) plumbing.Hash {
	f.t.Helper()
	for range deep {
		inside = f.times(wide, inside)
	}
	return inside
}

// notes is a folder of so many files that are no declarations.
func (f *fixture) notes(files int) plumbing.Hash {
	f.t.Helper()
	blob := f.blob("not a declaration")
	var entries []raw
	for i := range files {
		entries = append(entries, raw{"100644", fmt.Sprintf("note-%06d.txt", i), blob})
	}
	return f.rawTree(entries...)
}

// within is a deadline that what is bounded keeps easily.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// bombs are trees that would take for ever to walk.
func (f *fixture) bombs() map[string]plumbing.Hash {
	return map[string]plumbing.Hash{
		"empty folders":          f.nested(50, 6, f.rawTree()),
		"folders of a file":      f.nested(50, 6, f.tree(files{"a.hcl": "1"})),
		"a large one, often":     f.times(1000, f.notes(10_000)),
		"two large ones":         f.times(100, f.rawTree(raw{"40000", "a", f.notes(50_000)}, raw{"40000", "b", f.notes(50_001)})),
		"one with a file, often": f.times(1000, f.rawTree(raw{"100644", "a.hcl", f.blob("1")}, raw{"40000", "b", f.notes(10_000)})),
	}
}

// TestFoldersWithoutEndAreOneCommitPastTheLimits: a handful of small trees, each
// many times inside the next, that nobody needs to sign. It is no damage, and
// neither the commit before nor the one behind suffers.
func TestFoldersWithoutEndAreOneCommitPastTheLimits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	good := r.Head()
	for name, tree := range f.bombs() {
		bad := f.commitOn("main", "bomb", tree)
		if _, err := r.Fetch(within(t)); err != nil || r.Head() != bad {
			t.Fatalf("%s: head is %s: %v", name, r.Head(), err)
		}
		for _, err := range r.Revisions(within(t), good, "") {
			if !errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDamaged) {
				t.Errorf("%s: error is %v", name, err)
			}
		}
		r = again(t, r)
		if r.Head() != bad {
			t.Errorf("%s: the mirror is gone after a restart", name)
		}
	}
	last := f.commit("fixed", files{"a.hcl": "fixed"})
	fetch(t, r)
	if diff := cmp.Diff([]string{"fixed: a.hcl=fixed"}, history(t, r, good, "")); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Differences(within(t), last, good); err != nil {
		t.Error(err)
	}
}

// TestFoldersAreCountedWhateverWasListedBefore: else a commit would be obeyed by
// one agent, and be past the limits for another.
func TestFoldersAreCountedWhateverWasListedBefore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	randomCommits(f, 1, 60)
	bare := f.nested(3, 2, f.notes(5))
	f.commitOn("main", "bare", f.rawTree(raw{"40000", "a", bare}, raw{"40000", "b", f.times(2, bare)}))
	f.commitOn("main", "more", f.rawTree(raw{"40000", "a", bare}, raw{"40000", "b", f.times(2, bare)}, raw{"40000", "c", bare}))
	r := repository(t, f.dir)
	fetch(t, r)
	m := r.open.mirror
	line := value[[]plumbing.Hash](t)(m.line(t.Context(), m.current(), plumbing.ZeroHash, 1000))
	for _, h := range line {
		apart := value[*folder](t)(m.listing(t.Context(), h)).extent
		m.listed = nil
		alone := value[*folder](t)(m.listing(t.Context(), h)).extent
		if apart != alone {
			t.Errorf("%s: %+v with what was listed before, %+v without", h, apart, alone)
		}
	}
	e := value[*folder](t)(m.listing(t.Context(), line[0])).extent
	if e.deep != 4 {
		t.Errorf("it amounts to %+v", e)
	}
	for n, ok := range map[int]bool{e.folders: true, e.folders - 1: false} {
		m.limits.Folders = n
		m.listed = nil
		if _, err := m.listing(t.Context(), line[0]); (err == nil) != ok {
			t.Errorf("at most %d folders: %v", n, err)
		}
	}
	m.limits.Folders = e.folders
	for n, ok := range map[int64]bool{e.bytes: true, e.bytes - 1: false} {
		m.limits.TreeBytes = n
		m.listed = nil
		if _, err := m.listing(t.Context(), line[0]); (err == nil) != ok {
			t.Errorf("at most %d bytes: %v", n, err)
		}
	}
}

// TestSharedFoldersLieNoDeeperThanTheLimit: what was found in one place may be
// too deep in another.
func TestSharedFoldersLieNoDeeperThanTheLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "1"})
	shared := f.nested(1, 3, f.rawTree())
	for depth, ok := range map[int]bool{4: true, 5: true, 6: false} {
		f.commitOn("main", "deep", f.rawTree(raw{"40000", "a", shared}, raw{"40000", "b", f.nested(1, depth-4, shared)}))
		r := repository(t, f.dir)
		r.Limits.Depth = 5
		fetch(t, r)
		if _, err := r.Revision(t.Context(), r.Head()); (err == nil) != ok {
			t.Errorf("%d deep: %v", depth, err)
		}
	}
	name := strings.Repeat("n", 200)
	long := f.rawTree()
	for range 12 {
		long = f.rawTree(raw{"40000", name, long})
	}
	below := long
	for range 12 {
		below = f.rawTree(raw{"40000", name, below})
	}
	f.commitOn("main", "long", f.rawTree(raw{"40000", "a", long}, raw{"40000", "b", below}))
	r := repository(t, f.dir)
	fetch(t, r)
	if _, err := r.Revision(t.Context(), r.Head()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a path of 4,800 bytes: %v", err)
	}
}

// TestAListingEndsWithItsContext.
func TestAListingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a/b.hcl": "1"})
	r := repository(t, f.dir)
	fetch(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.open.mirror.listed = nil
	err := r.open.mirror.verify(ctx, plumbing.NewHash(head))
	if !errors.Is(err, context.Canceled) || r.open.mirror.trouble() != nil {
		t.Errorf("error is %v, the mirror has %v", err, r.open.mirror.trouble())
	}
}

// TestALargeRepositoryOfOtherFilesIsListed: 500,000 files in 50,000 folders.
func TestALargeRepositoryOfOtherFilesIsListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	plain := f.nested(36, 3, f.notes(10)) // 48,000 folders, 460,000 files
	head := f.commitOn("main", "large", f.rawTree(raw{"40000", "fleet", f.tree(files{"a.hcl": "1"})}, raw{"40000", "src", plain}))
	r := repository(t, f.dir)
	fetch(t, r)
	rev, err := r.Revision(t.Context(), head)
	if err != nil || len(rev.Files) != 1 {
		t.Errorf("%d files: %v", len(rev.Files), err)
	}
}

// TestFoldersWithoutEndAreNotCompared: what a commit changes is asked of each,
// and of those that nobody signed.
func TestFoldersWithoutEndAreNotCompared(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.commit("begin", files{"a.hcl": "1"})
	two := func(wide int) plumbing.Hash { // they differ in one of 10,000 files
		return f.rawTree(raw{"100644", fmt.Sprint("a", wide), f.blob("1")}, raw{"40000", "b", f.notes(10_000)})
	}
	one, other := f.times(10_000, two(1)), f.times(10_000, two(2))
	for _, tree := range []plumbing.Hash{f.nested(50, 6, f.rawTree()), f.nested(50, 6, f.tree(files{"a.txt": "1"})), one, other} {
		f.commitOn("main", "bomb", tree)
	}
	last := f.commit("fixed", files{"a.hcl": "2"})
	r := repository(t, f.dir)
	fetch(t, r)
	line := value[[]plumbing.Hash](t)(r.open.mirror.line(t.Context(), plumbing.NewHash(last), plumbing.NewHash(first), 100))
	for _, h := range line {
		if _, err := r.open.mirror.changedPaths(within(t), h); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", h, err)
		}
	}
	untold := 0
	for _, raw := range value[[]Raw](t)(r.Since(within(t), first, last, true)) {
		if raw.Untold != nil {
			untold++
		}
	}
	if untold == 0 {
		t.Error("all changes of the bombs are told")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.open.mirror.changedPaths(ended, plumbing.NewHash(last)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// TestAnEmptyFolderManyTimesChangesNoPath.
func TestAnEmptyFolderManyTimesChangesNoPath(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.commit("begin", files{"a.hcl": "1"})
	keep := raw{"100644", "a.hcl", f.blob("1")}
	last := f.commitOn("main", "bare", f.rawTree(keep, raw{"40000", "b", f.nested(50, 6, f.rawTree())}))
	r := repository(t, f.dir)
	fetch(t, r)
	all := value[[]Raw](t)(r.Since(within(t), first, last, true))
	if len(all) != 1 || len(all[0].Paths) != 1 || len(all[0].Paths[0]) != 0 {
		t.Errorf("it changes %+v", all)
	}
}

// TestAPersonsCloneIsNotKeptBusyByFoldersWithoutEnd.
func TestAPersonsCloneIsNotKeptBusyByFoldersWithoutEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	good := f.commit("begin", files{"a.hcl": "one"})
	var bad []string
	for _, tree := range f.bombs() {
		bad = append(bad, f.commitOn("main", "bomb", tree))
	}
	f.commitOn("main", "none", f.times(10_000, f.notes(10_000)))
	c := openClone(t, f.dir, "", "")
	for _, commit := range bad {
		if _, err := c.Files(within(t), commit); !errors.Is(err, ErrTooLarge) {
			t.Errorf("error is %v", err)
		}
	}
	if all, err := c.Files(within(t), good); err != nil || len(all) != 1 {
		t.Errorf("%d files: %v", len(all), err)
	}
	if _, err := c.Nearest(within(t), bad[0]); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.holds(ended, f.tree(files{"b.hcl": "1"}), 0, map[plumbing.Hash]bool{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
