package packs

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
)

// thin is a pack of deltas, each from a base of some bytes that it leaves out.
func thin(t *testing.T, deltas, size int) (pack []byte, bases map[plumbing.Hash][]byte) {
	t.Helper()
	bases = map[plumbing.Hash][]byte{}
	pack = Header(uint32(deltas))
	for i := range deltas {
		base := bytes.Repeat([]byte{byte(i), 1, 2, 3}, size/4)
		h := plumbing.ComputeHash(plumbing.BlobObject, base)
		bases[h] = base
		delta := Delta(base, []byte{byte(i)})
		pack = append(pack, ObjectHeader(plumbing.REFDeltaObject, len(delta))...)
		pack = append(pack, h[:]...)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(delta)
		w.Close()
		pack = append(pack, z.Bytes()...)
	}
	sum := sha1.Sum(pack)
	return append(pack, sum[:]...), bases
}

func take(ctx context.Context, t *testing.T, pack []byte, limits Limits, bases Bases) (*idxfile.MemoryIndex, int64, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "pack"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	index, err := Receive(ctx, bytes.NewReader(pack), f, limits, bases)
	info, _ := f.Stat()
	return index, info.Size(), err
}

func TestWhatAThinPackLeavesOutIsPutIn(t *testing.T) {
	t.Parallel()
	pack, known := thin(t, 3, 4096)
	bases := func(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		content, ok := known[h]
		return plumbing.BlobObject, content, ok, nil
	}
	index, _, err := take(t.Context(), t, pack, Limits{1 << 20, 10, 1 << 20, 1 << 30, 0}, bases)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if ok, _ := index.Contains(plumbing.ComputeHash(plumbing.BlobObject, []byte{byte(i)})); !ok {
			t.Errorf("what delta %d makes is not there", i)
		}
	}
	for h := range known {
		if ok, _ := index.Contains(h); !ok {
			t.Errorf("base %s is not there", h)
		}
	}
	for name, none := range map[string]Bases{"nobody has the bases": func(plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		return plumbing.InvalidObject, nil, false, nil
	}, "thin packs were not asked for": nil} {
		if _, _, err := take(t.Context(), t, pack, Limits{1 << 20, 10, 1 << 20, 1 << 30, 0}, none); err == nil {
			t.Errorf("%s, and the pack is taken", name)
		}
	}
}

// TestAThinPackMeetsTheLimitsWithItsBases: two thousand bytes on the wire may
// name bases of any size.
func TestAThinPackMeetsTheLimitsWithItsBases(t *testing.T) {
	t.Parallel()
	pack, _ := thin(t, 50, 4096)
	large := make([]byte, 1<<20)
	for i := range large {
		large[i] = byte(binary.BigEndian.Uint32(binary.BigEndian.AppendUint32(nil, uint32(i)*2654435761)) >> 13)
	}
	asked := 0
	bases := func(plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		asked++
		return plumbing.BlobObject, large, true, nil
	}
	_, size, err := take(t.Context(), t, pack, Limits{2 << 20, 1000, 2 << 20, 1 << 30, 0}, bases)
	if !errors.Is(err, fault.ErrTooLarge) || size > 4<<20 {
		t.Errorf("%d bytes on disk, %v", size, err)
	}
	if _, _, err = take(t.Context(), t, pack, Limits{1 << 30, 52, 2 << 20, 1 << 30, 0}, bases); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("too many objects: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked = 0
	_, _, err = take(ctx, t, pack, Limits{1 << 30, 1000, 2 << 20, 1 << 30, 0}, func(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		cancel()
		return bases(h)
	})
	if !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("%d bases are taken after the end, %v", asked-1, err)
	}
}
