package ledger

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"moult/gitsource/packs"
)

// packReader reads objects of one pack, best in the order in which they lie
// there: what others are differences from is then still at hand. go-git's
// reader takes five times as long for tens of thousands of small objects. It
// is used by one goroutine.
type packReader struct {
	file   *os.File
	size   int64
	index  idxfile.Index
	whole  *io.SectionReader
	window *bufio.Reader // of whole
	zip    io.ReadCloser
	kept   map[int64][]byte // content by offset
	bytes  int              // of what is kept
}

// keptBytes is how much a packReader keeps at hand.
const keptBytes = 16 << 20

// deepest is how many differences one object may be made of; git itself makes
// 50, and 4095 at most.
const deepest = 4095

func openPack(path string, index idxfile.Index) (*packReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	p := &packReader{file: f, size: info.Size(), index: index, kept: map[int64][]byte{}}
	p.whole = io.NewSectionReader(f, 0, p.size)
	p.window = bufio.NewReaderSize(p.whole, 32<<10)
	return p, nil
}

func (p *packReader) close() { p.file.Close() }

var errPack = errors.New("pack is malformed")

// blob is the content of the blob at an offset.
func (p *packReader) blob(offset int64) ([]byte, error) {
	kind, content, err := p.object(offset, 0)
	if err == nil && kind != plumbing.BlobObject {
		return nil, fmt.Errorf("%w: %s where a blob should be", errPack, kind)
	}
	return content, err
}

func (p *packReader) object(offset int64, depth int) (plumbing.ObjectType, []byte, error) {
	if content, ok := p.kept[offset]; ok {
		return plumbing.BlobObject, content, nil
	}
	if depth > deepest || offset <= 0 || offset >= p.size {
		return 0, nil, errPack
	}
	if err := p.seek(offset); err != nil {
		return 0, nil, err
	}
	kind, size, err := p.header()
	if err != nil {
		return 0, nil, err
	}
	base, err := p.base(kind, offset)
	if err != nil {
		return 0, nil, err
	}
	content, err := p.inflate(size)
	if err != nil {
		return 0, nil, err
	}
	if kind.IsDelta() {
		if kind, content, err = p.apply(content, base, depth); err != nil {
			return 0, nil, err
		}
	}
	if kind == plumbing.BlobObject {
		p.keep(offset, content)
	}
	return kind, content, nil
}

// seek goes to an offset, most often a little ahead in the window.
func (p *packReader) seek(offset int64) error {
	end, err := p.whole.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	ahead := offset - (end - int64(p.window.Buffered()))
	if ahead >= 0 && ahead <= int64(p.window.Buffered()) {
		_, err := p.window.Discard(int(ahead))
		return err
	}
	_, err = p.whole.Seek(offset, io.SeekStart)
	p.window.Reset(p.whole)
	return err
}

// header reads type and size of an object (gitformat-pack(5)).
func (p *packReader) header() (plumbing.ObjectType, int64, error) {
	b, err := p.window.ReadByte()
	kind, size := plumbing.ObjectType(b>>4&7), int64(b&15)
	for shift := 4; b&0x80 != 0 && err == nil; shift += 7 {
		b, err = p.window.ReadByte()
		size |= int64(b&0x7f) << min(shift, 62)
	}
	if err != nil || size < 0 || size > limits.ObjectBytes {
		return 0, 0, errPack
	}
	return kind, size, nil
}

// base is the offset of the object that a delta is the difference from; 0 for
// a whole object.
func (p *packReader) base(kind plumbing.ObjectType, offset int64) (int64, error) {
	switch kind {
	case plumbing.OFSDeltaObject:
		back, err := readBack(p.window)
		return offset - back, err
	case plumbing.REFDeltaObject:
		var h plumbing.Hash
		if _, err := io.ReadFull(p.window, h[:]); err != nil {
			return 0, errPack
		}
		return p.index.FindOffset(h)
	case plumbing.BlobObject, plumbing.CommitObject, plumbing.TreeObject, plumbing.TagObject:
		return 0, nil
	}
	return 0, errPack
}

// readBack reads how far back the base of a delta lies: seven bits a byte,
// highest first, and each byte but the last counts one more.
func readBack(r io.ByteReader) (int64, error) {
	var back int64
	for n := range binary.MaxVarintLen64 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, errPack
		}
		if n > 0 {
			back++
		}
		if back = back<<7 | int64(b&0x7f); b&0x80 == 0 {
			return back, nil
		}
	}
	return 0, errPack
}

func (p *packReader) inflate(size int64) ([]byte, error) {
	if p.zip == nil {
		z, err := zlib.NewReader(p.window)
		if err != nil {
			return nil, errPack
		}
		p.zip = z
	} else if err := p.zip.(zlib.Resetter).Reset(p.window, nil); err != nil {
		return nil, errPack
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(p.zip, content); err != nil {
		return nil, errPack
	}
	return content, nil
}

func (p *packReader) apply(delta []byte, base int64, depth int) (plumbing.ObjectType, []byte, error) {
	if packs.DeltaSize(delta) > uint64(limits.ObjectBytes) {
		return 0, nil, errPack
	}
	kind, from, err := p.object(base, depth+1)
	if err != nil {
		return 0, nil, err
	}
	content, err := packfile.PatchDelta(from, delta)
	if err != nil {
		return 0, nil, errPack
	}
	return kind, content, nil
}

func (p *packReader) keep(offset int64, content []byte) {
	if p.bytes += len(content); p.bytes > keptBytes {
		clear(p.kept)
		p.bytes = len(content)
	}
	p.kept[offset] = content
}
