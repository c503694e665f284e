package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/objects"
)

// shelf reads the notes of a repository by the tens of thousands.
type shelf struct {
	store  *objects.Store
	reader *objects.Reader
	atHand int // bytes of notes that each processor keeps for what is a difference from them; see objects.Reader
}

// shelf opens the objects of a repository, its own and those that it borrows.
func (r *repository) shelf() (*shelf, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stores) == 0 {
		return nil, errClosed
	}
	var folders []string
	for _, s := range r.stores {
		folders = append(folders, filepath.Join(s.Filesystem().Root(), "objects"))
	}
	store, err := objects.Open(folders...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	reader := store.NewReader()
	return &shelf{store: store, reader: reader, atHand: reader.AtHand}, nil
}

func (s *shelf) close() { s.store.Close() }

// tree makes a shelf trees.
func (s *shelf) tree(h plumbing.Hash) ([]leaf, error) {
	content, err := s.reader.Verified(plumbing.TreeObject, h)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	return parseTree(content)
}

// page is one note: the commit that it is about, and its content.
type page struct{ commit, blob plumbing.Hash }

// pages are the notes below a commit of the ledger.
func (s *shelf) pages(head plumbing.Hash) ([]page, error) {
	content, err := s.reader.Verified(plumbing.CommitObject, head)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	commit, err := decodeCommit(head, content)
	if err != nil {
		return nil, err
	}
	c := collecting{from: s, left: joinedTrees(context.Background())}
	err = c.folder(commit.TreeHash, "")
	return c.pages, err
}

// collecting lists the notes of a tree, as notes does, without a map of them.
type collecting struct {
	from  *shelf
	left  allowance
	pages []page
}

func (c *collecting) folder(tree plumbing.Hash, path string) error {
	leaves, err := c.from.tree(tree)
	if err == nil {
		err = c.left.folder(leaves)
	}
	if err != nil {
		return err
	}
	for _, l := range leaves {
		name := path + l.name
		if commit, ok := noted(name, l); ok {
			c.pages = append(c.pages, page{commit, l.hash})
		} else if fanOut(name, l) {
			if err := c.folder(l.hash, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// readPages takes of each note what pick makes of it, in no order. Each
// processor gets a stretch of what lies together on disk. Notes are not
// compared with their names: each line carries a check of itself.
func readPages[T any](s *shelf, pages []page, pick func(page, []byte) []T) ([]T, error) {
	objects.Sort(s.store, pages, func(p page) plumbing.Hash { return p.blob })
	workers := runtime.GOMAXPROCS(0)
	picked, errs := make([][]T, workers), make([]error, workers)
	var working sync.WaitGroup
	for i := range workers {
		part := pages[len(pages)*i/workers : len(pages)*(i+1)/workers]
		working.Go(func() {
			reader := s.store.NewReader()
			reader.AtHand = s.atHand
			for _, p := range part {
				content, err := reader.Kind(plumbing.BlobObject, p.blob)
				if err != nil {
					errs[i] = fmt.Errorf("%w: %w", errLost, err)
					return
				}
				picked[i] = append(picked[i], pick(p, content)...)
			}
		})
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(picked...), nil
}

// entriesOf are entries below a commit of the ledger, in no order: of each
// note those that pick returns.
func entriesOf(r *repository, head plumbing.Hash, pick func([]line) []*Entry) ([]*Entry, error) {
	s, err := r.shelf()
	if err != nil {
		return nil, err
	}
	defer s.close()
	pages, err := s.pages(head)
	if err != nil {
		return nil, err
	}
	return readPages(s, pages, func(p page, content []byte) []*Entry { return pick(p.lines(content)) })
}

// every picks all entries.
func every(lines []line) []*Entry {
	entries := make([]*Entry, len(lines))
	for i := range lines {
		entries[i] = &lines[i].Entry
	}
	return entries
}

// lines are the lines of a page. One that is about another commit was put
// there by somebody, and does not count.
func (p page) lines(content []byte) []line {
	commit := p.commit.String()
	return slices.DeleteFunc(parseNote(content).lines, func(l line) bool { return l.Commit != commit })
}
