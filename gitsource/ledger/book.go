package ledger

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Book is the ledger as somebody reads it: of any clone that has its ref,
// offline and without credentials. Nothing is written. What it names is what
// was there when it was opened; it may be used by several goroutines.
type Book struct {
	repository *repository
	refs       map[string]plumbing.Hash

	mu sync.Mutex
	// shelf and pages are kept from one question to the next: with as many
	// notes as a long history has, it takes longer to list them than to read
	// the ones that are asked about.
	shelf *shelf
	pages []page
}

// Open finds the ledger of a repository: of a clone, bare or not, or the store
// of an agent. It is Ref and every other ref below refs/notes/ that is called
// moult, as "git fetch origin refs/notes/moult:refs/notes/origin/moult" makes
// them, taken together. Notes are read when they are asked for.
//
// ErrNotFound: there is no repository, or no such ref in it.
func Open(path string) (*Book, error) {
	r, err := openRepository(path)
	if err != nil {
		return nil, theirs(err)
	}
	b := &Book{repository: r}
	if b.refs, err = r.ledgerRefs(); err == nil && len(b.refs) == 0 {
		err = fault.New(ErrNotFound, "fetch it: git fetch origin "+Ref+":"+Ref, "%s has no ledger", r.dir)
	}
	if err != nil {
		r.close()
		return nil, theirs(err)
	}
	return b, nil
}

// Close gives files back.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut()
	b.repository.close()
	return nil
}

// Refs are the refs that are read, by name.
func (b *Book) Refs() []string { return slices.Sorted(maps.Keys(b.refs)) }

// scraps are the lines of all notes that wanted lets through and in which all
// the words stand.
func (b *Book) scraps(wanted func(page) bool, words ...string) ([]scrap, error) {
	return lookThrough(b, wanted, func(p page, content []byte) []scrap { return scraps(p, content, words) })
}

// lookThrough takes of all notes that wanted lets through what pick makes of
// them.
func lookThrough[T any](b *Book, wanted func(page) bool, pick func(page, []byte) []T) ([]T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, err := look(b, wanted, pick)
	if errors.Is(err, errLost) { // git, or the agent, may just have packed it
		b.shut()
		found, err = look(b, wanted, pick)
	}
	return found, theirs(err)
}

func look[T any](b *Book, wanted func(page) bool, pick func(page, []byte) []T) ([]T, error) {
	if err := b.list(); err != nil {
		return nil, err
	}
	var pages []page
	for _, p := range b.pages {
		if wanted == nil || wanted(p) {
			pages = append(pages, p)
		}
	}
	return readPages(b.shelf, pages, pick)
}

// bookAtHand lets a person's question keep twice as much in memory as the agent
// does: of 41,000 notes, which git packs as differences from others far away,
// fewer are made twice, which takes a sixth of the time off.
const bookAtHand = 32 << 20

// list opens the shelf and lists the notes of all refs, each once, unless that
// is done.
func (b *Book) list() error {
	if b.shelf != nil {
		return nil
	}
	s, err := b.repository.shelf()
	if err != nil {
		return err
	}
	s.atHand = bookAtHand
	lists := make([][]page, 0, len(b.refs))
	for _, head := range b.refs {
		pages, err := s.pages(head)
		if err != nil {
			s.close()
			return err
		}
		lists = append(lists, pages)
	}
	b.shelf, b.pages = s, together(lists)
	return nil
}

// together is every page once.
func together(lists [][]page) []page {
	if len(lists) == 1 {
		return lists[0]
	}
	all := map[page]bool{}
	for _, p := range slices.Concat(lists...) {
		all[p] = true
	}
	return slices.Collect(maps.Keys(all))
}

// shut forgets the shelf, which the next question opens anew.
func (b *Book) shut() {
	if b.shelf != nil {
		b.shelf.close()
	}
	b.shelf, b.pages = nil, nil
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
