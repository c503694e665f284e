package gitsource

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// openClone opens a clone for the length of a test.
func openClone(t testing.TB, path, branch, folder string) *Clone {
	t.Helper()
	c := value[*Clone](t)(OpenClone(context.Background(), path, branch, folder))
	t.Cleanup(func() { c.Close() })
	return c
}

// dated is a commit on main with a clock of its own, in minutes.
func (f *fixture) dated(subject string, minute int64, all files) string {
	tree, parent := f.tree(all), ""
	if head := f.head("main"); !head.IsZero() {
		parent = "parent " + head.String() + "\n"
	}
	h := f.object(plumbing.CommitObject, fmt.Appendf(nil, "tree %s\n%sauthor A <a@x> 1 +0000\ncommitter Ada > Co <ada@example.com> %d +0130\n\n%s\n",
		tree, parent, 60*minute, subject))
	f.point("main", h)
	return h.String()
}

func minute(n int64) time.Time { return time.Unix(60*n, 0) }

func TestAtIsTheNewestCommitOfTheBranchThatIsNotLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	names := map[string]string{}
	// The clock of c3 is behind, and that of c5 ahead.
	for i, at := range []int64{10, 20, 15, 30, 90, 50} {
		names[f.dated(fmt.Sprint("c", i+1), at, files{"a.hcl": fmt.Sprint(i)})] = fmt.Sprint("c", i+1)
	}
	c := openClone(t, f.dir, "", "")
	for at, want := range map[int64]string{10: "c1", 14: "c1", 15: "c3", 19: "c3", 25: "c3", 30: "c4", 49: "c4", 50: "c6", 1000: "c6"} {
		got := value[reconcile.Commit](t)(c.At(context.Background(), minute(at)))
		if names[got.Hash] != want {
			t.Errorf("minute %d: %s, not %s", at, names[got.Hash], want)
		}
	}
	if _, err := c.At(context.Background(), minute(9)); !errors.Is(err, ErrBefore) || !strings.Contains(err.Error(), "the branch begins at commit") {
		t.Errorf("before the first commit: %v", err)
	}
}

