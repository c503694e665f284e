package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
)

// Ref is where the ledger lies in a repository. `git log --notes=moult` means
// this one.
const Ref = "refs/notes/moult"

// seenRef is where the store keeps what the remote's Ref was when it was last
// seen.
const seenRef = "refs/remotes/origin/notes/moult"

// errMoved: somebody moved the ref since it was read.
var errMoved = errors.New("ref has moved")

// ref is the commit that a ref names; zero when there is none. go-git takes an
// empty file for no ref, which would let the agent begin a second ledger.
func (r *repository) ref(name string) (plumbing.Hash, error) {
	text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil || bytes.HasPrefix(text, []byte("ref:")) {
		return r.resolve(name)
	}
	value := string(bytes.TrimSuffix(text, []byte("\n")))
	if !plumbing.IsHash(value) {
		return plumbing.ZeroHash, fmt.Errorf("%w: %s names nothing", errLost, name)
	}
	return plumbing.NewHash(value), nil
}

// resolve reads a ref that is packed or leads to another.
func (r *repository) resolve(name string) (plumbing.Hash, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stores) == 0 {
		return plumbing.ZeroHash, errClosed
	}
	ref, err := storer.ResolveReference(r.stores[0], plumbing.ReferenceName(name))
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return plumbing.ZeroHash, nil
	}
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("%w: read %s: %w", errLost, name, err)
	}
	return ref.Hash(), nil
}

// move is one ref to move.
type move struct {
	ref      string
	old, new plumbing.Hash // zero: not there
	// ours tells a commit that this agent made. A lock with such a commit in
	// it was left by its own crash.
	ours func(plumbing.Hash) bool
}

// moveRef moves a ref if it is still where it was, by git's own rules: who
// creates <ref>.lock may move it (gitrepository-layout(5)). Everything that
// the new commit needs is on disk before.
func (r *repository) moveRef(m move) error {
	path := filepath.Join(r.dir, filepath.FromSlash(m.ref))
	lock := path + ".lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("move %s: %w", m.ref, err)
	}
	if err := takeLock(lock, m); err != nil {
		return err
	}
	defer os.Remove(lock) // gone already when all went well
	now, err := r.ref(m.ref)
	if err != nil {
		return err
	}
	if now != m.old {
		return errMoved
	}
	if err := os.Rename(lock, path); err != nil {
		return fmt.Errorf("move %s: %w", m.ref, err)
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// takeLock creates the lock with the new value in it, in one step, so that it
// can be told afterwards whose it was.
func takeLock(lock string, m move) error {
	f, err := os.CreateTemp(filepath.Dir(lock), "*.lock") // no ref ends so, git looks past it
	if err != nil {
		return fmt.Errorf("lock %s: %w", m.ref, err)
	}
	value := f.Name()
	defer os.Remove(value)
	err = durable.Fill(f, func(w io.Writer) error {
		_, err := io.WriteString(w, m.new.String()+"\n")
		return errors.Join(err, f.Chmod(0o644))
	})
	if err != nil {
		return fmt.Errorf("lock %s: %w", m.ref, err)
	}
	err = os.Link(value, lock)
	if errors.Is(err, fs.ErrExist) && leftBehind(lock, m.ours) {
		if err = os.Remove(lock); err == nil || errors.Is(err, fs.ErrNotExist) {
			err = os.Link(value, lock)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return fault.New(ErrBusy, "if no git command is at work there, remove it", "%s exists", lock)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", m.ref, err)
	}
	return nil
}

func leftBehind(lock string, ours func(plumbing.Hash) bool) bool {
	text, err := os.ReadFile(lock)
	return err == nil && len(text) == hexLength+1 && plumbing.IsHash(string(text[:hexLength])) &&
		ours(plumbing.NewHash(string(text[:hexLength])))
}
