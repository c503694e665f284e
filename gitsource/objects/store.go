package objects

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

var (
	// ErrMalformed: a pack, its index or an object is not what git writes.
	ErrMalformed = errors.New("object store is malformed")
	// ErrTooLarge: an object is larger than MostBytes.
	ErrTooLarge = errors.New("object is too large")
)

// MostBytes is the largest object that is read.
const MostBytes = 32 << 20

// Store is the objects of a repository. It may be used by several goroutines.
type Store struct {
	folders []string
	packs   []*pack
}

// pack is one pack file and its index.
type pack struct {
	place int // in Store.packs
	name  string
	file  *os.File
	size  int64
	index index
}

// Open opens object directories: a repository's own, and those that it borrows
// from. A pack whose index cannot be read is an error.
func Open(folders ...string) (*Store, error) {
	s := &Store{folders: folders}
	for _, folder := range folders {
		indexes, err := filepath.Glob(filepath.Join(escaped(folder), "pack", "*.idx"))
		if err == nil {
			err = s.open(indexes)
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// escaped is a path in which a Glob finds no pattern.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (s *Store) open(indexes []string) error {
	for _, path := range indexes {
		p, err := openPack(strings.TrimSuffix(path, ".idx"))
		if errors.Is(err, os.ErrNotExist) {
			continue // packed anew meanwhile, or still on its way
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		p.place = len(s.packs)
		s.packs = append(s.packs, p)
	}
	return nil
}

func openPack(path string) (*pack, error) {
	index, err := readIndex(path + ".idx")
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path + ".pack")
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &pack{name: path, file: f, size: info.Size(), index: index}, nil
}

// Close gives the files back.
func (s *Store) Close() error {
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.file.Close())
	}
	s.packs = nil
	return errors.Join(errs...)
}

// find is the pack that holds an object, and where.
func (s *Store) find(h plumbing.Hash) (*pack, int64, bool) {
	for _, p := range s.packs {
		if offset, ok := p.index.find(h); ok {
			return p, offset, true
		}
	}
	return nil, 0, false
}

// Sort brings values into the order in which the objects that they name lie on
// disk, so that they are read fastest one after the other; loose ones first.
func Sort[T any](s *Store, values []T, name func(T) plumbing.Hash) {
	type placed struct {
		value  T
		pack   int
		offset int64
	}
	all := make([]placed, len(values))
	for i, v := range values {
		all[i] = placed{value: v, pack: -1}
		if p, offset, ok := s.find(name(v)); ok {
			all[i].pack, all[i].offset = p.place, offset
		}
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.pack, b.pack), cmp.Compare(a.offset, b.offset))
	})
	for i, p := range all {
		values[i] = p.value
	}
}

func looseName(folder string, h plumbing.Hash) string {
	name := h.String()
	return filepath.Join(folder, name[:2], name[2:])
}
