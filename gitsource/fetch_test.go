package gitsource

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// origins are all the ways to reach a repository.
var origins = map[string]func(t *testing.T, f *fixture) string{
	"path":     func(t *testing.T, f *fixture) string { return f.dir },
	"file URL": func(t *testing.T, f *fixture) string { return "file://" + f.dir },
	"HTTP, version 2": func(t *testing.T, f *fixture) string {
		url, _ := serve(t, httpBackend(t, filepath.Dir(f.dir)))
		return url + "/fleet.git"
	},
	"HTTP, version 0": func(t *testing.T, f *fixture) string {
		url, _ := serve(t, oldServer(httpBackend(t, filepath.Dir(f.dir))))
		return url + "/fleet.git"
	},
	"HTTP, version 0, no side band": func(t *testing.T, f *fixture) string {
		url, _ := serve(t, plainServer(t, f))
		return url + "/fleet.git"
	},
}

// fromAll runs a story against a repository reached in every way.
func fromAll(t *testing.T, story func(t *testing.T, f *fixture, r *Repository)) {
	t.Parallel()
	for name, reach := range origins {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.commit("begin", files{"README.md": "hello", "a.hcl": "one"})
			story(t, f, repository(t, reach(t, f)))
		})
	}
}

func TestFirstFetchClonesAndReads(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		if head := r.Head(); head != "" {
			t.Errorf("head before the first fetch is %q", head)
		}
		want := Fetched{Head: f.head("main").String(), Changed: true}
		if got := fetch(t, r); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if r.Head() != want.Head {
			t.Errorf("head is %q, want %q", r.Head(), want.Head)
		}
		if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFetchFollowsTheBranch(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		first := fetch(t, r).Head
		if got := fetch(t, r); got.Changed || got.Head != first {
			t.Errorf("an unchanged poll found %+v", got)
		}
		f.commit("second", files{"a.hcl": "two"})
		third := f.commit("third", files{"a.hcl": "two", "env/b.hcl": "three"})
		if got, want := fetch(t, r), (Fetched{Head: third, Changed: true}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		want := []string{"second: a.hcl=two", "third: a.hcl=two env/b.hcl=three"}
		if diff := cmp.Diff(want, history(t, r, first, "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestForcePushIsFollowedAndReported(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		base := f.head("main")
		f.commit("wrong", files{"a.hcl": "wrong"})
		fetch(t, r)

		rewritten := f.commitTree("right", f.tree(files{"a.hcl": "right"}), base)
		f.point("main", rewritten)
		want := Fetched{Head: rewritten.String(), Changed: true, Rewritten: true}
		if got := fetch(t, r); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}

		f.point("main", base) // rewound: nothing new to copy
		want = Fetched{Head: base.String(), Changed: true, Rewritten: true}
		if got := fetch(t, r); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		unrelated := f.commitTree("anew", f.tree(files{"z.hcl": "new"}))
		f.point("main", unrelated)
		fetch(t, r)
		if diff := cmp.Diff([]string{"anew: z.hcl=new"}, history(t, r, base.String(), "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBranchDeletedAndRecreated(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		head := fetch(t, r).Head
		f.point("other", f.head("main"))
		must(t, f.store.RemoveReference(plumbing.NewBranchReferenceName("main")))

		got, err := r.Fetch(context.Background())
		if !errors.Is(err, ErrNoBranch) || !strings.Contains(err.Error(), "main (there is: other)") {
			t.Errorf("error is %v", err)
		}
		if got.Head != head || r.Head() != head {
			t.Errorf("the last head %s is lost: %+v, %s", head, got, r.Head())
		}
		if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
			t.Error(diff)
		}
		next := f.commit("again", files{"a.hcl": "again"})
		if got := fetch(t, r); got.Head != next || !got.Rewritten {
			t.Errorf("got %+v", got)
		}
	})
}

func TestEmptyRepositoryIsItsOwnError(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		must(t, f.store.RemoveReference(plumbing.NewBranchReferenceName("main")))
		_, err := r.Fetch(context.Background())
		if !errors.Is(err, ErrEmpty) || !strings.Contains(err.Error(), "push a first commit to branch main") {
			t.Errorf("error is %v", err)
		}
		f.commit("first", files{"a.hcl": "x"})
		if !fetch(t, r).Changed {
			t.Error("the first commit is not seen")
		}
	})
}

func TestRevertToAnOlderTree(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		fetch(t, r)
		bad := f.commit("bad", files{"README.md": "hello", "a.hcl": "bad"})
		fetch(t, r)
		f.commit("revert", files{"README.md": "hello", "a.hcl": "one"})
		fetch(t, r)
		if diff := cmp.Diff([]string{"revert: a.hcl=one"}, history(t, r, bad, "")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"begin: a.hcl=one", "bad: a.hcl=bad", "revert: a.hcl=one"},
			history(t, again(t, r), "", "")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBranchWithSlashesAndFolder(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		r.Branch, r.Path = "team/fleet", "/deploy/environments/"
		tree := f.tree(files{"deploy/environments/eu/a.hcl": "x", "deploy/other/b.hcl": "y", "c.hcl": "z"})
		f.commitOn("team/fleet", "nested", tree)
		fetch(t, r)
		if diff := cmp.Diff([]string{"nested: deploy/environments/eu/a.hcl=x"}, history(t, r, "", "")); diff != "" {
			t.Error(diff)
		}
		f.commitOn("team/fleet", "more", f.tree(files{"deploy/environments/eu/a.hcl": "x", "deploy/environments/b.hcl": "b"}))
		fetch(t, r)
		want := "more: deploy/environments/b.hcl=b deploy/environments/eu/a.hcl=x"
		if diff := cmp.Diff([]string{want}, history(t, again(t, r), "", "")[1:]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLastHeadSurvivesARestartWithoutTheRepository(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	r = again(t, r)
	must(t, os.RemoveAll(f.dir))

	got, err := r.Fetch(context.Background())
	if !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrDamaged) {
		t.Errorf("error is %v", err)
	}
	if got.Head != head || r.Head() != head {
		t.Errorf("got %+v, head %q, want %s", got, r.Head(), head)
	}
	if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestMirrorIsARepositoryThatGitCanRead(t *testing.T) {
	t.Parallel()
	needGit(t)
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	head := f.commit("next", files{"a.hcl": "two"})
	url, _ := serve(t, httpBackend(t, filepath.Dir(f.dir)))
	r := repository(t, url+"/fleet.git")
	fetch(t, r)
	f.commit("later", files{"a.hcl": "three"})
	fetch(t, r)
	mirror := filepath.Join(r.StateDir, "mirror")
	if got := git(t, mirror, "log", "--format=%s"); got != "later\nnext\nbegin" {
		t.Errorf("git log says %q", got)
	}
	git(t, mirror, "fsck", "--strict")
	if got := git(t, mirror, "rev-parse", "main~1"); got != head {
		t.Errorf("main~1 is %s, want %s", got, head)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*Repository{
		"no URL":         {StateDir: t.TempDir()},
		"no state":       {URL: "/srv/fleet.git"},
		"unknown scheme": {URL: "ftp://example.com/fleet.git", StateDir: t.TempDir()},
		"branch":         {URL: "/srv/fleet.git", StateDir: t.TempDir(), Branch: "../../etc"},
	} {
		if _, err := r.Fetch(context.Background()); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
