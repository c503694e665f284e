package ledger

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/packs"
)

// entriesOf are entries below a commit of the ledger, in no order: of each
// note those that pick returns. It goes through the tree once, and then
// through the packs, on all processors.
func entriesOf(r *repository, head plumbing.Hash, pick func([]line) []*Entry) ([]*Entry, error) {
	tree, err := r.treeOf(head)
	if err != nil {
		return nil, err
	}
	all, err := notes(r, tree)
	if err != nil {
		return nil, err
	}
	pages := make([]page, 0, len(all))
	for commit, blobs := range all {
		for _, blob := range blobs {
			pages = append(pages, page{commit: commit, blob: blob})
		}
	}
	return readPages(r, pages, pick)
}

// every picks all entries.
func every(lines []line) []*Entry {
	entries := make([]*Entry, len(lines))
	for i := range lines {
		entries[i] = &lines[i].Entry
	}
	return entries
}

// page is one note, and where it lies: in a pack at an offset, or elsewhere.
type page struct {
	commit plumbing.Hash
	blob   plumbing.Hash
	pack   *pack
	offset int64
}

// pack is a pack of a repository, known by its index.
type pack struct {
	path  string
	index *idxfile.MemoryIndex
}

// packs lists the packs of a repository. What cannot be read is left out:
// go-git reads it, or says what is wrong.
func (r *repository) packs() []*pack {
	var found []*pack
	for _, store := range r.stores {
		indexes, _ := filepath.Glob(filepath.Join(store.Filesystem().Root(), "objects", "pack", "*.idx")) // the pattern is well-formed
		for _, path := range indexes {
			if index, err := packs.ReadIndex(path); err == nil {
				found = append(found, &pack{strings.TrimSuffix(path, ".idx") + ".pack", index})
			}
		}
	}
	return found
}

// readPages parses notes. Each processor gets a stretch of a pack.
func readPages(r *repository, pages []page, pick func([]line) []*Entry) ([]*Entry, error) {
	locate(pages, r.packs())
	workers := runtime.GOMAXPROCS(0)
	entries, errs := make([][]*Entry, workers), make([]error, workers)
	var working sync.WaitGroup
	for i := range workers {
		part := pages[len(pages)*i/workers : len(pages)*(i+1)/workers]
		working.Go(func() { entries[i], errs[i] = readPart(r, part, pick) })
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(entries...), nil
}

// locate finds where pages lie, and brings them into that order.
func locate(pages []page, packs []*pack) {
	for i := range pages {
		for _, p := range packs {
			if offset, err := p.index.FindOffset(pages[i].blob); err == nil {
				pages[i].pack, pages[i].offset = p, offset
				break
			}
		}
	}
	slices.SortFunc(pages, func(a, b page) int {
		return cmp.Or(strings.Compare(a.path(), b.path()), cmp.Compare(a.offset, b.offset))
	})
}

func (p page) path() string {
	if p.pack == nil {
		return ""
	}
	return p.pack.path
}

func readPart(r *repository, pages []page, pick func([]line) []*Entry) ([]*Entry, error) {
	var entries []*Entry
	var reader *packReader
	var at *pack
	for _, p := range pages {
		if p.pack != at {
			if reader != nil {
				reader.close()
			}
			reader, _ = openPack(p.pack.path, p.pack.index) // without it, go-git reads
			at = p.pack
		}
		content, err := p.content(r, reader)
		if err != nil {
			return nil, err
		}
		entries = append(entries, pick(p.lines(content))...)
	}
	if reader != nil {
		reader.close()
	}
	return entries, nil
}

// content reads a page. What is odd about a pack is left to go-git, which
// knows how to say it.
func (p page) content(r *repository, reader *packReader) ([]byte, error) {
	if reader != nil {
		if content, err := reader.blob(p.offset); err == nil {
			return content, nil
		}
	}
	return r.glance(plumbing.BlobObject, p.blob)
}

// lines are the lines of a page. One that is about another commit was put
// there by somebody, and does not count.
func (p page) lines(content []byte) []line {
	commit := p.commit.String()
	return slices.DeleteFunc(parseNote(content).lines, func(l line) bool { return l.Commit != commit })
}
