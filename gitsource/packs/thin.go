package packs

import (
	"bufio"
	"context"
	"crypto/sha1" // the checksum of git's pack format
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// fatten puts the objects that a stored thin pack leaves out behind those that
// it has, as `git index-pack --fix-thin` does. A base that the receiver does not
// have is in the pack itself, or is found missing when it is resolved.
func fatten(ctx context.Context, f *os.File, pack *found, limits Limits, bases Bases) error {
	end, err := f.Seek(-int64(len(pack.sum)), io.SeekEnd) // in front of the checksum
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	put := map[plumbing.Hash]bool{}
	for _, n := range pack.named {
		if put[n.base] {
			continue
		}
		put[n.base] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, content, ok, err := bases(n.base)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if end, err = pack.append(w, end, kind, content, limits); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	pack.sum, err = seal(ctx, f, uint32(len(pack.entries)), end)
	return err
}

// append writes one object behind the others, and returns where it ends.
func (f *found) append(w io.Writer, at int64, kind plumbing.ObjectType, content []byte, limits Limits) (int64, error) {
	e := entry{offset: at, size: int64(len(content)), kind: kind, base: -1, name: plumbing.ComputeHash(kind, content)}
	if err := f.count(e.size, limits); err != nil {
		return 0, err
	}
	n, crc, err := appendObject(w, kind, content)
	if err != nil {
		return 0, err
	}
	e.crc = crc
	f.entries = append(f.entries, e)
	if at+n > limits.Bytes || len(f.entries) > limits.Objects {
		return 0, fault.TooLarge("pack of more than %d bytes or %d objects, with what it is based on", limits.Bytes, limits.Objects)
	}
	return at + n, nil
}

// appendObject writes one object, and returns how many bytes that took and
// their checksum. It is not compressed before the mirror is compacted.
func appendObject(w io.Writer, kind plumbing.ObjectType, content []byte) (int64, uint32, error) {
	counted := &countingWriter{w: w, crc: crc32.NewIEEE()}
	if _, err := counted.Write(ObjectHeader(kind, len(content))); err != nil {
		return 0, 0, err
	}
	err := writeStored(counted, content)
	return counted.n, counted.crc.Sum32(), err
}

type countingWriter struct {
	w   io.Writer
	n   int64
	crc hash.Hash32
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.crc.Write(p[:n])
	return n, err
}

// seal writes how many objects there are, and the checksum of all up to end,
// which it returns.
func seal(ctx context.Context, f *os.File, objects uint32, end int64) (all plumbing.Hash, err error) {
	if _, err := f.WriteAt(Header(objects), 0); err != nil {
		return all, err
	}
	sum := sha1.New()
	if _, err := io.Copy(sum, io.NewSectionReader(endingFile{ctx, f}, 0, end)); err != nil {
		return all, err
	}
	sum.Sum(all[:0])
	if _, err := f.WriteAt(all[:], end); err != nil {
		return all, err
	}
	return all, f.Truncate(end + sha1.Size)
}
