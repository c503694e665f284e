package objects

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
)

// What git stores is thousands of texts of a few hundred bytes, each deflated
// by itself. compress/flate is made for streams: on these it spends two thirds
// of its time on its tables and on single bytes. Here all of a text and the
// place where it goes are in memory, and a text takes a third of the time. A
// fuzz test holds it against compress/flate.

// inflater inflates what zlib deflated (RFC 1950, RFC 1951), over and over.
type inflater struct {
	literals, distances, lengths huffman
	fixed                        bool     // literals and distances are those of a fixed block
	used                         []uint16 // room for the symbols that have a code
}

var (
	errDeflated = errors.New("it is not what zlib writes")
	errCutOff   = errors.New("it ends too early")
)

// into fills content, which is as long as what was deflated. What follows in
// packed is not looked at. errCutOff: all of packed was read, and with more
// behind it it may be right; errDeflated: whatever follows, it is wrong.
func (i *inflater) into(content, packed []byte) error {
	if len(packed) < 2 {
		return errCutOff
	}
	if packed[0]&15 != 8 || packed[1]&32 != 0 || binary.BigEndian.Uint16(packed)%31 != 0 {
		return errDeflated
	}
	b := bitReader{from: packed[2:]}
	ok := i.blocks(&b, content)
	switch {
	case b.overrun():
		return errCutOff
	case !ok:
		return errDeflated
	}
	return nil
}

// blocks inflates all blocks, which fill content, and compares the checksum.
func (i *inflater) blocks(b *bitReader, content []byte) bool {
	at, last := 0, false
	for !last {
		b.fill()
		last = b.take(1) == 1
		kind := b.take(2)
		var ok bool
		switch kind {
		case 0:
			at, ok = b.stored(content, at)
		case 1:
			ok = i.useFixed()
		case 2:
			ok = i.readTables(b)
		}
		if kind != 0 && ok {
			at, ok = i.block(b, content, at)
		}
		if !ok || b.overrun() {
			return false
		}
	}
	if at != len(content) {
		return false
	}
	sum, ok := b.checksum()
	return ok && sum == adler32.Checksum(content)
}

// The symbols above 256 stand for lengths, and those of distances for
// distances: a least value each, and how many bits say what is to be added
// (RFC 1951, section 3.2.5).
var (
	lengthLeast   = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthMore    = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceLeast = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceMore  = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

const endOfBlock = 256

// block inflates one block into content from at on, and returns where it ends.
func (i *inflater) block(b *bitReader, content []byte, at int) (int, bool) {
	for !b.overrun() {
		b.need(15 + 5 + 15 + 13)
		symbol := b.symbol(&i.literals)
		switch {
		case symbol < endOfBlock:
			if at == len(content) {
				return at, false
			}
			content[at] = byte(symbol)
			at++
			continue
		case symbol == endOfBlock:
			return at, true
		case symbol-endOfBlock > len(lengthLeast):
			return at, false
		}
		n := symbol - endOfBlock - 1
		length := int(lengthLeast[n]) + b.take(lengthMore[n])
		symbol = b.symbol(&i.distances)
		if symbol >= len(distanceLeast) {
			return at, false
		}
		distance := int(distanceLeast[symbol]) + b.take(distanceMore[symbol])
		if distance > at || length > len(content)-at {
			return at, false
		}
		repeat(content, at, distance, length)
		at += length
	}
	return at, false
}

// repeat writes again what stands a distance before.
func repeat(content []byte, at, distance, length int) {
	if distance >= length {
		copy(content[at:at+length], content[at-distance:])
		return
	}
	for end := at + length; at < end; at++ {
		content[at] = content[at-distance]
	}
}

// useFixed makes the tables of a fixed block (RFC 1951, section 3.2.6).
func (i *inflater) useFixed() bool {
	if i.fixed {
		return true
	}
	var lengths [288]uint8
	for n := range lengths {
		switch {
		case n < 144:
			lengths[n] = 8
		case n < 256:
			lengths[n] = 9
		case n < 280:
			lengths[n] = 7
		default:
			lengths[n] = 8
		}
	}
	var distances [32]uint8 // of which two never occur
	for n := range distances {
		distances[n] = 5
	}
	i.fixed = true
	return i.literals.build(i.inUse(lengths[:]), lengths[:]) && i.distances.build(i.inUse(distances[:]), distances[:])
}

// inUse are the symbols that have a code. It holds until the next call.
func (i *inflater) inUse(lengths []uint8) []uint16 {
	i.used = i.used[:0]
	for symbol, length := range lengths {
		if length > 0 {
			i.used = append(i.used, uint16(symbol))
		}
	}
	return i.used
}

// lengthOrder is the order in which the lengths of the code of lengths stand.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readTables reads the tables of a dynamic block (RFC 1951, section 3.2.7).
func (i *inflater) readTables(b *bitReader) bool {
	i.fixed = false
	literals, distances, count := b.take(5)+257, b.take(5)+1, b.take(4)+4
	var ofLengths [19]uint8
	for _, symbol := range lengthOrder[:count] {
		b.need(3)
		ofLengths[symbol] = uint8(b.take(3))
	}
	if literals > 286 || !i.lengths.build(i.inUse(ofLengths[:]), ofLengths[:]) {
		return false
	}
	var all [286 + 32]uint8
	if !i.readLengths(b, all[:literals+distances]) || all[endOfBlock] == 0 {
		return false
	}
	cut := len(i.used)
	for ; i.used[cut-1] >= uint16(literals); cut-- { // endOfBlock is none of them
		i.used[cut-1] -= uint16(literals)
	}
	return i.literals.build(i.used[:cut], all[:literals]) && i.distances.build(i.used[cut:], all[literals:])
}

// readLengths reads lengths of codes, of which runs are written shorter, into
// all, which has zeros. It notes in i.used which have one.
func (i *inflater) readLengths(b *bitReader, all []uint8) bool {
	i.used = i.used[:0]
	for n := 0; n < len(all); {
		b.need(7 + 7)
		symbol := b.symbol(&i.lengths)
		var value uint8
		times := 1
		switch {
		case symbol < 16:
			value = uint8(symbol)
		case symbol == 16 && n > 0:
			value, times = all[n-1], 3+b.take(2)
		case symbol == 17:
			times = 3 + b.take(3)
		case symbol == 18:
			times = 11 + b.take(7)
		default:
			return false
		}
		if times > len(all)-n {
			return false
		}
		if value == 0 {
			n += times
			continue
		}
		for range times {
			all[n] = value
			i.used = append(i.used, uint16(n))
			n++
		}
	}
	return true
}
