package ledger

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Book is the ledger as somebody reads it: of any clone that has its ref,
// offline and without credentials. Nothing is written. It is a view of the
// moment at which it was opened, and may be used by several goroutines.
type Book struct {
	repository *repository
	refs       map[string]plumbing.Hash
	entries    []*Entry // about groups, newest first
	accepted   []*Entry // about branches, newest first
}

// Open reads the ledger of a repository: of a clone, bare or not, or the store
// of an agent. It reads Ref and every other ref below refs/notes/ that is
// called moult, as "git fetch origin refs/notes/moult:refs/notes/origin/moult"
// makes them, and takes them together.
//
// ErrNotFound: there is no repository, or no such ref in it.
func Open(path string) (*Book, error) {
	b, err := open(path)
	if errors.Is(err, errLost) { // git, or the agent, may just have packed it
		b, err = open(path)
	}
	return b, theirs(err)
}

func open(path string) (*Book, error) {
	r, err := openRepository(path)
	if err != nil {
		return nil, err
	}
	b := &Book{repository: r}
	if b.refs, err = r.ledgerRefs(); err == nil {
		err = b.read()
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return b, nil
}

// Close gives files back.
func (b *Book) Close() error {
	b.repository.close()
	return nil
}

func (b *Book) read() error {
	if len(b.refs) == 0 {
		return fault.New(ErrNotFound, "fetch it: git fetch origin "+Ref+":"+Ref, "%s has no ledger", b.repository.dir)
	}
	for _, head := range b.refs {
		entries, err := entriesOf(b.repository, head, every)
		if err != nil {
			return err
		}
		b.entries = append(b.entries, entries...)
	}
	slices.SortFunc(b.entries, func(x, y *Entry) int { return y.compare(x) })
	b.entries = slices.CompactFunc(b.entries, func(x, y *Entry) bool { return x.ID == y.ID && x.Commit == y.Commit })
	b.accepted, b.entries = apart(b.entries)
	return nil
}

// ledgerRefs are the refs of a repository that hold a ledger.
func (r *repository) ledgerRefs() (map[string]plumbing.Hash, error) {
	r.mu.Lock()
	all, err := r.stores[0].IterReferences()
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	defer all.Close()
	found := map[string]plumbing.Hash{}
	err = all.ForEach(func(ref *plumbing.Reference) error {
		name := ref.Name().String()
		if strings.HasPrefix(name, "refs/notes/") && path.Base(name) == path.Base(Ref) && ref.Type() == plumbing.HashReference {
			found[name] = ref.Hash()
		}
		return nil
	})
	return found, err
}
