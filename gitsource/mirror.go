package gitsource

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
	"moult/gitsource/objects"
	"moult/gitsource/packs"
)

// atHand is how much content a mirror keeps in memory, in bytes, twice over.
const atHand = 3 << 20

// mirror is the copy of one branch on disk. Its objects are only ever added;
// its head moves in advance, after everything that the head needs is there.
type mirror struct {
	id     identity
	limits Limits

	mu      sync.Mutex // guards all below
	dir     string
	packs   *objects.Store
	reader  *objects.Reader
	head    plumbing.Hash
	listed  *folder                 // the declaration files that were listed last
	shallow map[plumbing.Hash]bool  // see boundary.go
	floor   bool                    // the repository itself ends at the boundary
	sizes   map[plumbing.Hash]int64 // of the files that were listed
	steps   map[plumbing.Hash]step
	folders map[plumbing.Hash]plumbing.Hash // of a root tree, the tree at Path
	damage  error                           // why nothing more may be read; nil as long as all is well
}

func newMirror(dir string, id identity, limits Limits) *mirror {
	m := &mirror{
		dir: dir, id: id, limits: limits,
		packs:   new(objects.Store),
		shallow: map[plumbing.Hash]bool{},
		sizes:   map[plumbing.Hash]int64{},
		steps:   map[plumbing.Hash]step{},
		folders: map[plumbing.Hash]plumbing.Hash{},
	}
	m.forget()
	return m
}

// forget forgets what is at hand.
func (m *mirror) forget() {
	m.reader = m.packs.NewReader()
	m.reader.Most, m.reader.AtHand = m.limits.ObjectBytes, atHand
}

func (m *mirror) packDir() string { return filepath.Join(m.dir, "objects", "pack") }

// has reports whether the mirror holds an object.
func (m *mirror) has(h plumbing.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.packs.Has(h)
}

// object is the content of an object that must be there: when it is not, or
// its content is not what its name promises, the mirror is damaged.
func (m *mirror) object(kind plumbing.ObjectType, h plumbing.Hash, limit int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.damage != nil {
		return nil, m.damaged(m.damage)
	}
	content, err := m.read(kind, h, limit)
	if err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrMalformed) {
		return nil, m.damaged(fmt.Errorf("read %s %s: %w", kind, h, err))
	}
	return content, err
}

func (m *mirror) damaged(why error) error {
	m.damage = why
	return fault.New(ErrDamaged, "the next poll throws it away and clones again", "%w", why)
}

func (m *mirror) read(kind plumbing.ObjectType, h plumbing.Hash, limit int64) ([]byte, error) {
	size, err := m.packedSize(h)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fault.TooLarge("%s %s has %d bytes (limit %d)", kind, h, size, limit)
	}
	found, content, err := m.reader.Object(h)
	if err != nil {
		return nil, tooLarge(err)
	}
	return content, verify(kind, h, found, content)
}

// tooLarge is an error of a reader of objects, as one of this package where what
// is read is too large, or takes too much.
func tooLarge(err error) error {
	if errors.Is(err, objects.ErrTooLarge) {
		return fault.TooLarge("%v", err)
	}
	return err
}

// verify reports that an object is not what its name promises. One of another
// kind is the fault of whoever named it so.
func verify(kind plumbing.ObjectType, h plumbing.Hash, found plumbing.ObjectType, content []byte) error {
	if got := plumbing.ComputeHash(found, content); got != h {
		return fmt.Errorf("found %s %s in its place", found, got)
	}
	if found != kind {
		return fault.Malformed("%s is a %s where a %s should be", h, found, kind)
	}
	return nil
}

// size is the size of a file that a tree lists, in bytes.
func (m *mirror) size(blob plumbing.Hash) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size, known := m.sizes[blob]; known {
		return size, nil
	}
	if m.damage != nil {
		return 0, m.damaged(m.damage)
	}
	size, err := m.packedSize(blob)
	if err != nil {
		return 0, m.damaged(fmt.Errorf("read size of blob %s: %w", blob, err))
	}
	m.sizes[blob] = size
	return size, nil
}

func (m *mirror) packedSize(h plumbing.Hash) (int64, error) {
	if !m.packs.Has(h) {
		return 0, plumbing.ErrObjectNotFound
	}
	return m.reader.Size(h)
}

// wasListed reports whether some revision handed the file out.
func (m *mirror) wasListed(blob plumbing.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.sizes[blob]
	return known
}

// trouble is why the mirror cannot be read any more; nil when it can.
func (m *mirror) trouble() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.damage
}

// current is the head; zero when the mirror must not be obeyed.
func (m *mirror) current() plumbing.Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.damage != nil {
		return plumbing.ZeroHash
	}
	return m.head
}

// close gives the files back. What is read afterwards is an ErrDamaged.
func (m *mirror) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.packs.Close()
	m.damage = errors.New("mirror is closed")
}

// store adds a pack to the mirror; see [packs.Store].
func (m *mirror) store(fill func(*os.File) (*idxfile.MemoryIndex, error)) error {
	name, err := packs.Store(m.packDir(), fill)
	if err != nil || name == "" {
		return err
	}
	if err := m.adopt(name); err != nil {
		return fault.New(fault.ErrStorage, "check the disk", "read pack again: %w", err)
	}
	return nil
}

// adopt opens a pack that lies in place. What a crash has cut off is found here,
// and not at the first read.
func (m *mirror) adopt(name string) error {
	p, err := objects.OpenPack(filepath.Join(m.packDir(), name))
	if err == nil {
		if err = p.Check(); err != nil {
			p.Close()
		}
	}
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, old := range m.packs.Packs() {
		if filepath.Base(old.Path) == name {
			m.packs.Add(p)
			return m.packs.Remove(old)
		}
	}
	m.packs.Add(p)
	return nil
}
