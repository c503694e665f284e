package gitsource

import (
	"crypto/sha1"
	"fmt"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// TestObjectsBeyondTwoGigabytesAreFound: a repository on this machine may have
// packs of any size.
func TestObjectsBeyondTwoGigabytesAreFound(t *testing.T) {
	t.Parallel()
	var w idxfile.Writer
	want := map[plumbing.Hash]int64{}
	for n := range 50 {
		h := plumbing.Hash(sha1.Sum(fmt.Append(nil, n)))
		want[h] = int64(n) * 100 << 20 // up to 5 GB
		w.Add(h, uint64(want[h]), 0)
	}
	must(t, w.OnFooter(plumbing.ZeroHash))
	x := newPackIndex(value[*idxfile.MemoryIndex](t)(w.Index()))
	for h, offset := range want {
		if got := value[int64](t)(x.FindOffset(h)); got != offset {
			t.Errorf("%s lies at %d, want %d", h, got, offset)
		}
		if got := value[plumbing.Hash](t)(x.FindHash(offset)); got != h {
			t.Errorf("at %d lies %s, want %s", offset, got, h)
		}
	}
}
