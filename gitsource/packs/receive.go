package packs

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"

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
}

// Bases finds an object that a thin pack leaves out because the receiver has it;
// ok is false when it has not.
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
	if err != nil || found.objects == 0 {
		return nil, err
	}
	if _, err := CheckTrailer(f, found.sum[:]); err != nil {
		return nil, fmt.Errorf("receive pack: %w", err)
	}
	if bases != nil && len(found.bases) > 0 {
		if err := fatten(ctx, f, found, limits, bases); err != nil {
			return nil, fmt.Errorf("receive pack: complete it: %w", err)
		}
	}
	return resolve(ctx, f)
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
	objects uint32
	sum     plumbing.Hash
	bases   []plumbing.Hash // that deltas name by hash
}

// scan reads a pack from begin to end without keeping it, and checks its sizes
// and its checksum.
func scan(r io.Reader, limits Limits) (found, error) {
	s := packfile.NewScanner(r)
	_, count, err := s.Header()
	if err != nil {
		return found{}, fmt.Errorf("receive pack: %w", err)
	}
	if int64(count) > int64(limits.Objects) {
		return found{}, fault.TooLarge("pack of %d objects (limit %d)", count, limits.Objects)
	}
	all := found{objects: count}
	for range count {
		if err := all.object(s, limits.ObjectBytes); err != nil {
			return all, fmt.Errorf("receive pack: %w", err)
		}
	}
	if all.sum, err = s.Checksum(); err != nil {
		err = fmt.Errorf("receive pack: %w", err)
	}
	return all, err
}

// reservedType is the object type that gitformat-pack(5) keeps for later.
const reservedType plumbing.ObjectType = 5

func (f *found) object(s *packfile.Scanner, limit int64) error {
	header, err := s.NextObjectHeader()
	if err != nil {
		return err
	}
	if !header.Type.Valid() || header.Type == reservedType {
		return fmt.Errorf("object of unknown type %d", header.Type)
	}
	if header.Length > limit {
		return fault.TooLarge("object of %d bytes (limit %d)", header.Length, limit)
	}
	if header.Type == plumbing.REFDeltaObject {
		f.bases = append(f.bases, header.Reference)
	}
	var start firstBytes
	if _, _, err := s.NextObject(&start); err != nil {
		return err
	}
	if size := DeltaSize(start.kept[:start.n]); header.Type.IsDelta() && size > uint64(limit) {
		return fault.TooLarge("object of %d bytes (limit %d)", size, limit)
	}
	return nil
}

// firstBytes keeps the first bytes that are written to it: as many as
// DeltaSize needs.
type firstBytes struct {
	kept [2 * binary.MaxVarintLen64]byte
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
	if err != nil || all.objects == 0 {
		return nil, err
	}
	return resolve(ctx, f)
}

// resolve resolves the deltas of a stored pack and returns its index. go-git
// has panicked on malformed packs before (GHSA-w5pp-99ch-qj29), so a panic
// counts as one.
func resolve(ctx context.Context, f *os.File) (index *idxfile.MemoryIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("index pack: malformed: %v", r)
		}
	}()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var w idxfile.Writer
	parser, err := packfile.NewParser(packfile.NewScanner(endingFile{ctx, f}), &w)
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(); err != nil {
		return nil, fmt.Errorf("index pack: %w", err)
	}
	return w.Index()
}

// endingFile is a file that cannot be read any more once ctx has ended: the
// only way to stop go-git's parser.
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
