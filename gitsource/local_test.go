package gitsource

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// workTree makes a repository with a work tree by the git command.
func workTree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "work")
	git(t, t.TempDir(), "init", "-q", "-b", "main", dir)
	commitFile(t, dir, "a.hcl", "one")
	return dir
}

func commitFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	git(t, dir, "add", name)
	git(t, dir, "commit", "-q", "-m", "set "+name)
	return git(t, dir, "rev-parse", "HEAD")
}

func wantHistory(t *testing.T, r *Repository, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestLocalWorkTree(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	r := repository(t, dir)
	fetch(t, r)
	commitFile(t, dir, "env/b.hcl", "two")
	must(t, os.WriteFile(filepath.Join(dir, "c.hcl"), []byte("not committed"), 0o600))
	fetch(t, r)
	wantHistory(t, r, "set a.hcl: a.hcl=one", "set env/b.hcl: a.hcl=one env/b.hcl=two")
}

func TestLocalLinkedWorkTree(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", "-b", "feature", linked)
	r := repository(t, linked)
	r.Branch = "feature"
	fetch(t, r)
	commitFile(t, linked, "b.hcl", "two")
	fetch(t, r)
	wantHistory(t, r, "set a.hcl: a.hcl=one", "set b.hcl: a.hcl=one b.hcl=two")
}

func TestLocalAfterGarbageCollection(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	r := repository(t, dir)
	fetch(t, r)
	want := []string{"set a.hcl: a.hcl=one"}
	for i := range 3 {
		text := strings.Repeat("line\n", 100) + fmt.Sprint(i)
		commitFile(t, dir, "a.hcl", text)
		want = append(want, "set a.hcl: a.hcl="+text)
	}
	git(t, dir, "gc", "-q", "--prune=now") // packs with deltas, packed refs, no refs/heads/main
	fetch(t, r)
	wantHistory(t, r, want...)
}

func TestLocalThatBorrowsObjects(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	shared := filepath.Join(t.TempDir(), "shared.git")
	git(t, t.TempDir(), "clone", "-q", "--bare", "--shared", dir, shared)
	r := repository(t, shared)
	fetch(t, r)
	wantHistory(t, r, "set a.hcl: a.hcl=one")

	must(t, r.Close())
	r = repository(t, shared)
	must(t, os.WriteFile(filepath.Join(shared, "objects/info/alternates"), []byte("/nowhere/objects\n"), 0o600))
	refused(t, r, ErrUnsupported, "borrows objects from /nowhere/objects, which does not exist")
}

func TestLocalShallowClone(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	commitFile(t, dir, "a.hcl", "two")
	commitFile(t, dir, "a.hcl", "three")
	shallow := filepath.Join(t.TempDir(), "shallow.git")
	git(t, t.TempDir(), "clone", "-q", "--bare", "--depth=2", "file://"+dir, shallow)
	want := []string{"set a.hcl: a.hcl=two", "set a.hcl: a.hcl=three"}

	r := repository(t, shallow)
	fetch(t, r)
	wantHistory(t, r, want...)
	wantHistory(t, again(t, r), want...)

	for name, h := range map[string]bool{"version 2": false, "version 0": true} {
		t.Run(name, func(t *testing.T) {
			handler := httpBackend(t, filepath.Dir(shallow))
			if h {
				handler = oldServer(handler)
			}
			url, _ := serve(t, handler)
			r := repository(t, url+"/shallow.git")
			fetch(t, r)
			wantHistory(t, r, want...)
			wantHistory(t, again(t, r), want...)
		})
	}
}

// TestLocalCopiesOnlyWhatCounts: a repository may hold much else.
func TestLocalCopiesOnlyWhatCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"deploy/a.hcl": "one", "deploy/big.iso": strings.Repeat("x", 1000), "src/c.hcl": "three"})
	r := repository(t, f.dir)
	r.Path = "deploy"
	fetch(t, r)
	m := r.open.mirror
	for text, want := range map[string]bool{"one": true, strings.Repeat("x", 1000): false, "three": false} {
		if got := m.has(f.blob(text)); got != want {
			t.Errorf("mirror has %.10q: %v", text, got)
		}
	}
}

// TestSameFolderInTwoPlaces: a folder that was copied for one place, with
// part of what is below it, later lies where all of it counts.
func TestSameFolderInTwoPlaces(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	inner := files{"deploy/a.hcl": "one", "lib/b.hcl": "two"}
	f.commit("begin", inner)
	r := repository(t, f.dir)
	r.Path = "deploy"
	fetch(t, r)
	f.commit("copy", files{"deploy/a.hcl": "one", "deploy/old/deploy/a.hcl": "one", "deploy/old/lib/b.hcl": "two"})
	fetch(t, r)
	wantHistory(t, r, "begin: deploy/a.hcl=one",
		"copy: deploy/a.hcl=one deploy/old/deploy/a.hcl=one deploy/old/lib/b.hcl=two")
}

func TestLocalErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	refused(t, repository(t, filepath.Join(empty, "none")), ErrUnreachable, "does not exist; check the path")
	refused(t, repository(t, empty), ErrNotFound, "is not a git repository; check the path, or make one there: git init")
	refused(t, repository(t, file), ErrNotFound, "is not a git repository")

	broken := newFixture(t)
	broken.commit("begin", files{"a.hcl": "one"})
	head := broken.head("main").String()
	must(t, os.Remove(filepath.Join(broken.dir, "objects", head[:2], head[2:])))
	refused(t, repository(t, broken.dir), ErrUnreachable, "check the repository with git fsck")
	must(t, os.WriteFile(filepath.Join(broken.dir, "shallow"), []byte(strings.Repeat("a", 40)+"\n"), 0o600))
	refused(t, repository(t, broken.dir), ErrUnreachable, "is a shallow clone; let the agent have the whole history (git fetch --unshallow)")

	tables := newFixture(t)
	must(t, os.Mkdir(filepath.Join(tables.dir, "reftable"), 0o700))
	refused(t, repository(t, tables.dir), ErrUnsupported, "reftable")

	strange := t.TempDir()
	must(t, os.WriteFile(filepath.Join(strange, ".git"), []byte("gitdir: ../gone\n"), 0o600))
	refused(t, repository(t, strange), ErrNotFound, "gone is not a git repository")
}

func TestBranchFoundEmptyForAMomentIsReadAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	ref := filepath.Join(f.dir, "refs", "heads", "main")
	must(t, os.Truncate(ref, 0))
	written := make(chan error)
	go func() { written <- os.WriteFile(ref, []byte(head+"\n"), 0o600) }()
	r := repository(t, f.dir)
	if got := fetch(t, r); got.Head != head {
		t.Errorf("got %+v", got)
	}
	must(t, <-written)
	must(t, os.Truncate(ref, 0))
	refused(t, r, ErrUnreachable, "check the repository with git fsck")
}

// TestFirstCopyOfARevert: the head has the tree of an old commit, and what that
// commit brought in must come along all the same.
func TestFirstCopyOfARevert(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	f.commit("add", files{"a.hcl": "one", "b.hcl": "two", "c/d.hcl": "three"})
	f.commit("change", files{"a.hcl": "four", "b.hcl": "two", "c/d.hcl": "three"})
	f.commit("revert", files{"a.hcl": "one", "b.hcl": "two", "c/d.hcl": "three"})
	r := repository(t, f.dir)
	fetch(t, r)
	if got := history(t, r, "", ""); len(got) != 4 || got[3] != "revert: a.hcl=one b.hcl=two c/d.hcl=three" {
		t.Errorf("history is %q", got)
	}
}
