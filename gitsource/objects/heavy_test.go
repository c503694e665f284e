package objects

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// copying is a difference that copies the first bytes of something of a size.
func copying(size, first int) []byte {
	d := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(size)), uint64(first))
	for at := 0; at < first; {
		n := min(first-at, 1<<16-1)
		d = append(d, 0xbf, byte(at), byte(at>>8), byte(at>>16), byte(at>>24), byte(n), byte(n>>8))
		at += n
	}
	return d
}

// ladder is a pack of objects that are each made from the one before, and small
// ones from the last of them.
func ladder(t *testing.T, size, steps, last int, smalls int) *Store {
	t.Helper()
	blob := bytes.Repeat([]byte{'x'}, size)
	entries := chainOf(t, steps, blob, copying(size, size))
	base := nthName(steps)
	small := copying(size, last)
	for range smalls {
		entries = append(entries, entry(plumbing.REFDeltaObject, len(small), base[:], deflated(t, small, zlib.BestSpeed)))
	}
	return packOf(t, 0, entries...)
}

func TestWhatTakesTooMuchIsNotMade(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		steps, last int
		fits        bool
	}{
		"a small file of a light chain":  {60, 5, true},
		"a small file of a heavy chain":  {70, 5, false},
		"a large file of the same":       {70, mib, true},
		"a large file of too long a one": {270, mib, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := ladder(t, mib, c.steps, c.last, 1).NewReader()
			reader.AtHand = 1000
			for range 2 {
				before := reader.Made()
				_, content, err := reader.Object(nthName(c.steps + 1))
				if c.fits && (err != nil || len(content) != c.last) || !c.fits && !errors.Is(err, ErrTooLarge) {
					t.Errorf("%d bytes, %v", len(content), err)
				}
				if took := reader.Made() - before; !c.fits && before > 0 && took > 0 {
					t.Errorf("it is refused again, and %d bytes were made for that", took)
				}
			}
		})
	}
}

// TestManyFilesOfOneChainAreMadeFromItOnce: what they share is at hand.
func TestManyFilesOfOneChainAreMadeFromItOnce(t *testing.T) {
	t.Parallel()
	const mib, steps, files = 1 << 20, 50, 100
	reader := ladder(t, mib, steps, 5, files).NewReader()
	for n := range files {
		if _, _, err := reader.Object(nthName(steps + 1 + n)); err != nil {
			t.Fatal(err)
		}
	}
	if made := reader.Made(); made > 60*mib {
		t.Errorf("%d bytes were made", made)
	}
}

func TestATypeIsTakenFromHeaders(t *testing.T) {
	t.Parallel()
	reader := ladder(t, 1<<20, 70, 5, 1).NewReader()
	kind, err := reader.Type(nthName(71))
	if err != nil || kind != plumbing.BlobObject || reader.Made() > 0 {
		t.Errorf("%s, %v, %d bytes were made", kind, err, reader.Made())
	}
	if _, err := reader.Type(plumbing.NewHash("01")); !errors.Is(err, plumbing.ErrObjectNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}
