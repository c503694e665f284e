package ledger

import (
	"bufio"
	"compress/zlib"
	"context"
	"crypto/sha1" //nolint:gosec // the checksum of git's pack format
	"io"
	"math"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/packs"
)

// named is an object to be read.
type named struct {
	kind plumbing.ObjectType
	hash plumbing.Hash
}

// stored is an object, and of what kind it is: a tree may say otherwise.
func (r *repository) stored(o named) (plumbing.ObjectType, []byte, error) {
	content, err := r.object(o.kind, o.hash)
	if err == nil {
		return o.kind, content, nil
	}
	if kind, content, found, _ := r.base(o.hash); found {
		return kind, content, nil
	}
	return o.kind, nil, err
}

// writePack writes objects as a pack, whole and one after the other
// (gitformat-pack(5)). go-git's encoder would hold all of them in memory. Notes
// are small and new; git finds what they have in common when it repacks.
func (r *repository) writePack(ctx context.Context, w io.Writer, objects []named) error {
	sum := sha1.New() //nolint:gosec // see above
	both := bufio.NewWriter(io.MultiWriter(w, sum))
	both.Write(packs.Header(uint32(min(len(objects), math.MaxUint32)))) // a bufio.Writer keeps its first error until Flush
	zip := zlib.NewWriter(both)
	for _, o := range objects {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, content, err := r.stored(o)
		if err != nil {
			return err
		}
		both.Write(packs.ObjectHeader(kind, len(content)))
		zip.Reset(both)
		zip.Write(content)
		if err := zip.Close(); err != nil {
			return err
		}
	}
	if err := both.Flush(); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}
