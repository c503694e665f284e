package packs

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha1" // the checksum of git's pack format
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// fatten puts the objects that a stored thin pack leaves out behind those that
// it has, as `git index-pack --fix-thin` does. A base that the receiver does not
// have is in the pack itself, or is found missing when it is resolved.
func fatten(f *os.File, pack found, bases Bases) error {
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
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return seal(f, pack.objects, end)
}

// appendObject writes one object, and returns how many bytes that took.
func appendObject(w io.Writer, kind plumbing.ObjectType, content []byte) (int64, error) {
	b := bytes.NewBuffer(ObjectHeader(kind, len(content)))
	zip, _ := zlib.NewWriterLevel(b, zlib.BestSpeed) // the level is right
	zip.Write(content)                               // into memory: never fails
	zip.Close()
	return b.WriteTo(w)
}

// seal writes how many objects there are, and the checksum of all up to end.
func seal(f *os.File, objects uint32, end int64) error {
	if _, err := f.WriteAt(Header(objects), 0); err != nil {
		return err
	}
	sum := sha1.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, end)); err != nil {
		return err
	}
	if _, err := f.WriteAt(sum.Sum(nil), end); err != nil {
		return err
	}
	return f.Truncate(end + sha1.Size)
}
