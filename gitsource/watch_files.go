package gitsource

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// fileWatch tells when the content of files changes: of those that prove who
// asks, so that a new token is tried at once and not at the next poll. It
// watches their directories: editors, systemd and Kubernetes put a new file, a
// new link or a new directory in the place of the old, and a watch on the file
// itself would stay with the old.
type fileWatch struct {
	notify  *fsnotify.Watcher
	files   []string
	changed chan struct{}
	seen    map[string][sha256.Size]byte // of the content of each; none where it cannot be read
}

// watchFiles returns a channel that gets a value when one of the files may have
// changed, until ctx ends.
func watchFiles(ctx context.Context, files []string) (<-chan struct{}, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &fileWatch{notify: notify, files: files, changed: make(chan struct{}, 1)}
	w.look()
	go w.run(ctx)
	return w.changed, nil
}

func (w *fileWatch) run(ctx context.Context) {
	defer w.notify.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-w.notify.Events:
			if !ok {
				return
			}
		case _, ok := <-w.notify.Errors: // events were lost
			if !ok {
				return
			}
		}
		if w.look() {
			signal(w.changed)
		}
	}
}

// look watches the directories in which the files are now, reads the files, and
// reports whether one is not what it was. The directories come first: what
// changes after the reading makes an event.
func (w *fileWatch) look() (changed bool) {
	for _, file := range w.files {
		for _, dir := range placesOf(file) {
			_ = w.notify.Add(dir) // again does no harm; one that is not there makes an event when it comes
		}
	}
	now := map[string][sha256.Size]byte{}
	for _, file := range w.files {
		if text, err := os.ReadFile(file); err == nil {
			now[file] = sha256.Sum256(text)
		}
		changed = changed || now[file] != w.seen[file]
	}
	w.seen = now
	return changed
}

// placesOf are the directories in which something happens when a file becomes
// another: its own, those on the way to it that are not there yet, that of each
// link on the way, and the last link's target.
func placesOf(file string) []string {
	dirs := append(ancestors(file), filepath.Dir(filepath.Dir(file)))
	for at, left := file, 10; left > 0; left-- {
		to, err := os.Readlink(at)
		if err != nil {
			break
		}
		at = relativeTo(filepath.Dir(at), to)
		dirs = append(dirs, ancestors(at)...)
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		dirs = append(dirs, filepath.Dir(real))
	}
	return dirs
}
