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
	store   *Store
	windows []windows // of each pack
	inflate inflater
	chain   []link           // of the object that is read
	delta   []byte           // the difference that is applied
	young   map[place]object // what was read last
	old     map[place]object // and before that
	bytes   int              // of what is young
}

// place is where an object lies.
type place struct {
	pack   *pack
	offset int64
}

type object struct {
	kind    plumbing.ObjectType
	content []byte
}

// youngBytes is how much content a Reader keeps at hand at most, twice over.
const youngBytes = 16 << 20

// NewReader makes a Reader.
func (s *Store) NewReader() *Reader {
	return &Reader{store: s, windows: make([]windows, len(s.packs)), young: map[place]object{}}
}

// Object is what is stored under a name. The content must not be changed.
// plumbing.ErrObjectNotFound: nothing is.
func (r *Reader) Object(h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	var o object
	var err error
	if p, offset, ok := r.store.find(h); ok {
		o, err = r.packed(place{p, offset})
	} else {
		o, err = r.loose(h)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", h, err)
	}
	return o.kind, o.content, nil
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
		return readLoose(f)
	}
	return object{}, plumbing.ErrObjectNotFound
}

func readLoose(f *os.File) (object, error) {
	r, err := objfile.NewReader(f)
	if err != nil {
		return object{}, malformed("a loose object: %v", err)
	}
	defer r.Close()
	kind, size, err := r.Header()
	switch {
	case err != nil || size < 0:
		return object{}, malformed("a loose object has no header")
	case size > MostBytes:
		return object{}, tooLarge(size)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(r, content); err != nil {
		return object{}, malformed("a loose object: %v", err)
	}
	return object{kind, content}, nil
}

// keep keeps an object from which others are likely to be differences.
func (r *Reader) keep(at place, o object) {
	if o.kind == plumbing.CommitObject {
		return // git hardly ever makes them differences
	}
	if r.bytes += len(o.content); r.bytes > youngBytes {
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
