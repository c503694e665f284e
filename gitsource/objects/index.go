package objects

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// index is a pack's index of version 2, as it lies on disk: a table of how many
// names begin with at most each byte, the names, their checksums, their
// offsets, and the offsets that need more than 31 bits (gitformat-pack(5)).
type index struct {
	text                          []byte // the whole of it
	fanOut, names, offsets, large []byte
}

const (
	nameBytes   = len(plumbing.ZeroHash)
	fanOutBytes = 256 * 4
)

var indexMagic = []byte{0xff, 't', 'O', 'c', 0, 0, 0, 2}

func readIndex(path string) (index, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return index{}, err
	}
	return parseIndex(text)
}

func parseIndex(text []byte) (index, error) {
	rest, ok := bytes.CutPrefix(text, indexMagic)
	if !ok || len(rest) < fanOutBytes+2*nameBytes {
		return index{}, fmt.Errorf("%w: no index of version 2", ErrMalformed)
	}
	x := index{text: text}
	x.fanOut, rest = rest[:fanOutBytes], rest[fanOutBytes:len(rest)-2*nameBytes]
	count := x.before(256)
	if last := 0; count > len(rest)/(nameBytes+8) || !x.ascends(&last) {
		return index{}, fmt.Errorf("%w: an index that is cut off", ErrMalformed)
	}
	x.names, rest = rest[:count*nameBytes], rest[count*(nameBytes+4):]
	x.offsets, x.large = rest[:count*4], rest[count*4:]
	return x, nil
}

// before is how many names begin with less than a byte.
func (x index) before(first int) int {
	if first == 0 {
		return 0
	}
	return int(binary.BigEndian.Uint32(x.fanOut[4*(first-1):]))
}

func (x index) ascends(last *int) bool {
	for first := 1; first <= 256; first++ {
		if x.before(first) < *last {
			return false
		}
		*last = x.before(first)
	}
	return true
}

// find is the offset of an object in the pack.
func (x index) find(h plumbing.Hash) (int64, bool) {
	low, high := x.before(int(h[0])), x.before(int(h[0])+1)
	for low < high {
		middle := (low + high) / 2
		switch bytes.Compare(h[:], x.names[middle*nameBytes:(middle+1)*nameBytes]) {
		case 0:
			return x.offset(middle)
		case -1:
			high = middle
		default:
			low = middle + 1
		}
	}
	return 0, false
}

// offset is where the nth object lies. With the highest bit set it is the place
// of an offset of eight bytes.
func (x index) offset(n int) (int64, bool) {
	short := binary.BigEndian.Uint32(x.offsets[4*n:])
	if short&(1<<31) == 0 {
		return int64(short), true
	}
	at := int(short&^(1<<31)) * 8
	if at+8 > len(x.large) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(x.large[at:])), true
}