func TestACloneIsReadWhereItStands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"prod/a.hcl": "one", "prod/deep/b.hcl": "two", "c.hcl": "three", "prod/readme.md": "no"})
	head := f.commit("more", files{"prod/a.hcl": "changed", "prod/deep/b.hcl": "two", "c.hcl": "three"})
	for form, dir := range clonesOf(t, f) {
		c := openClone(t, dir, "main", "/prod/")
		if c.Head != head {
			t.Errorf("%s: the head is %s, not %s", form, c.Head, head)
		}
		var got []string
		for _, file := range value[[]reconcile.File](t)(c.Files(context.Background(), c.Head)) {
			text := string(value[[]byte](t)(c.Read(file.Blob)))
			got = append(got, fmt.Sprintf("%s %d %s", file.Path, file.Size, text))
		}
		if diff := cmp.Diff([]string{"prod/a.hcl 7 changed", "prod/deep/b.hcl 3 two"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
}

// clonesOf are clones of every kind.
func clonesOf(t *testing.T, f *fixture) map[string]string {
	needGit(t)
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	git(t, base, "clone", "-q", f.dir, "work")
	git(t, base, "clone", "-q", "--bare", f.dir, "bare")
	git(t, base, "clone", "-q", "--shared", f.dir, "borrowing")
	git(t, base, "clone", "-q", "--depth=1", "file://"+f.dir, "shallow")
	git(t, base, "clone", "-q", f.dir, "packed")
	git(t, at("packed"), "gc", "-q", "--aggressive", "--prune=now")
	git(t, at("work"), "worktree", "add", "-q", at("beside"), "-b", "other")
	git(t, at("packed"), "checkout", "-q", "--detach")
	return map[string]string{"origin": f.dir, "work": at("work"), "bare": at("bare"), "borrowing": at("borrowing"),
		"shallow": at("shallow"), "packed": at("packed"), "beside": at("beside")}
}

func TestWhatWasPushedCountsAndNotWhatIsOnlyHere(t *testing.T) {
	t.Parallel()
	needGit(t)
	f := newFixture(t)
	pushed := f.commit("begin", files{"a.hcl": "one"})
	base := t.TempDir()
	git(t, base, "clone", "-q", f.dir, "work")
	work := filepath.Join(base, "work")
	git(t, work, "-c", "user.name=A", "-c", "user.email=a@x", "commit", "-q", "--allow-empty", "-m", "not pushed")
	if c := openClone(t, work, "", ""); c.Head != pushed || c.Ref != "refs/remotes/origin/main" {
		t.Errorf("%s is at %s, not %s", c.Ref, c.Head, pushed)
	}
	git(t, work, "checkout", "-q", "-b", "mine")
	if c := openClone(t, work, "mine", ""); c.Ref != "refs/heads/mine" || c.Head == pushed {
		t.Errorf("%s is at %s", c.Ref, c.Head)
	}
	if _, err := OpenClone(context.Background(), work, "maim", ""); !errors.Is(err, ErrNoBranch) {
		t.Errorf("a branch that is not there: %v", err)
	}
	git(t, base, "init", "-q", "-b", "trunk", "alone")
	git(t, filepath.Join(base, "alone"), "-c", "user.name=A", "-c", "user.email=a@x", "commit", "-q", "--allow-empty", "-m", "first")
	if c := openClone(t, filepath.Join(base, "alone"), "", ""); c.Ref != "refs/heads/trunk" {
		t.Errorf("%s is read", c.Ref)
	}
}

func TestACloneIsFoundFromAnyFolderOfIt(t *testing.T) {
	t.Parallel()
	needGit(t)
	base := t.TempDir()
	git(t, base, "init", "-q", "work")
	deep := filepath.Join(base, "work", "a", "b")
	must(t, os.MkdirAll(deep, 0o755))
	if found, err := FindClone(deep); err != nil || found != filepath.Join(base, "work") {
		t.Errorf("found %q, %v", found, err)
	}
	if found, err := FindClone(base); !errors.Is(err, ErrNotFound) {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestTheLastChangeOfAFileIsFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	subjects := map[string]string{"": "none"}
	for n, all := range []files{
		{"x.hcl": "x"},
		{"x.hcl": "x", "env/a.hcl": "one"},
		{"x.hcl": "y", "env/a.hcl": "one"},
		{"x.hcl": "y", "env/a.hcl": "two", "env/b.hcl": "b"},
		{"x.hcl": "y", "env/a.hcl": "two", "env/b.hcl": "c"},
		{"x.hcl": "y"},
		{"x.hcl": "y", "env/a.hcl": "two"},
	} {
		subjects[f.commit(fmt.Sprint(n), all)] = fmt.Sprint(n)
	}
	c := openClone(t, f.dir, "main", "")
	var got []string
	for from := c.Head; from != ""; {
		change := value[Change](t)(c.LastChange(context.Background(), from, "env/a.hcl"))
		text := func(blob string) string {
			if blob == "" {
				return "nothing"
			}
			return string(value[[]byte](t)(c.Read(blob)))
		}
		got = append(got, fmt.Sprintf("%s: %s to %s", subjects[change.Commit], text(change.Before), text(change.Blob)))
		from = change.Parent
	}
	want := []string{"6: nothing to two", "5: two to nothing", "3: one to two", "1: nothing to one", "0: nothing to nothing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	line := value[[]string](t)(c.Line(context.Background(), c.Head, 3))
	if len(line) != 3 || subjects[line[0]] != "6" || subjects[line[2]] != "4" {
		t.Errorf("the line is %v", line)
	}
}

func TestWhatABranchLacksIsKnownWhereTheCloneIsWhole(t *testing.T) {
	t.Parallel()
	needGit(t)
	f := newFixture(t)
	first := f.commit("first", files{"a.hcl": "1"})
	side := f.commitTree("side", f.tree(files{"a.hcl": "2"}), plumbing.NewHash(first))
	second := f.commit("second", files{"a.hcl": "3"})
	merge := f.commitTree("merge", f.tree(files{"a.hcl": "4"}), plumbing.NewHash(second), side)
	f.point("main", merge)
	gone := f.commitTree("gone", f.tree(files{"a.hcl": "5"}), plumbing.NewHash(first))
	base := t.TempDir()
	git(t, base, "clone", "-q", "--depth=1", "file://"+f.dir, "shallow")
	whole, shallow := openClone(t, f.dir, "", ""), openClone(t, filepath.Join(base, "shallow"), "", "")
	for commit, want := range map[string]bool{
		first: false, side.String(): false, second: false, merge.String(): false, gone.String(): true, strings.Repeat("1", 40): true,
	} {
		if got := value[bool](t)(whole.Lacks(t.Context(), commit)); got != want {
			t.Errorf("%s: %v, want %v", commit, got, want)
		}
		if value[bool](t)(shallow.Lacks(t.Context(), commit)) {
			t.Errorf("a shallow clone is sure that it lacks %s", commit)
		}
	}
}

func TestAShallowCloneSaysWhereItBegins(t *testing.T) {
	t.Parallel()
	needGit(t)
	f := newFixture(t)
	f.dated("one", 10, files{"a.hcl": "1"})
	f.dated("two", 20, files{"a.hcl": "2"})
	base := t.TempDir()
	git(t, base, "clone", "-q", "--depth=1", "file://"+f.dir, "shallow")
	c := openClone(t, filepath.Join(base, "shallow"), "", "")
	value[reconcile.Commit](t)(c.At(context.Background(), minute(20)))
	if _, err := c.At(context.Background(), minute(19)); !errors.Is(err, ErrBefore) || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("before it begins: %v", err)
	}
}

func TestACloneThatLacksAnObjectSaysSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	c := openClone(t, f.dir, "", "")
	blob := f.blob("one").String()
	must(t, os.Remove(filepath.Join(f.dir, "objects", blob[:2], blob[2:])))
	if _, err := c.Files(context.Background(), c.Head); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "git fsck") {
		t.Errorf("it says %v", err)
	}
}

func TestAMirrorIsFoundByWhatItIsOf(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	if c := openClone(t, r.MirrorDir(), r.Branch, ""); c.Head != head {
		t.Errorf("the head is %s, not %s", c.Head, head)
	}
	for _, other := range []*Repository{
		{URL: f.dir + "x", StateDir: r.StateDir}, {URL: f.dir, Branch: "other", StateDir: r.StateDir},
		{URL: f.dir, StateDir: t.TempDir()}, {URL: "", StateDir: r.StateDir},
	} {
		if dir := other.MirrorDir(); dir != "" {
			t.Errorf("%s has its mirror in %s", other, dir)
		}
	}
}

// What a merge brings in was not on the branch before it was merged, whenever
// it was made.
func TestWhatWasMergedCountsFromTheMerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.dated("first", 10, files{"a.hcl": "1"})
	side := f.commitTree("side", f.tree(files{"a.hcl": "2"}), plumbing.NewHash(first))
	merge := f.object(plumbing.CommitObject, fmt.Appendf(nil, "tree %s\nparent %s\nparent %s\nauthor A <a@x> 1 +0000\ncommitter A <a@x> %d +0000\n\nmerge\n",
		f.tree(files{"a.hcl": "2"}), first, side, 60*30))
	f.point("main", merge)
	c := openClone(t, f.dir, "", "")
	for at, want := range map[int64]string{29: first, 30: merge.String()} {
		if got := value[reconcile.Commit](t)(c.At(context.Background(), minute(at))); got.Hash != want {
			t.Errorf("minute %d: %q", at, got.Subject)
		}
	}
	if change := value[Change](t)(c.LastChange(context.Background(), c.Head, "a.hcl")); change.Commit != merge.String() || change.Parent != first {
		t.Errorf("the change is %+v", change)
	}
}
