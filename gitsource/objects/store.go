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
	// ErrTooLarge: an object is larger than a Reader reads.
	ErrTooLarge = errors.New("object is too large")
)

// MostBytes is the largest object that a Reader reads that was not told
// otherwise.
const MostBytes = 32 << 20

// Store is the objects of a repository. It may be used by several goroutines,
// as long as nobody changes which packs it has.
type Store struct {
	folders []string
	late    bool // the packs are not open yet
	packs   []*Pack
	added   int // how many ever were
}

// Open opens object directories: a repository's own, and those that it borrows
// from. A pack whose index cannot be read is an error.
func Open(folders ...string) (*Store, error) {
	s := OpenLate(folders...)
	if err := s.openPacks(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// OpenLate is Open for one goroutine that mostly reads what was just written: it
// is loose, and the packs are not opened before something is not.
func OpenLate(folders ...string) *Store { return &Store{folders: folders, late: true} }

func (s *Store) openPacks() error {
	s.late = false
	for _, folder := range s.folders {
		indexes, err := filepath.Glob(filepath.Join(escaped(folder), "pack", "*.idx"))
		if err == nil {
			err = s.open(indexes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// escaped is a path in which a Glob finds no pattern.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (s *Store) open(indexes []string) error {
	for _, path := range indexes {
		p, err := OpenPack(strings.TrimSuffix(path, ".idx"))
		if errors.Is(err, os.ErrNotExist) {
			continue // packed anew meanwhile, or still on its way
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		s.Add(p)
	}
	return nil
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

// Packs are the packs of a store. The list must not be changed.
func (s *Store) Packs() []*Pack { return s.packs }

// Add adds a pack, which the store closes.
func (s *Store) Add(p *Pack) {
	p.place = s.added
	s.added++
	s.packs = append(s.packs, p)
}

// Remove closes a pack. What is only in it is gone, and Readers that have read
// from it may still have some of it at hand.
func (s *Store) Remove(p *Pack) error {
	i := slices.Index(s.packs, p)
	if i < 0 {
		return nil
	}
	s.packs = slices.Delete(s.packs, i, i+1)
	return p.file.Close()
}

// Has reports whether an object is in a pack.
func (s *Store) Has(h plumbing.Hash) bool {
	_, _, ok := s.find(h)
	return ok
}

// find is the pack that holds an object, and where.
func (s *Store) find(h plumbing.Hash) (*Pack, int64, bool) {
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
