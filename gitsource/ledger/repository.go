package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"moult/gitsource/fault"
)

// repository is a git repository on disk: the agent's own store, one that a
// person cloned, or one to push to. It is read through go-git, which is not
// safe for concurrent use, and written by this package.
type repository struct {
	dir string // with objects and refs in it

	mu      sync.Mutex
	stores  []*filesystem.Storage // its own objects, and those that it borrows
	shallow map[plumbing.Hash]bool
}

// cacheBytes is how much unpacked content is kept in memory.
const cacheBytes = 8 * cache.MiByte

// openRepository opens a bare repository, a clone with a work tree, or a work
// tree that belongs to a repository elsewhere.
func openRepository(path string) (*repository, error) {
	dir, err := gitDir(path)
	if err != nil {
		return nil, err
	}
	r := &repository{dir: dir}
	if err := r.reopen(); err != nil {
		return nil, err
	}
	return r, nil
}

// reopen looks at the disk afresh, where somebody may have packed or fetched.
func (r *repository) reopen() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeStores()
	if err := checkFormat(r.dir); err != nil {
		return err
	}
	for _, dir := range append([]string{r.dir}, alternates(r.dir)...) {
		options := filesystem.Options{KeepDescriptors: true}
		store := filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRU(cacheBytes), options)
		r.stores = append(r.stores, store)
	}
	shallow, err := r.stores[0].Shallow()
	if err != nil {
		return fmt.Errorf("read shallow: %w", err)
	}
	r.shallow = make(map[plumbing.Hash]bool, len(shallow))
	for _, h := range shallow {
		r.shallow[h] = true
	}
	return nil
}

func (r *repository) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeStores()
}

func (r *repository) closeStores() {
	for _, s := range r.stores {
		s.Close()
	}
	r.stores = nil
}

// errClosed is damage to those who still hold a store that was made again.
var errClosed = fmt.Errorf("%w: it is closed", errLost)

// has reports whether an object is there.
func (r *repository) has(h plumbing.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.storeOf(h) != nil
}

func (r *repository) storeOf(h plumbing.Hash) *filesystem.Storage {
	for _, s := range r.stores {
		if s.HasEncodedObject(h) == nil {
			return s
		}
	}
	return nil
}

// errLost: an object that must be there is not, or is not what its name says.
var errLost = errors.New("repository is damaged")

// object is the content of an object, checked against its name.
func (r *repository) object(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	content, err := r.glance(kind, h)
	if err != nil {
		return nil, err
	}
	if got := plumbing.ComputeHash(kind, content); got != h {
		return nil, fmt.Errorf("%w: %s %s is not what its name says", errLost, kind, h)
	}
	return content, nil
}

// glance is object without the check.
func (r *repository) glance(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stores {
		content, err := contentOf(s, kind, h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: read %s %s: %w", errLost, kind, h, err)
		}
		return content, nil
	}
	return nil, fmt.Errorf("%w: %s %s is missing", errLost, kind, h)
}

func contentOf(s *filesystem.Storage, kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	o, err := s.EncodedObject(kind, h)
	if err != nil {
		return nil, err
	}
	reader, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	content := make([]byte, o.Size())
	_, err = io.ReadFull(reader, content)
	return content, err
}

// tree makes a repository trees.
func (r *repository) tree(h plumbing.Hash) ([]leaf, error) {
	content, err := r.object(plumbing.TreeObject, h)
	if err != nil {
		return nil, err
	}
	leaves, err := parseTree(content)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", h, err)
	}
	return leaves, nil
}

// commit reads a commit.
func (r *repository) commit(h plumbing.Hash) (*object.Commit, error) {
	content, err := r.object(plumbing.CommitObject, h)
	if err != nil {
		return nil, err
	}
	return decodeCommit(h, content)
}

func decodeCommit(h plumbing.Hash, content []byte) (*object.Commit, error) {
	var o plumbing.MemoryObject
	o.SetType(plumbing.CommitObject)
	o.Write(content) // never fails: it appends
	commit, err := object.DecodeCommit(nil, &o)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", h, err)
	}
	return commit, nil
}

// treeOf is the tree of a commit; zero of no commit.
func (r *repository) treeOf(commit plumbing.Hash) (plumbing.Hash, error) {
	if commit.IsZero() {
		return plumbing.ZeroHash, nil
	}
	c, err := r.commit(commit)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return c.TreeHash, nil
}

// note reads the note of one commit from a tree of notes, and where it lies.
func (r *repository) note(tree, commit plumbing.Hash) (note, []leaf, error) {
	return noteIn(r, tree, commit)
}

// noteIn reads the note of one commit from a tree of notes, and where it lies.
// Where git finds two files for one commit, it reads them as one.
func noteIn(from interface {
	trees
	object(plumbing.ObjectType, plumbing.Hash) ([]byte, error)
}, tree, commit plumbing.Hash) (note, []leaf, error) {
	found, err := lookUp(from, tree, commit)
	if err != nil {
		return note{}, nil, err
	}
	var n note
	for _, l := range found {
		content, err := from.object(plumbing.BlobObject, l.hash)
		if err != nil {
			return note{}, nil, err
		}
		n = mergeNotes(note{}, n, parseNote(content))
	}
	return n, found, nil
}

// gitDir finds the directory with the objects and the refs.
func gitDir(path string) (string, error) {
	inside := filepath.Join(path, ".git")
	info, err := os.Stat(inside)
	switch {
	case err == nil && info.IsDir():
		path = inside
	case err == nil:
		if path, err = linked(inside); err != nil {
			return "", err
		}
	}
	if text, err := os.ReadFile(filepath.Join(path, "commondir")); err == nil {
		path = relativeTo(path, strings.TrimSpace(string(text)))
	}
	if info, err := os.Stat(filepath.Join(path, "objects")); err != nil || !info.IsDir() {
		return "", fault.New(ErrNotFound, "check the path", "%s is not a git repository", path)
	}
	return filepath.Abs(path)
}

// linked follows a .git file: "gitdir: <path>" (gitrepository-layout(5)).
func linked(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(string(text), "gitdir: ")
	if !ok {
		return "", fault.New(ErrNotFound, "check the path", "%s does not lead to a git repository", file)
	}
	return relativeTo(filepath.Dir(file), strings.TrimRight(to, "\r\n")), nil
}

func relativeTo(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// alternates are the repositories that one borrows objects from. go-git would
// open them anew for each object, so they are opened here. What cannot be read
// is left out, and found missing when it is needed.
func alternates(dir string) []string {
	objects := filepath.Join(dir, "objects")
	f, err := os.Open(filepath.Join(objects, "info", "alternates"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var dirs []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); filepath.Base(line) == "objects" {
			dirs = append(dirs, filepath.Dir(relativeTo(objects, line)))
		}
	}
	return dirs
}

// checkFormat refuses what go-git would read wrongly.
func checkFormat(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "reftable")); err == nil {
		return fault.New(ErrUnsupported, "convert it: git refs migrate --ref-format=files", "refs in reftable format")
	}
	settings, err := readConfig(dir)
	if err != nil {
		return err
	}
	if format := settings.Section("extensions").Option("objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fault.New(ErrUnsupported, "use a repository with SHA-1 object names, git's default", "object format %s", fault.Plain(format, 20))
	}
	return nil
}

func readConfig(dir string) (*config.Config, error) {
	settings := config.New()
	f, err := os.Open(filepath.Join(dir, "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := config.NewDecoder(f).Decode(settings); err != nil {
		return nil, fmt.Errorf("read config of %s: %w", dir, err)
	}
	return settings, nil
}
