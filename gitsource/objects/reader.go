package objects

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"
)

// Reader reads objects of a Store, best in the order in which they lie on disk:
// what others are differences from is then still at hand. It is used by one
// goroutine.
type Reader struct {
	// Most is the largest object that is read, in bytes; MostBytes unless it is
	// changed.
	Most int64
	// AtHand is how much content is kept at hand at most, in bytes, twice over,
	// for what is a difference from it: 16 MiB unless it is changed.
	AtHand int

	store   *Store
	windows map[*Pack]*windows
	inflate inflater
	chain   []link           // of the object that is read
	delta   []byte           // the difference that is applied
	young   map[place]object // what was read last
	old     map[place]object // and before that
	bytes   int              // of what is young
	refused map[place]bool   // they take too much
	made    int64            // bytes of content
}

// place is where an object lies.
type place struct {
	pack   *Pack
	offset int64
}

type object struct {
	kind    plumbing.ObjectType
	content []byte
}

// NewReader makes a Reader.
func (s *Store) NewReader() *Reader {
	return &Reader{Most: MostBytes, AtHand: 16 << 20, store: s, windows: map[*Pack]*windows{}, young: map[place]object{}}
}

// Object is what is stored under a name. The content must not be changed.
// plumbing.ErrObjectNotFound: nothing is.
func (r *Reader) Object(h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o, err := r.object(h)
	if err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", h, err)
	}
	return o.kind, o.content, nil
}

func (r *Reader) object(h plumbing.Hash) (object, error) {
	if r.store.late {
		if o, err := r.loose(h); !errors.Is(err, plumbing.ErrObjectNotFound) {
			return o, err
		}
		if err := r.store.openPacks(); err != nil {
			return object{}, err
		}
	}
	if p, offset, ok := r.store.find(h); ok {
		return r.packed(place{p, offset})
	}
	return r.loose(h)
}

// Made is how many bytes of content were made of packs so far, with all that
// others are differences from.
func (r *Reader) Made() int64 { return r.made }

// Type is what an object is. Of one in a pack no content is made.
func (r *Reader) Type(h plumbing.Hash) (plumbing.ObjectType, error) {
	p, offset, ok := r.store.find(h)
	if !ok {
		kind, _, err := r.Object(h)
		return kind, err
	}
	o, err := r.descend(place{p, offset})
	if err != nil {
		return 0, fmt.Errorf("read type of object %s: %w", h, err)
	}
	if o.kind == 0 {
		o.kind = r.chain[len(r.chain)-1].kind
	}
	return o.kind, nil
}

// Size is how large an object is, in bytes. Of one in a pack no more is read
// than tells that.
func (r *Reader) Size(h plumbing.Hash) (int64, error) {
	p, offset, ok := r.store.find(h)
	if !ok {
		_, content, err := r.Object(h)
		return int64(len(content)), err
	}
	size, err := r.packedSize(place{p, offset})
	if err != nil {
		return 0, fmt.Errorf("read size of object %s: %w", h, err)
	}
	return size, nil
}

func (r *Reader) packedSize(at place) (int64, error) {
	if o, ok := r.atHand(at); ok {
		return int64(len(o.content)), nil
	}
	h, err := r.header(at)
	if err != nil || !h.kind.IsDelta() {
		return h.size, err
	}
	delta, err := r.unpack(at, h)
	if err != nil {
		return 0, err
	}
	_, size, _, ok := deltaSizes(delta)
	if !ok {
		return 0, malformed("a difference in a pack is from something else")
	}
	return int64(min(size, 1<<62)), nil
}

// Kind is the content of an object that must be of a kind.
func (r *Reader) Kind(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	found, content, err := r.Object(h)
	if err == nil && found != kind {
		err = fmt.Errorf("read %s %s: %w: it is a %s", kind, h, ErrMalformed, found)
	}
	return content, err
}

// Verified is Kind, compared with the name.
func (r *Reader) Verified(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	content, err := r.Kind(kind, h)
	if err != nil {
		return nil, err
	}
	if got := plumbing.ComputeHash(kind, content); got != h {
		return nil, fmt.Errorf("read %s %s: %w: found %s in its place", kind, h, ErrMalformed, got)
	}
	return content, nil
}

// loose reads an object that has a file of its own.
func (r *Reader) loose(h plumbing.Hash) (object, error) {
	for _, folder := range r.store.folders {
		f, err := os.Open(looseName(folder, h))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return object{}, err
		}
		defer f.Close()
		return readLoose(f, r.Most)
	}
	return object{}, plumbing.ErrObjectNotFound
}

func readLoose(f *os.File, most int64) (object, error) {
	r, err := objfile.NewReader(f)
	if err != nil {
		return object{}, malformed("a loose object: %v", err)
	}
	defer r.Close()
	kind, size, err := r.Header()
	switch {
	case err != nil || size < 0:
		return object{}, malformed("a loose object has no header")
	case size > most:
		return object{}, tooLarge(size, most)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(r, content); err != nil {
		return object{}, malformed("a loose object: %v", err)
	}
	return object{kind, content}, nil
}

// keep keeps an object from which others are likely to be differences.
func (r *Reader) keep(at place, o object) {
	if o.kind == plumbing.CommitObject || len(o.content) > r.AtHand {
		return // git hardly ever makes commits differences
	}
	if r.bytes += len(o.content); r.bytes > r.AtHand {
		r.old, r.young, r.bytes = r.young, map[place]object{}, len(o.content)
	}
	r.young[at] = o
}

// atHand is an object that was read not long ago.
func (r *Reader) atHand(at place) (object, bool) {
	o, ok := r.young[at]
	if ok {
		return o, true
	}
	if o, ok = r.old[at]; ok {
		r.keep(at, o)
	}
	return o, ok
}
