package gitsource

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"

	"moult/gitsource/packs"
)

// cacheBytes is how much unpacked content a mirror keeps in memory.
const cacheBytes = 6 * cache.MiByte

// mirror is the copy of one branch on disk. Its objects are only ever added;
// its head moves in advance, after everything that the head needs is there.
type mirror struct {
	id     identity
	limits Limits

	mu      sync.Mutex // guards all below: go-git is not safe for concurrent reads
	dir     string
	packs   []*pack
	shared  cache.Object
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
	return &mirror{
		dir: dir, id: id, limits: limits,
		shared:  cache.NewObjectLRU(cacheBytes),
		shallow: map[plumbing.Hash]bool{},
		sizes:   map[plumbing.Hash]int64{},
		steps:   map[plumbing.Hash]step{},
		folders: map[plumbing.Hash]plumbing.Hash{},
	}
}

func (m *mirror) packDir() string { return filepath.Join(m.dir, "objects", "pack") }

// has reports whether the mirror holds an object.
func (m *mirror) has(h plumbing.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.packOf(h) != nil
}

func (m *mirror) packOf(h plumbing.Hash) *pack {
	for _, p := range m.packs {
		if p.has(h) {
			return p
		}
	}
	return nil
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
	p := m.packOf(h)
	if p == nil {
		return nil, plumbing.ErrObjectNotFound
	}
	l, err := p.find(h)
	if err != nil {
		return nil, err
	}
	if l.size > limit {
		return nil, fault.TooLarge("%s %s has %d bytes (limit %d)", kind, h, l.size, limit)
	}
	o, err := p.object(h, l, m.limits.ObjectBytes, mostToMake(limit))
	if err != nil {
		return nil, err
	}
	return readVerified(kind, h, o)
}

// readVerified is the content of an object, if it is what its name promises.
// An object of another kind is the fault of whoever named it so.
func readVerified(kind plumbing.ObjectType, h plumbing.Hash, o plumbing.EncodedObject) ([]byte, error) {
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content := make([]byte, o.Size())
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, err
	}
	if got := plumbing.ComputeHash(o.Type(), content); got != h {
		return nil, fmt.Errorf("found %s %s in its place", o.Type(), got)
	}
	if o.Type() != kind {
		return nil, fault.Malformed("%s is a %s where a %s should be", h, o.Type(), kind)
	}
	return content, nil
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
	p := m.packOf(h)
	if p == nil {
		return 0, plumbing.ErrObjectNotFound
	}
	l, err := p.find(h)
	return l.size, err
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
	for _, p := range m.packs {
		p.close()
	}
	m.packs = nil
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

// adopt opens a pack that lies in place.
func (m *mirror) adopt(name string) error {
	p, err := openPack(m.packDir(), name, m.shared)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, old := range m.packs {
		if old.name == name {
			old.close()
			m.packs[i] = p
			return nil
		}
	}
	m.packs = append(m.packs, p)
	return nil
}
