package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
)

// The store is the agent's own copy of the ledger: a bare repository, in which
// `git log refs/notes/moult` shows the chain. Entries are safe once they are in it; the remote
// gets them when it can be reached and lets the agent write.

// storeFiles make a folder a repository for git.
var storeFiles = map[string]string{
	"config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
	"HEAD":   "ref: refs/heads/main\n",
}

// openStore opens the store in dir, and makes it when there is none. Whatever
// a crash left half-made is made or cleared away.
func openStore(dir string) (*repository, error) {
	for _, folder := range []string{"objects/pack", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, storeTrouble(err)
		}
	}
	for name, content := range storeFiles {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := durable.Replace(path, []byte(content), 0o644); err != nil {
			return nil, storeTrouble(err)
		}
	}
	clearLocks(dir)
	return openRepository(dir)
}

// clearLocks removes the locks of refs that a crash left: nobody holds one who
// does not hold the lock of the store.
func clearLocks(dir string) {
	for _, pattern := range []string{"refs/notes/*.lock", "refs/remotes/origin/notes/*.lock"} {
		left, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well-formed
		for _, path := range left {
			os.Remove(path) // what stays does no harm
		}
	}
}

func storeTrouble(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(ErrDenied, "let the agent's user write there", "open store of the ledger: %w", err)
	}
	return fmt.Errorf("open store of the ledger: %w", err)
}

// change runs f on the store while nobody else writes it, in this process or
// another. A store that turns out to be damaged is put aside and made again,
// and f runs on the new one. ctx bounds the wait, not f.
func (l *Ledger) change(ctx context.Context, f func(*repository) error) error {
	hold, err := lock(l.Dir+".lock", func(path string) (*durable.Hold, error) { return durable.Lock(ctx, path) })
	if errors.Is(err, durable.ErrLocked) {
		return fault.New(ErrBusy, "it is tried again; if another moult was stopped there, let it go on or end it", "another moult keeps %s.lock", l.Dir)
	}
	if err != nil {
		return err
	}
	defer hold.Release()
	l.mu.Lock() // after the other lock, which ctx bounds
	defer l.mu.Unlock()
	if l.store == nil {
		if err = l.open(); err != nil && !errors.Is(err, errLost) {
			return err
		}
	}
	if err == nil {
		err = f(l.store)
	}
	if !errors.Is(err, errLost) {
		return err
	}
	if err := l.rebuild(err); err != nil {
		return err
	}
	return f(l.store)
}

// lock takes a lock, which is a file beside the store.
func lock(path string, take func(string) (*durable.Hold, error)) (*durable.Hold, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, storeTrouble(err)
	}
	hold, err := take(path)
	if err != nil && !errors.Is(err, durable.ErrLocked) {
		return nil, storeTrouble(err)
	}
	return hold, err
}

// asItIs leaves a line as somebody wrote it.
func asItIs(l line) (line, error) { return l, nil }

// forget drops what is remembered of the store's content.
func (l *Ledger) forget() { l.told, l.started, l.moves = nil, nil, nil }

// moveOwn moves a ref of the store. It is called under the lock of the store,
// so a lock of git's kind can only be one that a crash left.
func moveOwn(store *repository, name string, to plumbing.Hash) error {
	now, err := store.ref(name)
	if err != nil || now == to {
		return err
	}
	return store.moveRef(move{ref: name, old: now, new: to, ours: func(plumbing.Hash) bool { return true }})
}

// dropOwn takes a ref of the store away.
func dropOwn(store *repository, name string) error {
	path := filepath.Join(store.dir, filepath.FromSlash(name))
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop %s: %w", name, err)
	}
	return durable.SyncFolder(filepath.Dir(path))
}
