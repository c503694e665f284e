package packs

import (
	"io"
	"math"

	"github.com/go-git/go-git/v5/plumbing"
)

// Link is one object of a chain: where in a pack it lies, and its size.
type Link struct {
	Offset, Size int64
}

// Make makes the last object of a chain, of which the first is no delta and each
// other one is a delta from the one before. Two of them are in memory at a time.
func Make(r io.ReadSeeker, chain []Link) ([]byte, error) {
	pack := &found{entries: make([]entry, len(chain))}
	v := newResolver(r, pack, Limits{Unpacked: math.MaxInt64})
	for i, l := range chain {
		pack.entries[i] = entry{offset: l.Offset, size: l.Size, base: -1, kind: plumbing.AnyObject}
		v.path = append(v.path, step{at: int32(i)})
	}
	v.mostHeld = 0 // nothing else is made of them
	return v.content(len(chain) - 1)
}
