package gitsource

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// noticed waits for signals until a fetch finds the commit.
func noticed(t *testing.T, r *Repository, wake <-chan struct{}, want string) {
	t.Helper()
	patience := time.After(20 * time.Second)
	for {
		select {
		case <-wake:
			if got, err := r.Fetch(context.Background()); err == nil && got.Head == want {
				return
			}
		case <-patience:
			t.Fatalf("commit %s was not noticed; the head is %q", want, r.Head())
		}
	}
}

func TestWatchNoticesCommitsOfGoGit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	wake := r.Watch(t.Context())
	fetch(t, r)
	noticed(t, r, wake, f.commit("next", files{"a.hcl": "two"}))
	noticed(t, r, wake, f.commit("last", files{"a.hcl": "three"}))
}

func TestWatchNoticesCommitsOfGit(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	r := repository(t, "file://"+dir)
	wake := r.Watch(t.Context())
	fetch(t, r)
	noticed(t, r, wake, commitFile(t, dir, "a.hcl", "two"))
	git(t, dir, "gc", "-q", "--prune=now") // the branch is in packed-refs now
	noticed(t, r, wake, commitFile(t, dir, "a.hcl", "three"))
	git(t, dir, "reset", "-q", "--hard", "HEAD~1")
	noticed(t, r, wake, git(t, dir, "rev-parse", "HEAD"))
}

func TestWatchNoticesAPush(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	bare := filepath.Join(t.TempDir(), "bare.git")
	git(t, t.TempDir(), "clone", "-q", "--bare", dir, bare)
	r := repository(t, bare)
	wake := r.Watch(t.Context())
	fetch(t, r)
	next := commitFile(t, dir, "a.hcl", "two")
	git(t, dir, "push", "-q", bare, "main")
	noticed(t, r, wake, next)
}

func TestWatchFollowsABranchWithSlashes(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	r := repository(t, dir)
	r.Branch = "team/eu/fleet"
	wake := r.Watch(t.Context())
	git(t, dir, "checkout", "-q", "-b", "team/eu/fleet")
	noticed(t, r, wake, git(t, dir, "rev-parse", "HEAD"))
	noticed(t, r, wake, commitFile(t, dir, "a.hcl", "two"))
	git(t, dir, "pack-refs", "--all") // removes refs/heads/team
	noticed(t, r, wake, commitFile(t, dir, "a.hcl", "three"))
}

func TestWatchFollowsALinkedWorkTree(t *testing.T) {
	t.Parallel()
	dir := workTree(t)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", "-b", "feature", linked)
	r := repository(t, linked)
	r.Branch = "feature"
	wake := r.Watch(t.Context())
	fetch(t, r)
	noticed(t, r, wake, commitFile(t, linked, "a.hcl", "two"))
}

func TestWatchSurvivesARepositoryThatComesAndGoes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	r := repository(t, dir)
	wake := r.Watch(t.Context())
	for _, text := range []string{"one", "two"} {
		git(t, t.TempDir(), "init", "-q", "-b", "main", dir)
		noticed(t, r, wake, commitFile(t, dir, "a.hcl", text))
		must(t, os.RemoveAll(dir))
	}
}

func TestWatchJoinsManyChangesAndIgnoresOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	w := &watch{
		notify: value[*fsnotify.Watcher](t)(fsnotify.NewWatcher()), path: f.dir, branch: "main",
		armed: map[string]bool{}, changed: make(chan struct{}, 1),
	}
	defer w.notify.Close()
	w.arm()
	for _, name := range []string{"COMMIT_EDITMSG", "index.lock", "refs/heads/main.lock", "refs/heads/other", "logs"} {
		w.see(fsnotify.Event{Name: filepath.Join(f.dir, name), Op: fsnotify.Write})
	}
	w.see(fsnotify.Event{Name: filepath.Join(f.dir, "refs/heads/main"), Op: fsnotify.Chmod})
	if len(w.changed) != 0 {
		t.Error("a change of something else gave a signal")
	}
	for range 5 {
		w.see(fsnotify.Event{Name: filepath.Join(f.dir, "refs/heads/main"), Op: fsnotify.Create})
		w.see(fsnotify.Event{Name: filepath.Join(f.dir, "packed-refs"), Op: fsnotify.Create})
	}
	if len(w.changed) != 1 {
		t.Errorf("ten changes gave %d signals", len(w.changed))
	}
}

func TestWatchOfAServerIsNil(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://example.com/fleet.git", "git@example.com:fleet.git", "nonsense://"} {
		if wake := (&Repository{URL: url}).Watch(t.Context()); wake != nil {
			t.Errorf("%s is watched", url)
		}
	}
}
