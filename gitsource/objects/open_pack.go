package objects

import (
	"bytes"
	"crypto/sha1" // the checksum of git's pack format
	"fmt"
	"iter"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// Pack is a pack file and its index.
type Pack struct {
	Path string // without an extension
	Size int64  // of the pack file, in bytes

	place int // in the order in which a Store got them
	file  *os.File
	index index
}

// OpenPack opens a pack and its index, of which it is given the path without an
// extension. It looks at no object; see Check.
func OpenPack(path string) (*Pack, error) {
	index, err := readIndex(path + ".idx")
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path + ".pack")
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Pack{Path: path, Size: info.Size(), file: f, index: index}, nil
}

// Close gives the files back. A Store does that for those that it has.
func (p *Pack) Close() error { return p.file.Close() }

// Check reports what a crash can do to a pack: an index that is not what was
// written, and a pack that does not end as its index says.
func (p *Pack) Check() error {
	text, sums := p.index.text, p.index.text[len(p.index.text)-2*sha1.Size:]
	if sum := sha1.Sum(text[:len(text)-sha1.Size]); !bytes.Equal(sum[:], sums[sha1.Size:]) {
		return malformed("the index of %s is not what was written", p.Path)
	}
	end := make([]byte, sha1.Size)
	if _, err := p.file.ReadAt(end, max(p.Size-sha1.Size, 0)); err != nil {
		return fmt.Errorf("read the end of %s: %w", p.Path, err)
	}
	if !bytes.Equal(end, sums[:sha1.Size]) {
		return malformed("%s does not end with its checksum", p.Path)
	}
	return nil
}

// Names are the names of all objects, in their order.
func (p *Pack) Names() iter.Seq[plumbing.Hash] {
	return func(yield func(plumbing.Hash) bool) {
		for names := p.index.names; len(names) > 0; names = names[nameBytes:] {
			if !yield(plumbing.Hash(names[:nameBytes])) {
				return
			}
		}
	}
}
