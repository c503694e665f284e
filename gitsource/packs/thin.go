package packs

import (
	"bufio"
	"context"
	"crypto/sha1" // the checksum of git's pack format
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// fatten puts the objects that a stored thin pack leaves out behind those that
// it has, as `git index-pack --fix-thin` does. A base that the receiver does not
// have is in the pack itself, or is found missing when it is resolved.
func fatten(ctx context.Context, f *os.File, pack found, limits Limits, bases Bases) error {
	end, err := f.Seek(-int64(len(pack.sum)), io.SeekEnd) // in front of the checksum
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	put := map[plumbing.Hash]bool{}
	for _, h := range pack.bases {
		if put[h] {
			continue
		}
		put[h] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, content, ok, err := bases(h)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		n, err := appendObject(w, kind, content)
		if err != nil {
			return err
		}
		end += n
		pack.objects++
		if end > limits.Bytes || int64(pack.objects) > int64(limits.Objects) {
			return fault.TooLarge("pack of more than %d bytes or %d objects, with what it is based on", limits.Bytes, limits.Objects)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return seal(ctx, f, pack.objects, end)
}

// appendObject writes one object, and returns how many bytes that took. It is
// not compressed before the mirror is compacted.
func appendObject(w io.Writer, kind plumbing.ObjectType, content []byte) (int64, error) {
	counted := &countingWriter{w: w}
	if _, err := counted.Write(ObjectHeader(kind, len(content))); err != nil {
		return 0, err
	}
	err := writeStored(counted, content)
	return counted.n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// seal writes how many objects there are, and the checksum of all up to end.
func seal(ctx context.Context, f *os.File, objects uint32, end int64) error {
	if _, err := f.WriteAt(Header(objects), 0); err != nil {
		return err
	}
	sum := sha1.New()
	if _, err := io.Copy(sum, io.NewSectionReader(endingFile{ctx, f}, 0, end)); err != nil {
		return err
	}
	if _, err := f.WriteAt(sum.Sum(nil), end); err != nil {
		return err
	}
	return f.Truncate(end + sha1.Size)
}
