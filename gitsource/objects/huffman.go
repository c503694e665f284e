package objects

import "math/bits"

// longestCode is how many bits a code has at most (RFC 1951, section 3.2.7).
const longestCode = 15

// fastBits is how many bits are looked up at once, at most: nearly all codes of
// small texts are no longer.
const fastBits = 8

// huffman is a code of deflate: shorter codes come first, and those of one
// length are numbered in the order of their symbols (RFC 1951, section 3.2.2).
type huffman struct {
	fast    [1 << fastBits]uint16   // by the next bits: symbol<<4 | length; 0 where the code is longer
	bits    uint8                   // how many of them are looked up, at least one
	count   [longestCode + 1]uint16 // codes of each length
	symbols [288]uint16             // in the order of their codes
}

// noSymbol is what a code that does not exist stands for.
const noSymbol = 1 << 12

// build makes a code of those symbols that have one, in their order, and of the
// lengths of all. As zlib has it, there are as many as the lengths leave room
// for, or none, or a single one of one bit.
func (h *huffman) build(symbols []uint16, lengths []uint8) bool {
	h.count = [longestCode + 1]uint16{}
	longest := uint8(1)
	for _, symbol := range symbols {
		length := lengths[symbol]
		h.count[length]++
		longest = max(longest, length)
	}
	h.bits = min(longest, fastBits)
	var next, place [longestCode + 2]uint16 // the next code and where its symbol goes, by length
	left := 1
	for length := 1; length <= longestCode; length++ {
		left = left<<1 - int(h.count[length])
		if left < 0 {
			return false
		}
		next[length+1] = (next[length] + h.count[length]) << 1
		place[length+1] = place[length] + h.count[length]
	}
	none := left == 1<<longestCode
	bit := left == 1<<(longestCode-1) && h.count[1] == 1
	if left > 0 && !none && !bit {
		return false
	}
	clear(h.fast[:1<<h.bits])
	for _, symbol := range symbols {
		length := lengths[symbol]
		h.symbols[place[length]] = symbol
		place[length]++
		if length <= h.bits {
			h.look(next[length], symbol, length)
		}
		next[length]++
	}
	return true
}

// look enters a code where it is looked up: bits come lowest first, and codes
// highest first.
func (h *huffman) look(code, symbol uint16, length uint8) {
	at := bits.Reverse16(code) >> (16 - length)
	for ; at < 1<<h.bits; at += 1 << length {
		h.fast[at] = symbol<<4 | uint16(length)
	}
}

// symbol takes the next symbol of a code.
func (b *bitReader) symbol(h *huffman) int {
	if entry := h.fast[b.held&(1<<h.bits-1)&(1<<fastBits-1)]; entry != 0 {
		b.take(uint8(entry & 15))
		return int(entry >> 4)
	}
	return b.longSymbol(h)
}

// longSymbol goes through the lengths, one bit after the other.
func (b *bitReader) longSymbol(h *huffman) int {
	code, first, place := 0, 0, 0
	for length := 1; length <= longestCode; length++ {
		code |= int(b.held>>(length-1)) & 1
		count := int(h.count[length])
		if code-first < count {
			b.take(uint8(length))
			return int(h.symbols[place+code-first])
		}
		place += count
		first = (first + count) << 1
		code <<= 1
	}
	return noSymbol
}
