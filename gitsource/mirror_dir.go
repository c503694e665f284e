package gitsource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
)

// identity says what a mirror is a copy of. A mirror of something else, or
// from another version of this layout, is thrown away.
type identity struct {
	Layout int    `json:"layout"`
	URL    string `json:"url"` // without secrets
	Branch string `json:"branch"`
	Path   string `json:"path"` // a mirror of a local repository holds this folder only
}

const (
	layout       = 1
	identityFile = "moult.json"
)

// errOther: what is on disk is a mirror of something else.
var errOther = errors.New("mirror is of another repository, branch or path")

// errNoMirror: there is nothing on disk yet.
var errNoMirror = errors.New("no mirror yet")

// createMirror makes an empty mirror in dir, which must not exist. It is a
// bare repository that the git command can read.
func createMirror(dir string, id identity, limits Limits) (*mirror, error) {
	m := newMirror(dir, id, limits)
	for _, sub := range []string{m.packDir(), filepath.Join(dir, "refs")} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("create mirror: %w", err)
		}
	}
	text, err := json.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("create mirror: %w", err)
	}
	files := map[string]string{
		identityFile: string(text) + "\n",
		"config":     "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
		"HEAD":       "ref: refs/heads/" + id.Branch + "\n",
	}
	for name, content := range files {
		if err := durable.Replace(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("create mirror: %w", err)
		}
	}
	return m, nil
}

// openMirror opens the mirror in dir as it was left. errNoMirror when there
// is none; any other error means that it is of no use.
func openMirror(dir string, id identity, limits Limits) (*mirror, error) {
	text, err := os.ReadFile(filepath.Join(dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) && !exists(dir) {
		return nil, errNoMirror
	}
	if err != nil {
		return nil, err
	}
	var found identity
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("read %s: %w", identityFile, err)
	}
	if found != id {
		return nil, errOther
	}
	m := newMirror(dir, id, limits)
	if err := m.load(); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (m *mirror) load() error {
	names, err := packNames(m.packDir())
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := m.adopt(name); err != nil {
			return err
		}
	}
	if err := m.readShallow(); err != nil {
		return err
	}
	m.head, err = m.readHead()
	return err
}

func (m *mirror) refFile() string {
	return filepath.Join(m.dir, "refs", "heads", filepath.FromSlash(m.id.Branch))
}

func (m *mirror) readHead() (plumbing.Hash, error) {
	text, err := os.ReadFile(m.refFile())
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return parseHash(strings.TrimSuffix(string(text), "\n"))
}

// advance moves the branch to a commit whose objects are all there. The
// rename of the ref is the moment at which it counts.
func (m *mirror) advance(head plumbing.Hash) error {
	if err := os.MkdirAll(filepath.Dir(m.refFile()), 0o700); err != nil {
		return fmt.Errorf("advance mirror: %w", err)
	}
	if err := durable.Replace(m.refFile(), []byte(head.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("advance mirror: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.head = head
	return nil
}

// parseHash reads a full SHA-1 name.
func parseHash(text string) (plumbing.Hash, error) {
	if !plumbing.IsHash(text) {
		return plumbing.ZeroHash, fmt.Errorf("%q is not an object name", fault.Plain(text, 64))
	}
	return plumbing.NewHash(text), nil
}
