package gitsource

import (
	"bufio"
	"compress/zlib"
	"crypto/sha1" // the checksum of git's pack format
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"regexp"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// packName is the name of a pack without its extension.
var packName = regexp.MustCompile(`^pack-[0-9a-f]{40}$`)

// packHeader is "PACK", version 2 and the number of objects
// (gitformat-pack(5)).
func packHeader(objects uint32) []byte {
	header := []byte("PACK\x00\x00\x00\x02")
	return binary.BigEndian.AppendUint32(header, objects)
}

// packWriter writes a pack and its index, object by object, in memory for one
// object. The number of objects is filled in at the end.
type packWriter struct {
	file   *os.File
	out    *bufio.Writer
	fast   *zlib.Writer
	stored *zlib.Writer // for what is too small to gain
	crc    hash.Hash32
	offset int64
	index  idxfile.Writer
	count  uint32
}

// smallBytes is up to where compressing costs more time than it saves space.
const smallBytes = 128

func newPackWriter(file *os.File) (*packWriter, error) {
	w := &packWriter{file: file, out: bufio.NewWriterSize(file, 64<<10), crc: crc32.NewIEEE()}
	w.fast, _ = zlib.NewWriterLevel(w, zlib.BestSpeed) // both levels are right
	w.stored, _ = zlib.NewWriterLevel(w, zlib.NoCompression)
	_, err := w.Write(packHeader(0))
	return w, err
}

// Write puts bytes of the current object into the file.
func (w *packWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.offset += int64(n)
	w.crc.Write(p[:n])
	return n, err
}

// add appends one object.
func (w *packWriter) add(kind plumbing.ObjectType, h plumbing.Hash, content []byte) error {
	return w.entry(h, objectHeader(kind, len(content)), content)
}

// addDelta appends one object as its difference from another one of this pack,
// which begins at an offset.
func (w *packWriter) addDelta(h plumbing.Hash, base int64, delta []byte) error {
	header := objectHeader(plumbing.OFSDeltaObject, len(delta))
	return w.entry(h, append(header, backwards(w.offset-base)...), delta)
}

func (w *packWriter) entry(h plumbing.Hash, header, content []byte) error {
	start := w.offset
	w.crc.Reset()
	if _, err := w.Write(header); err != nil {
		return err
	}
	zip := w.fast
	if len(content) <= smallBytes {
		zip = w.stored
	}
	zip.Reset(w)
	if _, err := zip.Write(content); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	w.index.Add(h, uint64(start), w.crc.Sum32())
	w.count++
	return nil
}

// backwards is how a pack says how far in front of it the base of a delta
// begins: seven bits a byte, highest first, each but the last less one.
func backwards(distance int64) []byte {
	b := []byte{byte(distance & 0x7f)}
	for distance >>= 7; distance > 0; distance >>= 7 {
		distance--
		b = append(b, byte(distance&0x7f)|0x80)
	}
	slices.Reverse(b)
	return b
}

// objectHeader is the type and the unpacked size of an object: four bits of
// the size in the first byte, seven in each that follows.
func objectHeader(kind plumbing.ObjectType, size int) []byte {
	b := byte(kind)<<4 | byte(size&0x0f)
	var header []byte
	for size >>= 4; size > 0; size >>= 7 {
		header = append(header, b|0x80)
		b = byte(size & 0x7f)
	}
	return append(header, b)
}

// finish fills in the number of objects, appends the checksum and returns the
// index.
func (w *packWriter) finish() (*idxfile.MemoryIndex, error) {
	if err := w.out.Flush(); err != nil {
		return nil, err
	}
	if _, err := w.file.WriteAt(packHeader(w.count), 0); err != nil {
		return nil, err
	}
	sum, err := w.checksum()
	if err != nil {
		return nil, err
	}
	if _, err := w.file.WriteAt(sum[:], w.offset); err != nil {
		return nil, err
	}
	if err := w.index.OnFooter(sum); err != nil {
		return nil, err
	}
	return w.index.Index()
}

// checksum reads the file again: the first bytes were not known before.
func (w *packWriter) checksum() (plumbing.Hash, error) {
	h := sha1.New()
	n, err := io.Copy(h, io.NewSectionReader(w.file, 0, w.offset))
	if err == nil && n != w.offset {
		err = errors.New("pack is shorter than was written")
	}
	return plumbing.Hash(h.Sum(nil)), err
}
