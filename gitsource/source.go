package gitsource

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"moult/gitsource/fault"
	"moult/gitsource/objects"
)

// mostAlternates is how many object stores one repository may borrow from.
const mostAlternates = 16

// source is a local repository, open for reading.
type source struct {
	refs    *filesystem.Storage
	folders []string // of objects: its own and those it borrows from
	store   *objects.Store
	reader  *objects.Reader
	shallow map[plumbing.Hash]bool
}

// openSource opens the repository at path: bare, a work tree, or a work tree
// that belongs to a repository elsewhere.
func openSource(path string, maxObject int64) (*source, error) {
	dir, err := gitDir(path)
	if err != nil {
		return nil, err
	}
	s := &source{
		refs:    filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault()), // which only reads refs
		shallow: map[plumbing.Hash]bool{},
	}
	if err := s.open(dir); err != nil {
		return nil, err
	}
	s.store = objects.OpenLate(s.folders...)
	s.reader = s.store.NewReader()
	s.reader.Most, s.reader.AtHand = maxObject, atHand
	return s, nil
}

func (s *source) close() { s.store.Close() }

// object is the content of an object, checked against its name.
func (s *source) object(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	found, content, err := s.reader.Object(h)
	if err != nil {
		return nil, tooLarge(err)
	}
	if err := verify(kind, h, found, content); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, h, err)
	}
	return content, nil
}

func (s *source) open(dir string) error {
	if exists(filepath.Join(dir, "reftable")) {
		return fault.New(fault.ErrUnsupported, "convert it: git refs migrate --ref-format=files", "refs in reftable format")
	}
	if err := s.checkFormat(dir); err != nil {
		return err
	}
	shallow, err := s.refs.Shallow()
	if err != nil {
		return fault.New(fault.ErrUnreachable, "check the repository with git fsck", "read shallow: %w", err)
	}
	for _, h := range shallow {
		s.shallow[h] = true
	}
	return s.borrow(filepath.Join(dir, "objects"), map[string]bool{})
}

// borrow adds the object store of a directory and those that its alternates
// name (gitrepository-layout(5)).
func (s *source) borrow(folder string, seen map[string]bool) error {
	if seen[folder] {
		return nil
	}
	seen[folder] = true
	if len(s.folders) >= mostAlternates {
		return fault.New(fault.ErrUnsupported, "repack it: git repack -a -d", "borrows objects from more than %d others", mostAlternates)
	}
	s.folders = append(s.folders, folder)
	others, err := alternates(folder)
	if err != nil {
		return err
	}
	for _, other := range others {
		if err := s.borrow(other, seen); err != nil {
			return err
		}
	}
	return nil
}

// alternates reads objects/info/alternates: one object directory a line,
// relative to objects.
func alternates(objects string) ([]string, error) {
	f, err := os.Open(filepath.Join(objects, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, denied(err)
	}
	defer f.Close()
	var dirs []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		if !exists(line) {
			return nil, fault.New(fault.ErrUnsupported, "repack it: git repack -a -d", "borrows objects from %s, which does not exist", line)
		}
		dirs = append(dirs, filepath.Clean(line))
	}
	return dirs, lines.Err()
}

// checkFormat refuses SHA-256 object names.
func (s *source) checkFormat(dir string) error {
	f, err := os.Open(filepath.Join(dir, "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return denied(err)
	}
	defer f.Close()
	settings := config.New()
	if err := config.NewDecoder(f).Decode(settings); err != nil {
		return fault.New(fault.ErrUnreachable, "correct the repository's config file", "%w", err)
	}
	format := settings.Section("extensions").Option("objectformat")
	if format != "" && !strings.EqualFold(format, "sha1") {
		return fault.New(fault.ErrUnsupported, "use a repository with SHA-1 object names, git's default", "object format %s", fault.Plain(format, 20))
	}
	return nil
}

// gitDir finds the directory with the objects and the branches.
func gitDir(path string) (string, error) {
	if !exists(path) {
		return "", fault.New(fault.ErrUnreachable, "check the path", "%s does not exist", path)
	}
	inside := filepath.Join(path, ".git")
	info, err := os.Stat(inside)
	switch {
	case err == nil && info.IsDir():
		return repositoryAt(inside)
	case err == nil:
		return linked(inside)
	}
	return repositoryAt(path)
}

// repositoryAt checks that dir is a repository. A linked work tree has its
// branches and objects in a common directory.
func repositoryAt(dir string) (string, error) {
	if text, err := os.ReadFile(filepath.Join(dir, "commondir")); err == nil {
		dir = relativeTo(dir, strings.TrimSpace(string(text)))
	}
	info, err := os.Stat(filepath.Join(dir, "objects"))
	if errors.Is(err, fs.ErrPermission) {
		return "", denied(err)
	}
	if err != nil || !info.IsDir() || !exists(filepath.Join(dir, "HEAD")) {
		return "", fault.New(fault.ErrNotFound, "check the path, or make one there: git init", "%s is not a git repository", dir)
	}
	return dir, nil
}

// linked follows a .git file: "gitdir: <path>" (gitrepository-layout(5)).
func linked(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", denied(err)
	}
	to, ok := strings.CutPrefix(string(text), "gitdir: ")
	if !ok {
		return "", fault.New(fault.ErrNotFound, "check the path", "%s does not lead to a git repository", file)
	}
	return repositoryAt(relativeTo(filepath.Dir(file), strings.TrimRight(to, "\r\n")))
}

func relativeTo(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func denied(err error) error {
	return fault.New(fault.ErrDenied, "let the agent's user read the repository", "%w", err)
}
