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

// storeBehind stores a pack whose commits fill adds to the boundary, and takes
// others off it afterwards.
func (m *mirror) storeBehind(filled []plumbing.Hash, fill func(*os.File) (*idxfile.MemoryIndex, []plumbing.Hash, error)) error {
	err := m.store(func(f *os.File) (*idxfile.MemoryIndex, error) {
		index, shallow, err := fill(f)
		if err != nil {
			return nil, err
		}
		return index, m.moveBoundary(shallow, true)
	})
	if err != nil {
		return err
	}
	return m.moveBoundary(filled, false)
}

// moveBoundary puts commits on the boundary, or takes them off.
func (m *mirror) moveBoundary(commits []plumbing.Hash, on bool) error {
	m.mu.Lock()
	moved := false
	for _, h := range commits {
		if m.shallow[h] == on {
			continue
		}
		moved = true
		delete(m.steps, h)
		if on {
			m.shallow[h] = true
		} else {
			delete(m.shallow, h)
		}
	}
	m.mu.Unlock()
	if !moved {
		return nil
	}
	if err := m.writeShallow(); err != nil {
		return fmt.Errorf("write where history ends: %w", err)
	}
	return nil
}

func (m *mirror) writeShallow() error {
	var text bytes.Buffer
	for _, h := range m.boundary() {
		fmt.Fprintln(&text, h)
	}
	if text.Len() > 0 {
		return durable.Replace(m.shallowFile(), text.Bytes(), 0o600)
	}
	err := os.Remove(m.shallowFile()) // git takes an empty one for a shallow clone
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
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

// partialAt reports whether there is more behind a commit than is there yet.
func (m *mirror) partialAt(h plumbing.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shallow[h] && !m.floor
}
