package objects

import "encoding/binary"

// bitReader reads bits, the lowest first. Behind the end it reads zeros, which
// overrun tells.
type bitReader struct {
	from []byte
	next int    // in from
	held uint64 // bits that were read and not taken
	n    int    // how many
	past int    // how many of them are behind the end
}

// fill holds at least 56 bits, which is more than any length and distance with
// all that is to be added take.
func (b *bitReader) fill() {
	if len(b.from)-b.next >= 8 {
		b.held |= binary.LittleEndian.Uint64(b.from[b.next:]) << b.n
		b.next += (63 - b.n) >> 3
		b.n |= 56
		return
	}
	for b.n <= 56 {
		if b.next < len(b.from) {
			b.held |= uint64(b.from[b.next]) << b.n
			b.next++
		} else {
			b.past += 8
		}
		b.n += 8
	}
}

// need holds at least so many bits, of 56 at most.
func (b *bitReader) need(count int) {
	if b.n < count {
		b.fill()
	}
}

func (b *bitReader) take(count uint8) int {
	value := int(b.held & (1<<count - 1))
	b.held >>= count
	b.n -= int(count)
	return value
}

// overrun reports whether bits behind the end were taken.
func (b *bitReader) overrun() bool { return b.past > b.n }

// toByte drops what is left of a byte, and gives whole bytes back.
func (b *bitReader) toByte() {
	b.take(uint8(b.n & 7))
	b.next -= (b.n - b.past) / 8
	b.held, b.n, b.past = 0, 0, 0
}

// bytes takes whole bytes after toByte. Fewer than that are an overrun.
func (b *bitReader) bytes(count int) ([]byte, bool) {
	rest := b.from[b.next:]
	if len(rest) < count {
		b.past++
		return nil, false
	}
	b.next += count
	return rest[:count], true
}

// stored copies a block that is not deflated.
func (b *bitReader) stored(content []byte, at int) (int, bool) {
	if b.overrun() {
		return at, false
	}
	b.toByte()
	lengths, ok := b.bytes(4)
	if !ok {
		return at, false
	}
	length := binary.LittleEndian.Uint16(lengths)
	if length != ^binary.LittleEndian.Uint16(lengths[2:]) || int(length) > len(content)-at {
		return at, false
	}
	text, ok := b.bytes(int(length))
	return at + copy(content[at:], text), ok
}

// checksum reads what stands behind the last block.
func (b *bitReader) checksum() (uint32, bool) {
	b.toByte()
	sum, ok := b.bytes(4)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint32(sum), true
}
