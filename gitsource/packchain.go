package gitsource

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
	"moult/gitsource/packs"
)

// What an object says of its own size is not what it takes to make it: it may be
// a difference from something large, that from something else, four thousand
// times. go-git holds all of such a chain, several times over.

const (
	// heavyBytes is up to where go-git, which keeps what it made for the next
	// object, reads a chain: all its objects together.
	heavyBytes = 64 << 20
	// chainFactor is how many times larger than what may be read a chain may be
	// from which it is made. git makes chains of 50 objects that hardly differ
	// in size (pack.depth in git-config(1)).
	chainFactor = 256
	// chainBytes is how much that is at most: a second or two.
	chainBytes = 1 << 30
)

// weightUnit is what weights are counted in, and weights end at math.MaxUint32
// of it.
const weightUnit = 1 << 10

// object is an object of the pack, which lies at l. It is an ErrTooLarge when
// making it takes more than most bytes, or one of what it is made from has more
// than largest.
func (p *pack) object(h plumbing.Hash, l packedLink, largest, most int64) (plumbing.EncodedObject, error) {
	weight, err := p.weight(l)
	switch {
	case err != nil:
		return nil, err
	case weight <= heavyBytes:
		return p.objects.Get(h)
	case weight > most:
		return nil, fault.TooLarge("%s is made from deltas that have %d bytes together (limit %d)", h, weight, most)
	}
	return p.heavy(l, largest)
}

// kind is what an object is; of a delta, what it is made from in the end.
func (p *pack) kind(offset int64) (plumbing.ObjectType, error) {
	for range deepest + 1 {
		l, err := p.link(offset)
		if err != nil || !l.kind.IsDelta() {
			return l.kind, err
		}
		offset = l.base
	}
	return plumbing.InvalidObject, errTooDeep
}

// heavy makes an object of a chain that is too much for go-git. Its weight is
// known, so that the chain has an end.
func (p *pack) heavy(l packedLink, largest int64) (plumbing.EncodedObject, error) {
	var chain []packs.Link
	for {
		if l.size > largest {
			return nil, fault.TooLarge("object of %d bytes in a chain of deltas (limit %d)", l.size, largest)
		}
		chain = append(chain, packs.Link{Offset: l.offset, Size: l.size})
		if !l.kind.IsDelta() {
			slices.Reverse(chain)
			return made(l.kind, p.file, chain)
		}
		var err error
		if l, err = p.link(l.base); err != nil {
			return nil, err
		}
	}
}

func made(kind plumbing.ObjectType, file io.ReadSeeker, chain []packs.Link) (plumbing.EncodedObject, error) {
	content, err := packs.Make(file, chain)
	if err != nil {
		return nil, err
	}
	o := &plumbing.MemoryObject{}
	o.SetType(kind)
	_, err = o.Write(content)
	return o, err
}

// weight is how many bytes the objects have together from which an object is
// made, its own included. It is noted for each of them.
func (p *pack) weight(l packedLink) (int64, error) {
	if p.weights == nil {
		p.weights = make([]uint32, len(p.index.order))
	}
	var places []int
	var sizes []int64
	var sum int64
	for {
		place, err := p.index.rank(l.offset)
		if err != nil {
			return 0, err
		}
		if known := p.weights[place]; known > 0 {
			sum = int64(known)
			break
		}
		places, sizes = append(places, place), append(sizes, l.size)
		if !l.kind.IsDelta() {
			break
		}
		if len(places) > deepest {
			return 0, errTooDeep
		}
		if l, err = p.link(l.base); err != nil {
			return 0, err
		}
	}
	for i := len(places) - 1; i >= 0; i-- {
		sum = min(sum+1+sizes[i]/weightUnit, math.MaxUint32)
		p.weights[places[i]] = uint32(sum)
	}
	return sum * weightUnit, nil
}

// deepest is how many deltas one object may be made of, as in package packs.
const deepest = 4095

var errTooDeep = fmt.Errorf("delta chain depth exceeds %d", deepest)

// packedLink is what stands at a place of a pack.
type packedLink struct {
	offset int64
	kind   plumbing.ObjectType
	size   int64 // of the object, and not of its delta
	base   int64 // where that lies from which it is a delta
}

// find is what the pack says of an object.
func (p *pack) find(h plumbing.Hash) (packedLink, error) {
	offset, err := p.index.FindOffset(h)
	if err != nil {
		return packedLink{}, err
	}
	if p.reads++; p.reads%readsKept == 0 {
		p.objects = p.renew()
	}
	return p.link(offset)
}

// link reads as little as says what is at an offset: of a delta, its begin.
func (p *pack) link(offset int64) (packedLink, error) {
	h, err := p.headers.SeekObjectHeader(offset)
	if err != nil {
		return packedLink{}, err
	}
	l := packedLink{offset: offset, kind: h.Type, size: h.Length, base: h.OffsetReference}
	if h.Type == plumbing.REFDeltaObject {
		if l.base, err = p.index.FindOffset(h.Reference); err != nil {
			return l, err
		}
	}
	if !h.Type.IsDelta() {
		return l, nil
	}
	r, err := p.headers.ReadObject()
	if err != nil {
		return l, err
	}
	defer r.Close()
	start, err := io.ReadAll(io.LimitReader(r, packs.SizesBytes))
	l.size = int64(min(packs.DeltaSize(start), math.MaxInt64))
	return l, err
}

// mostToMake is how large a chain may be that makes something of some size.
func mostToMake(limit int64) int64 { return min(cmp.Or(limit, 1)*chainFactor, chainBytes) }
