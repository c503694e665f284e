package objects

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// chainOf is a blob, and so many differences, each from the one before.
func chainOf(t *testing.T, count int, blob, difference []byte) [][]byte {
	t.Helper()
	entries := [][]byte{entry(plumbing.BlobObject, len(blob), nil, deflated(t, blob, zlib.BestSpeed))}
	packed := deflated(t, difference, zlib.BestSpeed)
	for n := range count {
		base := nthName(n)
		entries = append(entries, entry(plumbing.REFDeltaObject, len(difference), base[:], packed))
	}
	return entries
}

// inserting is a difference from something of a size that takes nothing of it.
func inserting(size int, content []byte) []byte {
	d := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(size)), uint64(len(content)))
	for len(content) > 0 {
		n := min(len(content), 127)
		d = append(append(d, byte(n)), content[:n]...)
		content = content[n:]
	}
	return d
}

func TestTheLongestChainIsReadAndNoLongerOne(t *testing.T) {
	t.Parallel()
	// 5 bytes from 5 bytes: the last four, and the first.
	rotate := []byte{5, 5, 0x91, 1, 4, 0x90, 1}
	store := packOf(t, 0, chainOf(t, deepest+1, []byte("hello"), rotate)...)
	if _, got, err := store.NewReader().Object(nthName(deepest)); err != nil || string(got) != "hello" {
		t.Errorf("%d differences: %q, %v", deepest, got, err)
	}
	if _, got, err := store.NewReader().Object(nthName(1)); err != nil || string(got) != "elloh" {
		t.Errorf("one difference: %q, %v", got, err)
	}
	if _, _, err := store.NewReader().Object(nthName(deepest + 1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("%d differences: %v", deepest+1, err)
	}
}

func TestACircleOfDifferencesEnds(t *testing.T) {
	t.Parallel()
	same := []byte{5, 5, 0x90, 5}
	first, second := nthName(0), nthName(1)
	packed := deflated(t, same, zlib.BestSpeed)
	store := packOf(t, 0, entry(plumbing.REFDeltaObject, len(same), second[:], packed), entry(plumbing.REFDeltaObject, len(same), first[:], packed))
	for n := range 2 {
		if _, _, err := store.NewReader().Object(nthName(n)); !errors.Is(err, ErrMalformed) {
			t.Errorf("object %d: %v", n, err)
		}
	}
}

// TestALongChainOfLargeDifferencesFitsInMemory reads an object whose differences
// are large together. What the heap ever took from the system stays counted, so
// this must not run in parallel.
func TestALongChainOfLargeDifferencesFitsInMemory(t *testing.T) {
	const size, count, most = 2 << 20, 192, 256 << 20
	blob := bytes.Repeat([]byte("moult"), size/5)
	store := packOf(t, 0, chainOf(t, count, blob, inserting(len(blob), blob))...)
	_, got, err := store.NewReader().Object(nthName(count))
	if err != nil || !bytes.Equal(got, blob) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var memory runtime.MemStats
	if runtime.ReadMemStats(&memory); memory.HeapSys > most {
		t.Errorf("an object of %d bytes took up to %d", size, memory.HeapSys)
	}
}
