package objects

import (
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
)

// headerBytes is the longest header of an object in a pack: type and size, and
// the name of what it is the difference from.
const headerBytes = int64(binary.MaxVarintLen64 + nameBytes)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func tooLarge(size, most int64) error {
	return fmt.Errorf("%w: %d bytes, where %d are read", ErrTooLarge, size, most)
}

// header is what stands before an object in a pack.
type header struct {
	kind  plumbing.ObjectType
	size  int64 // of the content, or of the difference
	base  int64 // where that lies from which it is a difference
	bytes int64 // of the header itself
}

// header reads type, size and base (gitformat-pack(5)).
func (r *Reader) header(at place) (header, error) {
	if at.offset <= 0 || at.offset >= at.pack.Size {
		return header{}, malformed("a pack leads nowhere")
	}
	text, err := r.bytesAt(at, headerBytes)
	if err != nil {
		return header{}, err
	}
	whole := len(text)
	b, text := text[0], text[1:]
	h := header{kind: plumbing.ObjectType(b >> 4 & 7), size: int64(b & 15)}
	for shift := 4; b&0x80 != 0; shift += 7 {
		if len(text) == 0 || shift > 57 {
			return header{}, malformed("an object in a pack has no size")
		}
		b, text = text[0], text[1:]
		h.size |= int64(b&0x7f) << shift
	}
	if h.size > r.Most {
		return header{}, tooLarge(h.size, r.Most)
	}
	if text, err = h.takeBase(at, text); err != nil {
		return header{}, err
	}
	h.bytes = int64(whole - len(text))
	return h, nil
}

// takeBase reads what an object is the difference from.
func (h *header) takeBase(at place, text []byte) ([]byte, error) {
	switch h.kind {
	case plumbing.OFSDeltaObject:
		back, rest, ok := cutBack(text)
		h.base = at.offset - back
		if !ok || h.base >= at.offset {
			return nil, malformed("a difference in a pack leads nowhere")
		}
		return rest, nil
	case plumbing.REFDeltaObject:
		if len(text) < nameBytes {
			return nil, malformed("a pack ends too early")
		}
		base, ok := at.pack.index.find(plumbing.Hash(text[:nameBytes]))
		if !ok {
			return nil, malformed("a difference in a pack leads nowhere")
		}
		h.base = base
		return text[nameBytes:], nil
	case plumbing.BlobObject, plumbing.CommitObject, plumbing.TreeObject, plumbing.TagObject:
		return text, nil
	}
	return nil, malformed("an object in a pack is of no known type")
}

// cutBack reads how far back the base of a difference lies: seven bits a byte,
// highest first, and each byte but the last counts one more.
func cutBack(text []byte) (back int64, rest []byte, ok bool) {
	for n := range min(len(text), 8) {
		if n > 0 {
			back++
		}
		if back = back<<7 | int64(text[n]&0x7f); text[n]&0x80 == 0 {
			return back, text[n+1:], true
		}
	}
	return 0, nil, false
}

// room is where content of a size is inflated to: a difference is read once, to
// be applied, and the next one may take its place.
func (r *Reader) room(h header) []byte {
	if !h.kind.IsDelta() {
		return make([]byte, h.size)
	}
	if int64(cap(r.delta)) < h.size {
		r.delta = make([]byte, h.size)
	}
	return r.delta[:h.size]
}

// unpack inflates the content of an object. How much of the pack that takes is
// written nowhere: most that git writes fits into the first room. The second
// has twice what any zlib makes of so much content (deflateBound in zlib.h). What
// needs more git never writes and takes all the same, such as a thousand empty
// blocks in front: it is read as a stream.
func (r *Reader) unpack(at place, h header) ([]byte, error) {
	at.offset += h.bytes
	content := r.room(h)
	if h.size > mostRoom/4 {
		defer r.shed()
	}
	var failed error
	for _, room := range [...]int64{h.size + h.size/8 + 64, 2*h.size + windowBytes} {
		packed, err := r.bytesAt(at, room)
		if err != nil {
			return nil, err
		}
		if failed = r.inflate.into(content, packed); failed == nil {
			return content, nil
		}
		if !errors.Is(failed, errCutOff) { // more of the pack would not help
			break
		}
	}
	if errors.Is(failed, errCutOff) {
		failed = stream(at, content)
	}
	if failed != nil {
		return nil, malformed("an object in a pack cannot be inflated: %v", failed)
	}
	return content, nil
}

// stream inflates as packs are received: whatever was taken then can be read.
func stream(at place, content []byte) error {
	z, err := zlib.NewReader(io.NewSectionReader(at.pack.file, at.offset, at.pack.Size-at.offset))
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(z, content); err != nil {
		return err
	}
	if n, err := z.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) { // the checksum is compared there
		return errDeflated
	}
	return nil
}
