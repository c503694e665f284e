package gitsource

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"

	"moult/gitsource/fault"
)

// objectStore reads the objects directory of a local repository: loose ones,
// and packs. What was just committed is loose, so the packs and their indexes
// are not opened before something is not.
type objectStore struct {
	dir    string
	shared cache.Object
	packs  []*pack
	opened bool
}

func (s *source) close() {
	for _, store := range s.stores {
		for _, p := range store.packs {
			p.close()
		}
	}
}

// object is the content of an object, checked against its name.
func (s *source) object(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	for _, store := range s.stores {
		o, err := store.find(h, s.maxObject)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s %s: %w", kind, h, err)
		}
		return readVerified(kind, h, o)
	}
	return nil, fmt.Errorf("read %s %s: %w", kind, h, plumbing.ErrObjectNotFound)
}

func (s *objectStore) find(h plumbing.Hash, limit int64) (plumbing.EncodedObject, error) {
	if s.opened {
		o, err := s.inPacks(h, limit)
		if !errors.Is(err, plumbing.ErrObjectNotFound) {
			return o, err
		}
		return s.loose(h, limit)
	}
	o, err := s.loose(h, limit)
	if !errors.Is(err, plumbing.ErrObjectNotFound) {
		return o, err
	}
	if err := s.openPacks(); err != nil {
		return nil, err
	}
	return s.inPacks(h, limit)
}

func (s *objectStore) openPacks() error {
	s.opened = true
	dir := filepath.Join(s.dir, "pack")
	indexes, err := filepath.Glob(filepath.Join(dir, "pack-*.idx"))
	if err != nil {
		return err
	}
	for _, index := range indexes {
		p, err := openPack(dir, strings.TrimSuffix(filepath.Base(index), ".idx"), s.shared)
		if err != nil {
			return err
		}
		s.packs = append(s.packs, p)
	}
	return nil
}

func (s *objectStore) inPacks(h plumbing.Hash, limit int64) (plumbing.EncodedObject, error) {
	for _, p := range s.packs {
		if !p.has(h) {
			continue
		}
		l, err := p.find(h)
		if err == nil {
			err = within(h, l.size, limit)
		}
		if err != nil {
			return nil, err
		}
		return p.object(h, l, limit, mostToMake(limit))
	}
	return nil, plumbing.ErrObjectNotFound
}

func within(h plumbing.Hash, size, limit int64) error {
	if size > limit {
		return fault.TooLarge("%s has %d bytes (limit %d)", h, size, limit)
	}
	return nil
}

// loose reads an object that has a file of its own.
func (s *objectStore) loose(h plumbing.Hash, limit int64) (plumbing.EncodedObject, error) {
	if o, ok := s.shared.Get(h); ok {
		return o, nil
	}
	name := h.String()
	f, err := os.Open(filepath.Join(s.dir, name[:2], name[2:]))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, plumbing.ErrObjectNotFound
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := objfile.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return inflate(r, h, limit)
}

func inflate(r *objfile.Reader, h plumbing.Hash, limit int64) (plumbing.EncodedObject, error) {
	kind, size, err := r.Header()
	if err == nil {
		err = within(h, size, limit)
	}
	if err != nil {
		return nil, err
	}
	var o plumbing.MemoryObject
	o.SetType(kind)
	if _, err := io.Copy(&o, io.LimitReader(r, size)); err != nil {
		return nil, err
	}
	return &o, nil
}
