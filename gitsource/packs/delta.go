package packs

import "encoding/binary"

// Delta is how target differs from base, in git's form (gitformat-pack(5)):
// both sizes, then what to copy from the base and what to insert. It looks for
// one changed stretch only: that is what a commit makes of a tree.
func Delta(base, target []byte) []byte {
	same := min(len(base), len(target))
	front := 0
	for front < same && base[front] == target[front] {
		front++
	}
	back := 0
	for back < same-front && base[len(base)-1-back] == target[len(target)-1-back] {
		back++
	}
	delta := binary.AppendUvarint(nil, uint64(len(base)))
	delta = binary.AppendUvarint(delta, uint64(len(target)))
	delta = appendCopy(delta, 0, front)
	delta = appendInsert(delta, target[front:len(target)-back])
	return appendCopy(delta, len(base)-back, back)
}

// mostCopied is the most that one instruction copies: three bytes of size.
const mostCopied = 1<<24 - 1

// appendCopy copies size bytes of the base from an offset on. The low bits of
// the instruction say which bytes of the offset and the size follow.
func appendCopy(delta []byte, offset, size int) []byte {
	for size > 0 {
		n := min(size, mostCopied)
		at := len(delta)
		delta = append(delta, 0x80)
		for i := range 4 {
			delta = appendByte(delta, at, i, byte(offset>>(8*i)))
		}
		for i := range 3 {
			delta = appendByte(delta, at, 4+i, byte(n>>(8*i)))
		}
		offset, size = offset+n, size-n
	}
	return delta
}

func appendByte(delta []byte, at, bit int, b byte) []byte {
	if b == 0 {
		return delta
	}
	delta[at] |= 1 << bit
	return append(delta, b)
}

// appendInsert adds bytes of its own, at most 127 by one instruction.
func appendInsert(delta, text []byte) []byte {
	for len(text) > 0 {
		n := min(len(text), 127)
		delta = append(append(delta, byte(n)), text[:n]...)
		text = text[n:]
	}
	return delta
}

// deltaSize is the size of what a delta makes, which it says at its begin, in
// two varints: the size of its base and that of its result. It is far too large
// when it cannot be read.
func deltaSize(delta []byte) uint64 {
	_, n := binary.Uvarint(delta)
	if n <= 0 {
		return 1 << 63
	}
	size, n := binary.Uvarint(delta[n:])
	if n <= 0 {
		return 1 << 63
	}
	return size
}
