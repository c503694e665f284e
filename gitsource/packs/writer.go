package packs

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
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// Header is "PACK", version 2 and the number of objects
// (gitformat-pack(5)).
func Header(objects uint32) []byte {
	header := []byte("PACK\x00\x00\x00\x02")
	return binary.BigEndian.AppendUint32(header, objects)
}

// Writer writes a pack and its index, object by object, in memory for one
// object. The number of objects is filled in at the end.
type Writer struct {
	file  *os.File
	out   *bufio.Writer
	fast  *zlib.Writer
	crc   hash.Hash32
	index idxfile.Writer

	// Offset is where the next object begins, and Count how many there are.
	Offset int64
	Count  uint32
}

// smallBytes is up to where compressing costs more time than it saves space.
const smallBytes = 128

// NewWriter begins a pack in an empty file.
func NewWriter(file *os.File) (*Writer, error) {
	w := &Writer{file: file, out: bufio.NewWriterSize(file, 64<<10), crc: crc32.NewIEEE()}
	w.fast, _ = zlib.NewWriterLevel(w, zlib.BestSpeed) // the level is right
	_, err := w.Write(Header(0))
	return w, err
}

// Write puts bytes of the current object into the file.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.Offset += int64(n)
	w.crc.Write(p[:n])
	return n, err
}

// Add appends one object.
func (w *Writer) Add(kind plumbing.ObjectType, h plumbing.Hash, content []byte) error {
	return w.entry(h, ObjectHeader(kind, len(content)), content)
}

// AddDelta appends one object as its difference from another one of this pack,
// which begins at an offset.
func (w *Writer) AddDelta(h plumbing.Hash, base int64, delta []byte) error {
	header := ObjectHeader(plumbing.OFSDeltaObject, len(delta))
	return w.entry(h, append(header, backwards(w.Offset-base)...), delta)
}

func (w *Writer) entry(h plumbing.Hash, header, content []byte) error {
	start := w.Offset
	w.crc.Reset()
	if _, err := w.Write(header); err != nil {
		return err
	}
	if err := w.deflate(content); err != nil {
		return err
	}
	w.index.Add(h, uint64(start), w.crc.Sum32())
	w.Count++
	return nil
}

// deflate writes content as it stands in a pack.
func (w *Writer) deflate(content []byte) error {
	if len(content) <= smallBytes {
		return writeStored(w, content)
	}
	w.fast.Reset(w)
	if _, err := w.fast.Write(content); err != nil {
		return err
	}
	return w.fast.Close()
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

// ObjectHeader is the type and the unpacked size of an object: four bits of
// the size in the first byte, seven in each that follows.
func ObjectHeader(kind plumbing.ObjectType, size int) []byte {
	b := byte(kind)<<4 | byte(size&0x0f)
	var header []byte
	for size >>= 4; size > 0; size >>= 7 {
		header = append(header, b|0x80)
		b = byte(size & 0x7f)
	}
	return append(header, b)
}

// Finish fills in the number of objects, appends the checksum and returns the
// index.
func (w *Writer) Finish() (*idxfile.MemoryIndex, error) {
	if err := w.out.Flush(); err != nil {
		return nil, err
	}
	if _, err := w.file.WriteAt(Header(w.Count), 0); err != nil {
		return nil, err
	}
	sum, err := w.checksum()
	if err != nil {
		return nil, err
	}
	if _, err := w.file.WriteAt(sum[:], w.Offset); err != nil {
		return nil, err
	}
	if err := w.index.OnFooter(sum); err != nil {
		return nil, err
	}
	return w.index.Index()
}

// checksum reads the file again: the first bytes were not known before.
func (w *Writer) checksum() (plumbing.Hash, error) {
	h := sha1.New()
	n, err := io.Copy(h, io.NewSectionReader(w.file, 0, w.Offset))
	if err == nil && n != w.Offset {
		err = errors.New("pack is shorter than was written")
	}
	return plumbing.Hash(h.Sum(nil)), err
}
