package objects

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// packOf opens a pack that git would not write: entries as they are, and zeros
// until it is of a size. Their names are nthName.
func packOf(t *testing.T, size int64, entries ...[]byte) *Store {
	t.Helper()
	dir := t.TempDir()
	pack := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
	offsets := map[plumbing.Hash]int{}
	for n, e := range entries {
		offsets[nthName(n)] = len(pack)
		pack = append(pack, e...)
	}
	file := filepath.Join(dir, "pack", "pack-made-up.pack")
	err := errors.Join(
		os.Mkdir(filepath.Dir(file), 0o700),
		os.WriteFile(file, pack, 0o600),
		os.Truncate(file, max(size, int64(len(pack)))),
		os.WriteFile(strings.TrimSuffix(file, ".pack")+".idx", indexOf(offsets), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, dir)
}

// nthName is what the nth object of a made-up pack is called.
func nthName(n int) plumbing.Hash {
	return sha1.Sum(binary.AppendUvarint(nil, uint64(n)))
}

func indexOf(offsets map[plumbing.Hash]int) []byte {
	names := make([]plumbing.Hash, 0, len(offsets))
	for h := range offsets {
		names = append(names, h)
	}
	plumbing.HashesSort(names)
	var fanOut [256]uint32
	var all, places []byte
	for n, h := range names {
		for first := int(h[0]); first < len(fanOut); first++ {
			fanOut[first] = uint32(n + 1)
		}
		all = append(all, h[:]...)
		places = binary.BigEndian.AppendUint32(places, uint32(offsets[h]))
	}
	text := bytes.Clone(indexMagic)
	for _, count := range fanOut {
		text = binary.BigEndian.AppendUint32(text, count)
	}
	return slices.Concat(text, all, make([]byte, 4*len(names)), places, make([]byte, 2*nameBytes))
}

// entry is an object of a pack; base is what a difference has before its content.
func entry(kind plumbing.ObjectType, size int, base, packed []byte) []byte {
	head := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		head[len(head)-1] |= 0x80
		head = append(head, byte(size&0x7f))
	}
	return slices.Concat(head, base, packed)
}

// allocated is how many bytes something takes from the heap, all in all. Only
// for tests that do not run in parallel.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestABrokenObjectTakesNoMoreMemoryThanItSays reads objects that say that they
// are small from a pack that is large.
func TestABrokenObjectTakesNoMoreMemoryThanItSays(t *testing.T) {
	const large, most = 256 << 20, 1 << 20
	whole := deflated(t, []byte("hello"), zlib.BestSpeed)
	otherSum := bytes.Clone(whole)
	otherSum[len(otherSum)-1]++
	broken := map[string][]byte{
		"no header":                 {0x78, 0x9d, 1, 2, 3},
		"no kind of block":          {0x78, 0x9c, 7},
		"another checksum":          otherSum,
		"longer than it says":       deflated(t, []byte("hello, world"), zlib.BestSpeed),
		"shorter than it says":      deflated(t, []byte("hell"), zlib.BestSpeed),
		"cut off":                   whole[:len(whole)-6],
		"blocks that hold nothing":  append([]byte{0x78, 0x9c}, bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1<<20)...),
		"blocks that end and begin": append([]byte{0x78, 0x9c}, bytes.Repeat([]byte{0x02, 0x08, 0x20, 0x80, 0x00}, 1<<20)...),
	}
	for name, packed := range broken {
		store := packOf(t, large, entry(plumbing.BlobObject, 5, nil, packed))
		var err error
		took := allocated(func() { _, _, err = store.NewReader().Object(nthName(0)) })
		if !errors.Is(err, ErrMalformed) || took > most {
			t.Errorf("%s: %v, and it took %d bytes", name, err, took)
		}
	}
}

func TestWhatIsDeflatedBadlyIsRead(t *testing.T) {
	t.Parallel()
	want := []byte(strings.Repeat("a line of many\n", 100))
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	for piece := range slices.Chunk(want, 4) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		w.Flush()
	}
	w.Close()
	if packed.Len() < 2*len(want) {
		t.Fatalf("%d bytes are deflated to %d", len(want), packed.Len())
	}
	store := packOf(t, 1<<20, entry(plumbing.BlobObject, len(want), nil, packed.Bytes()))
	if _, got, err := store.NewReader().Object(nthName(0)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// padded puts blocks that hold nothing in front of what was deflated. git takes
// such an object for sound, and serves it as it is.
func padded(packed []byte, blocks int) []byte {
	return slices.Concat(packed[:2], bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, blocks), packed[2:])
}

func TestWhatIsDeflatedForLongIsRead(t *testing.T) {
	const most = 1 << 20
	want := []byte("ami = \"ami-1\"\n")
	packed := padded(deflated(t, want, zlib.BestSpeed), 1<<20)
	head := entry(plumbing.BlobObject, len(want), nil, nil)
	head[len(head)-1] |= 0x80 // sizes may be written longer than they are
	head = append(head, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0)
	for name, text := range map[string][]byte{"size": entry(plumbing.BlobObject, len(want), nil, packed), "long size": append(head, packed...)} {
		store := packOf(t, 8<<20, text)
		var got []byte
		var err error
		took := allocated(func() { _, got, err = store.NewReader().Object(nthName(0)) })
		if err != nil || !bytes.Equal(got, want) || took > most {
			t.Errorf("%s: %q, %v, and it took %d bytes", name, got, err, took)
		}
	}
}
