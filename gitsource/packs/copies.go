package packs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// checkCopies refuses a pack that holds an object twice, where whoever reads it
// by its index, which has one of the two, does not find what he needs. git writes
// no object twice; one comes to be there twice when a thin pack is completed
// with what it has in itself.
func (f *found) checkCopies(index *idxfile.MemoryIndex) error {
	if count, err := index.Count(); err != nil || count == int64(len(f.entries)) {
		return err
	}
	for _, e := range f.entries {
		if e.base < 0 {
			continue
		}
		base := f.entries[e.base]
		if at, err := index.FindOffset(base.name); err != nil || at != base.offset {
			return fmt.Errorf("index pack: object %s is there twice, and another is based on the second", base.name)
		}
	}
	return f.checkCircles(index)
}

// checkCircles refuses deltas that lead back to themselves: what was resolved
// from one copy of an object may be what the other copy is based on.
func (f *found) checkCircles(index *idxfile.MemoryIndex) error {
	named := make(map[int32]plumbing.Hash, len(f.named))
	for _, n := range f.named {
		named[n.delta] = n.base
	}
	ends := make([]bool, len(f.entries)) // what is known to lead to an object that is no delta
	for i := range f.entries {
		var way []int32
		for at := int32(i); at >= 0 && !ends[at]; {
			if way = append(way, at); len(way) > deepest+1 {
				return fmt.Errorf("index pack: object %s is there twice, and made from itself", f.entries[i].name)
			}
			var err error
			if at, err = f.baseOf(at, named, index); err != nil {
				return err
			}
		}
		for _, at := range way {
			ends[at] = true
		}
	}
	return nil
}

// baseOf is what an entry is a delta from, as one who reads by the index finds
// it; -1 when it is no delta.
func (f *found) baseOf(at int32, named map[int32]plumbing.Hash, index *idxfile.MemoryIndex) (int32, error) {
	name, ok := named[at]
	if !ok {
		return f.entries[at].base, nil
	}
	offset, err := index.FindOffset(name)
	if err != nil {
		return -1, fmt.Errorf("index pack: find %s: %w", name, err)
	}
	base, ok := slices.BinarySearchFunc(f.entries, offset, func(e entry, offset int64) int { return cmp.Compare(e.offset, offset) })
	if !ok {
		return -1, fmt.Errorf("index pack: object %s lies nowhere", name)
	}
	return int32(base), nil
}
