package gitsource

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// packIndex is go-git's index of a pack, with a lean way from an offset to the
// object there, which reading a delta asks for. go-git's own is a map of a
// hundred bytes an object; this takes four.
type packIndex struct {
	*idxfile.MemoryIndex
	order []uint32 // by offset: the place of an object among the sorted names
}

// newPackIndex sorts the objects by where they lie.
func newPackIndex(index *idxfile.MemoryIndex) *packIndex {
	x := &packIndex{MemoryIndex: index}
	for first := range index.Fanout {
		x.order = slices.Grow(x.order, x.bucket(first))
		for i := range x.bucket(first) {
			x.order = append(x.order, uint32(first)<<24|uint32(i))
		}
	}
	slices.SortFunc(x.order, func(a, b uint32) int { return cmp.Compare(x.offset(a), x.offset(b)) })
	return x
}

// bucket is how many objects have a hash that begins with a byte.
func (x *packIndex) bucket(first int) int {
	k := x.FanoutMapping[first]
	if k < 0 || k >= len(x.Offset32) {
		return 0
	}
	return len(x.Offset32[k]) / 4
}

// farAway marks an offset that does not fit into 31 bits: the rest of it says
// where the whole stands (gitformat-pack(5)).
const farAway = 1 << 31

// offset is where an object lies.
func (x *packIndex) offset(place uint32) int64 {
	at := binary.BigEndian.Uint32(x.Offset32[x.FanoutMapping[place>>24]][4*(place&0xffffff):])
	if at&farAway == 0 {
		return int64(at)
	}
	if far := 8 * int(at&^farAway); far+8 <= len(x.Offset64) {
		return int64(binary.BigEndian.Uint64(x.Offset64[far:]))
	}
	return -1 // where no object is
}

func (x *packIndex) name(place uint32) []byte {
	at := len(plumbing.ZeroHash) * int(place&0xffffff)
	return x.Names[x.FanoutMapping[place>>24]][at : at+len(plumbing.ZeroHash)]
}

// FindHash is the object at an offset.
func (x *packIndex) FindHash(offset int64) (h plumbing.Hash, err error) {
	i, err := x.rank(offset)
	if err == nil {
		copy(h[:], x.name(x.order[i]))
	}
	return h, err
}

// rank is the how manieth object of the pack lies at an offset.
func (x *packIndex) rank(offset int64) (int, error) {
	i, found := slices.BinarySearchFunc(x.order, offset, func(place uint32, offset int64) int { return cmp.Compare(x.offset(place), offset) })
	if !found {
		return 0, plumbing.ErrObjectNotFound
	}
	return i, nil
}

// FindOffset is where an object lies.
func (x *packIndex) FindOffset(h plumbing.Hash) (int64, error) {
	low, high := 0, x.bucket(int(h[0]))
	for low < high {
		middle := (low + high) / 2
		place := uint32(h[0])<<24 | uint32(middle)
		switch order := bytes.Compare(h[:], x.name(place)); {
		case order == 0:
			return x.offset(place), nil
		case order < 0:
			high = middle
		default:
			low = middle + 1
		}
	}
	return 0, plumbing.ErrObjectNotFound
}
