package gitsource

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/wire"
)

// Watch returns a channel that gets a value when a Fetch may bring what the last
// one did not: when a local repository may have new commits on the branch, and
// when a file has changed that Access names, for a repository on a server. Many
// changes at once make one value; a value may come without news. Nothing is
// lost between the call of Watch and the first Fetch after it. It ends with ctx;
// the channel is never closed.
//
// Where there is nothing to watch the channel is nil, which never gets a value.
// So it is, with a warning in the log, where the system cannot watch (on Linux
// fs.inotify.max_user_instances limits it); polling goes on in any case.
func (r *Repository) Watch(ctx context.Context) <-chan struct{} {
	at, err := wire.ParseLocation(r.URL)
	var wake <-chan struct{}
	switch files := r.Access.Files(); {
	case err != nil:
		return nil
	case at.Local():
		wake, err = watchBranch(ctx, at.Path, r.branch())
	case len(files) > 0:
		wake, err = watchFiles(ctx, files)
	}
	if err != nil {
		r.log().Warn("repository not watched", "repository", r.String(), "reason", err.Error())
	}
	return wake
}

func watchBranch(ctx context.Context, path, branch string) (<-chan struct{}, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watch{
		notify: notify, path: path, branch: branch,
		armed: map[string]bool{}, changed: make(chan struct{}, 1),
	}
	w.arm()
	go w.run(ctx)
	return w.changed, nil
}

// watch follows the directories in which git writes a branch. They come and
// go: git removes empty ones, and people remove repositories.
type watch struct {
	notify  *fsnotify.Watcher
	path    string
	branch  string
	changed chan struct{}
	armed   map[string]bool // directories that are watched
	matter  map[string]bool // files and directories whose changes count
}

func (w *watch) run(ctx context.Context) {
	defer w.notify.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			w.see(event)
		case _, ok := <-w.notify.Errors: // events were lost
			if !ok {
				return
			}
			w.arm()
			signal(w.changed)
		}
	}
}

// see takes one event. A directory that has just come may hold news already.
func (w *watch) see(event fsnotify.Event) {
	if event.Op == fsnotify.Chmod || !w.matter[event.Name] {
		return
	}
	if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) {
		delete(w.armed, event.Name) // the system has ended that watch
	}
	w.arm()
	signal(w.changed)
}

// signal says that something has changed.
func signal(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default: // one is waiting
	}
}

// arm watches those directories on the way to the branch that exist now.
func (w *watch) arm() {
	dirs, files := w.places()
	w.matter = map[string]bool{}
	for _, file := range files {
		w.matter[file] = true
	}
	for _, dir := range dirs {
		w.matter[dir] = true
	}
	for _, dir := range dirs {
		if !w.armed[dir] {
			w.armed[dir] = w.notify.Add(dir) == nil
		}
	}
}

// places are the directories from the one that holds the repository down to
// the one that holds the branch, and the files that say where the branch is.
func (w *watch) places() (dirs, files []string) {
	dirs = ancestors(w.path)
	git, err := gitDir(w.path)
	if err != nil { // not there, or not yet
		inside := filepath.Join(w.path, ".git")
		for _, dir := range []string{w.path, inside} {
			dirs = append(dirs, dir)
			files = append(files, filepath.Join(dir, "HEAD"), filepath.Join(dir, "objects"))
		}
		return dirs, files
	}
	ref := filepath.Join(git, filepath.FromSlash(plumbing.NewBranchReferenceName(w.branch).String()))
	dirs = append(dirs, w.path, git)
	below := git
	rest, _ := filepath.Rel(git, filepath.Dir(ref))
	for _, name := range strings.Split(rest, string(filepath.Separator)) {
		below = filepath.Join(below, name)
		dirs = append(dirs, below)
	}
	return dirs, []string{ref, filepath.Join(git, "packed-refs")}
}

// ancestors are the directories above a repository that is not there: the
// nearest that exists says when the next comes. Those above one that is there
// do not matter, except for the nearest, which says when it goes.
func ancestors(path string) []string {
	dirs := []string{filepath.Dir(path)}
	for !exists(dirs[0]) && filepath.Dir(dirs[0]) != dirs[0] {
		dirs = append([]string{filepath.Dir(dirs[0])}, dirs...)
	}
	return dirs
}
