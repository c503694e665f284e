package packs

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"moult/gitsource/fault"
)

// Limits bound a pack that somebody else made.
type Limits struct {
	Bytes       int64 // on the wire and on disk
	Objects     int
	ObjectBytes int64 // one object, unpacked
	Unpacked    int64 // all that is inflated, and all that deltas make of it
	Chain       int64 // all that one object is made from, itself included; zero means Unpacked
}

// tooMuch: a pack is larger inside than it looks.
func tooMuch(limit int64) error {
	return fault.New(fault.ErrTooLarge, "find out what makes it so large (git count-objects -v), or keep the declarations in a repository of their own",
		"pack makes more than %d bytes when it is unpacked (limit)", limit)
}

// Bases finds an object that a thin pack leaves out because the receiver has it;
// ok is false when it has not. The content is what the name promises.
type Bases func(plumbing.Hash) (kind plumbing.ObjectType, content []byte, ok bool, err error)

// Receive stores a pack from the wire in f and returns its index, nil for
// a pack without objects. Sizes are checked while the pack arrives, so that
// what is too large is refused before it fills the disk or the memory. With
// bases the pack may be thin (gitformat-pack(5)): what it leaves out is put in.
func Receive(ctx context.Context, r io.Reader, f *os.File, limits Limits, bases Bases) (*idxfile.MemoryIndex, error) {
	stored := bufio.NewWriterSize(f, 64<<10)
	wire := &cappedReader{r: r, left: limits.Bytes}
	found, err := scan(io.TeeReader(wire, stored), limits)
	if err == nil {
		err = stored.Flush()
	}
	if err != nil || len(found.entries) == 0 {
		return nil, err
	}
	if _, err := checkTrailer(f, found.sum[:]); err != nil {
		return nil, fmt.Errorf("receive pack: %w", err)
	}
	if bases != nil && len(found.named) > 0 {
		if err := fatten(ctx, f, found, limits, bases); err != nil {
			return nil, fmt.Errorf("receive pack: complete it: %w", err)
		}
	}
	return resolve(ctx, f, found, limits)
}

