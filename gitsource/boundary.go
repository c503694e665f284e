package gitsource

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/durable"

	"moult/gitsource/fault"
)

// The boundary is the commits that the mirror has and whose parents it lacks:
// where a first look at a long history stopped, or where the repository itself
// does. It lies on disk where git keeps it, in the file "shallow"
// (gitrepository-layout(5)): one hash a line.
//
// A mirror never holds a commit that lacks something behind it and is not on
// the boundary, whenever it is killed: before the objects of a slice are in
// place, both its new boundary and the old one are on disk.

func (m *mirror) shallowFile() string { return filepath.Join(m.dir, "shallow") }

// readShallow reads the boundary. A commit on it that the mirror lacks was
// announced by a slice that a kill cut off.
func (m *mirror) readShallow() error {
	text, err := os.ReadFile(m.shallowFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		h, err := parseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return fmt.Errorf("read shallow: %w", err)
		}
		if m.has(h) {
			m.shallow[h] = true
		}
	}
	return nil
}

// storeBehind stores a pack. fill says which commits of it are on the boundary
// from then on, and filled are said to be on it no longer. Both may come from a
// server that errs or lies: only a commit that comes with the pack is put on the
// boundary, and only one whose parents are there is taken off it.
func (m *mirror) storeBehind(filled []plumbing.Hash, fill func(*os.File) (*idxfile.MemoryIndex, []plumbing.Hash, error)) error {
	var fresh []plumbing.Hash
	err := m.store(func(f *os.File) (*idxfile.MemoryIndex, error) {
		index, shallow, err := fill(f)
		if err != nil {
			return nil, err
		}
		fresh = slices.DeleteFunc(shallow, m.has)
		return index, m.announce(fresh)
	})
	if err != nil || len(fresh)+len(filled) == 0 {
		return err
	}
	open, err := m.stillOpen(filled)
	if err != nil {
		return err
	}
	m.moveBoundary(slices.DeleteFunc(fresh, func(h plumbing.Hash) bool { return !m.has(h) }), filled, open)
	if err := m.writeShallow(m.boundary()); err != nil {
		return err
	}
	if len(open) > 0 {
		return fault.New(ErrUnreachable, "it is tried again", "history goes on behind commit %s, and was not sent", open[0])
	}
	return nil
}

// announce writes down what the boundary may become, beside what it is. What a
// kill leaves of it is looked through when it is read again.
func (m *mirror) announce(commits []plumbing.Hash) error {
	if len(commits) == 0 {
		return nil
	}
	return m.writeShallow(slices.Concat(m.boundary(), commits))
}

// stillOpen are those commits on the boundary of which a parent is not there.
func (m *mirror) stillOpen(commits []plumbing.Hash) ([]plumbing.Hash, error) {
	var open []plumbing.Hash
	for _, h := range commits {
		if !m.onBoundary(h) {
			continue
		}
		s, err := m.readStep(h)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(s.parents(), func(p plumbing.Hash) bool { return !m.has(p) }) {
			open = append(open, h)
		}
	}
	return open, nil
}

func (m *mirror) onBoundary(h plumbing.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shallow[h]
}

// moveBoundary puts commits on the boundary, and takes others off but for some.
func (m *mirror) moveBoundary(on, off, but []plumbing.Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range off {
		if !slices.Contains(but, h) {
			delete(m.shallow, h)
		}
	}
	for _, h := range on {
		m.shallow[h] = true
	}
}

func (m *mirror) writeShallow(commits []plumbing.Hash) error {
	var text bytes.Buffer
	for _, h := range commits {
		fmt.Fprintln(&text, h)
	}
	var err error
	if text.Len() > 0 {
		err = durable.Replace(m.shallowFile(), text.Bytes(), 0o600)
	} else if err = os.Remove(m.shallowFile()); errors.Is(err, fs.ErrNotExist) {
		return nil // git takes an empty one for a shallow clone
	}
	if err != nil {
		return fmt.Errorf("write where history ends: %w", err)
	}
	return durable.SyncFolder(m.dir)
}

// boundary lists the commits whose parents are not there, sorted.
func (m *mirror) boundary() []plumbing.Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	var hashes []plumbing.Hash
	for h := range m.shallow {
		hashes = append(hashes, h)
	}
	slices.SortFunc(hashes, func(a, b plumbing.Hash) int { return bytes.Compare(a[:], b[:]) })
	return hashes
}

// partial reports whether more of the history can be had.
func (m *mirror) partial() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.shallow) > 0 && !m.floor
}
