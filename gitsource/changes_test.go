package gitsource

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// randomCommits are commits of files that come, go, move and take the place of
// folders.
func randomCommits(f *fixture, seed uint64, count int) []string {
	random := rand.New(rand.NewPCG(seed, 3))
	paths := []string{"a.hcl", "a/b.hcl", "a/c/d.hcl", "a/c/e.hcl", "b.hcl/x.hcl", "b.hcl", "notes.txt", "a/notes.txt", "z/y/x.hcl"}
	all := files{"a.hcl": "0"}
	var commits []string
	for n := range count {
		path := paths[random.IntN(len(paths))]
		all["keep.hcl"] = "always"
		switch random.IntN(4) {
		case 0:
			delete(all, path)
		default:
			all[path] = fmt.Sprint(random.IntN(4))
		}
		if path == "b.hcl" {
			delete(all, "b.hcl/x.hcl")
		} else if strings.HasPrefix(path, "b.hcl/") {
			delete(all, "b.hcl")
		}
		commits = append(commits, f.commit(fmt.Sprint(n), all))
	}
	return commits
}

// TestChangesTellTheSameAsRevisions lays the changes over each other, and gets
// what is listed whole.
func TestChangesTellTheSameAsRevisions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		f := newFixture(t)
		randomCommits(f, seed, 60)
		r := repository(t, f.dir)
		fetch(t, r)
		want := revisions(t, r.Revisions(context.Background(), "", ""))
		var got []reconcile.Revision
		for _, rev := range revisions(t, r.Changes(context.Background(), "", "")) {
			if n := len(got); n > 0 {
				if rev.Base != got[n-1].Commit.Hash {
					t.Fatalf("told from %s, want from the one before", rev.Base)
				}
				rev = reconcile.Revision{Commit: rev.Commit, Files: laid(got[n-1].Files, rev.Files)}
			}
			got = append(got, rev)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-revisions +changes):\n%s", seed, diff)
		}
		first, last := want[0], want[len(want)-1]
		between, err := r.Differences(context.Background(), last.Commit.Hash, first.Commit.Hash)
		must(t, err)
		if diff := cmp.Diff(last.Files, laid(first.Files, between.Files)); diff != "" || between.Base != first.Commit.Hash {
			t.Errorf("from the first to the last, from %s: %s", between.Base, diff)
		}
	}
}

func revisions(t *testing.T, all func(func(reconcile.Revision, error) bool)) []reconcile.Revision {
	t.Helper()
	var list []reconcile.Revision
	for rev, err := range all {
		must(t, err)
		list = append(list, rev)
	}
	return list
}

// laid are the files of a revision after changes.
func laid(base, changes []reconcile.File) []reconcile.File {
	files := slices.Clone(base)
	for _, c := range changes {
		files = slices.DeleteFunc(files, func(f reconcile.File) bool { return f.Path == c.Path })
		if c.Blob != "" {
			files = append(files, c)
		}
	}
	slices.SortFunc(files, byPath)
	return files
}

// TestOneFileOfACommit is found wherever it lies, as the revision lists it.
func TestOneFileOfACommit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.commit("begin", files{"a.hcl": "1", "deep/er/b.hcl": "22", "deep/notes.txt": "x"})
	r := repository(t, f.dir)
	fetch(t, r)
	rev, err := r.Revision(context.Background(), h)
	must(t, err)
	for _, want := range rev.Files {
		got, ok, err := r.File(h, want.Path)
		if err != nil || !ok || got != want {
			t.Errorf("%s: %+v, %v, %v", want.Path, got, ok, err)
		}
		if _, err := r.Read(got.Blob); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"b.hcl", "deep", "deep/er", "no/such/b.hcl", "deep/notes.txt", ""} {
		if got, ok, err := r.File(h, path); ok || err != nil {
			t.Errorf("%q: %+v, %v", path, got, err)
		}
	}
	commit, err := r.Commit(h)
	must(t, err)
	if commit != rev.Commit {
		t.Errorf("commit is %+v, want %+v", commit, rev.Commit)
	}
	if _, _, err := r.File(someTip, "a.hcl"); !errors.Is(err, ErrUnknown) {
		t.Errorf("of a commit that is not there: %v", err)
	}
}

// TestRevisionsSayWhenHistoryGoesOn: the oldest one, when it stands for more.
func TestRevisionsSayWhenHistoryGoesOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 10 {
		f.commit("c", files{"a.hcl": fmt.Sprint(i)})
	}
	r := repository(t, f.dir)
	fetch(t, r)
	for most, want := range map[int]bool{3: true, 9: true, 10: false, 100: false} {
		r.History = most
		list := revisions(t, r.Revisions(context.Background(), "", ""))
		for i, rev := range list {
			if rev.Partial != (want && i == 0) {
				t.Errorf("of at most %d, revision %d of %d: partial is %v", most, i, len(list), rev.Partial)
			}
		}
	}
	for _, rev := range revisions(t, r.Changes(context.Background(), "", "")) {
		if rev.Partial {
			t.Error("all of history is partial")
		}
	}
}

// TestNamesAreNotTakenForOneAnother: a file whose name ends like another's, and
// that counts as little as a symbolic link does, never stands for it.
func TestNamesAreNotTakenForOneAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, two := f.blob("one"), f.blob("two")
	for _, link := range []plumbing.Hash{one, two} {
		tree := f.rawTree(raw{"120000", "0 a.hcl", link}, raw{"100644", "a.hcl", one})
		f.commitOn("main", "link", tree)
	}
	f.commitOn("main", "file", f.rawTree(raw{"120000", "0 a.hcl", two}, raw{"100644", "a.hcl", two}))
	r := repository(t, f.dir)
	fetch(t, r)
	if diff := cmp.Diff([]string{"link: a.hcl=one", "file: a.hcl=two"}, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
}