// cappedReader fails when more than left bytes come.
type cappedReader struct {
	r    io.Reader
	left int64
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fault.TooLarge("pack is larger than the limit")
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// found is what a pack turns out to be when it is read from begin to end.
type found struct {
	entries  []entry // in the order in which they lie in it
	named    []namedBase
	sum      plumbing.Hash
	unpacked int64
}

// entry is one object of a pack. The kind of a delta, and its name, are not
// known before it is resolved.
type entry struct {
	offset int64
	size   int64 // of a delta, that of what it makes
	base   int32 // of a delta that says where its base lies, which entry that is; else -1
	crc    uint32
	kind   plumbing.ObjectType
	name   plumbing.Hash
}

// namedBase is what a delta is based on, by hash.
type namedBase struct {
	base  plumbing.Hash
	delta int32
	taken bool // of the first of its base: all of them are being made, or are made
}

// scan reads a pack from begin to end without keeping it, and checks its sizes
// and its checksum.
func scan(r io.Reader, limits Limits) (*found, error) {
	s := packfile.NewScanner(r)
	_, count, err := s.Header()
	if err != nil {
		return nil, fmt.Errorf("receive pack: %w", err)
	}
	if int64(count) > int64(limits.Objects) {
		return nil, fault.TooLarge("pack of %d objects (limit %d)", count, limits.Objects)
	}
	all := &found{}
	for range count {
		if err := all.object(s, limits); err != nil {
			return nil, fmt.Errorf("receive pack: %w", err)
		}
	}
	if all.sum, err = s.Checksum(); err != nil {
		return nil, fmt.Errorf("receive pack: %w", err)
	}
	return all, nil
}

// reservedType is the object type that gitformat-pack(5) keeps for later.
const reservedType plumbing.ObjectType = 5

func (f *found) object(s *packfile.Scanner, limits Limits) error {
	header, err := s.NextObjectHeader()
	if err != nil {
		return err
	}
	if !header.Type.Valid() || header.Type == reservedType {
		return fmt.Errorf("object of unknown type %d", header.Type)
	}
	if err := f.count(header.Length, limits); err != nil {
		return err
	}
	e := entry{offset: header.Offset, size: header.Length, kind: header.Type, base: -1}
	if header.Type.IsDelta() {
		err = f.delta(s, header, &e, limits)
	} else {
		err = e.whole(s)
	}
	f.entries = append(f.entries, e)
	return err
}

// count checks a size before anything of it is made.
func (f *found) count(size int64, limits Limits) error {
	if size > limits.ObjectBytes {
		return fault.TooLarge("object of %d bytes (limit %d)", size, limits.ObjectBytes)
	}
	if f.unpacked += size; f.unpacked > limits.Unpacked {
		return tooMuch(limits.Unpacked)
	}
	return nil
}

// whole reads an object that is no delta.
func (e *entry) whole(s *packfile.Scanner) error {
	hasher := plumbing.NewHasher(e.kind, e.size)
	n, crc, err := s.NextObject(hasher)
	if err == nil && n != e.size {
		err = fmt.Errorf("object of %d bytes has %d", e.size, n)
	}
	e.crc, e.name = crc, hasher.Sum()
	return err
}

// delta reads a delta and finds its base.
func (f *found) delta(s *packfile.Scanner, header *packfile.ObjectHeader, e *entry, limits Limits) error {
	if e.kind == plumbing.REFDeltaObject {
		f.named = append(f.named, namedBase{base: header.Reference, delta: int32(len(f.entries))})
	} else {
		at, ok := slices.BinarySearchFunc(f.entries, header.OffsetReference, func(e entry, offset int64) int { return cmp.Compare(e.offset, offset) })
		if !ok {
			return errors.New("delta from where no object is")
		}
		e.base = int32(at)
	}
	var start firstBytes
	n, crc, err := s.NextObject(&start)
	if err == nil && n != header.Length {
		err = fmt.Errorf("delta of %d bytes has %d", header.Length, n)
	}
	if err != nil {
		return err
	}
	e.crc = crc
	e.size = int64(min(deltaSize(start.kept[:start.n]), math.MaxInt64))
	return f.count(e.size, limits)
}

// sizesBytes is how much of the begin of a delta deltaSize needs, at most.
const sizesBytes = 2 * binary.MaxVarintLen64

// firstBytes keeps the first bytes that are written to it: as many as
// deltaSize needs.
type firstBytes struct {
	kept [sizesBytes]byte
	n    int
}

func (b *firstBytes) Write(p []byte) (int, error) {
	b.n += copy(b.kept[b.n:], p)
	return len(p), nil
}

// Index is Receive of a pack that lies in f already.
func Index(ctx context.Context, f *os.File, limits Limits) (*idxfile.MemoryIndex, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	all, err := scan(bufio.NewReader(endingFile{ctx, f}), limits)
	if err != nil || len(all.entries) == 0 {
		return nil, err
	}
	return resolve(ctx, f, all, limits)
}

// resolve resolves the deltas of a stored pack and returns its index. go-git
// has panicked on malformed packs before (GHSA-w5pp-99ch-qj29), so a panic
// counts as one.
func resolve(ctx context.Context, f *os.File, pack *found, limits Limits) (index *idxfile.MemoryIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("index pack: malformed: %v", r)
		}
	}()
	if err := newResolver(endingFile{ctx, f}, pack, limits).run(); err != nil {
		return nil, err
	}
	var w idxfile.Writer
	_ = w.OnHeader(uint32(len(pack.entries))) // it only makes room
	for _, e := range pack.entries {
		w.Add(e.name, uint64(e.offset), e.crc)
	}
	if err := w.OnFooter(pack.sum); err != nil {
		return nil, fmt.Errorf("index pack: %w", err)
	}
	if index, err = w.Index(); err != nil {
		return nil, fmt.Errorf("index pack: %w", err)
	}
	return index, pack.checkCopies(index)
}

// endingFile is a file that cannot be read any more once ctx has ended: what
// reads it stops at the next object.
type endingFile struct {
	ctx context.Context
	*os.File
}

func (f endingFile) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

// ReadAt is Read at an offset.
func (f endingFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}
