package objects

import "encoding/binary"

// apply makes an object of a difference: both sizes, and then what to copy from
// the base and what to insert (gitformat-pack(5), "Deltified representation").
func apply(delta []byte, base object, most int64) (object, error) {
	whole, size, delta, ok := deltaSizes(delta)
	if !ok || whole != uint64(len(base.content)) {
		return object{}, malformed("a difference in a pack is from something else")
	}
	if size > uint64(most) {
		return object{}, tooLarge(int64(min(size, 1<<62)), most)
	}
	content := make([]byte, 0, size)
	for len(delta) > 0 {
		var piece []byte
		var ok bool
		if piece, delta, ok = nextPiece(delta, base.content); !ok || len(piece) > int(size)-len(content) {
			return object{}, malformed("a difference in a pack leads nowhere")
		}
		content = append(content, piece...)
	}
	if len(content) != int(size) {
		return object{}, malformed("a difference in a pack ends too early")
	}
	return object{base.kind, content}, nil
}

// deltaSizes are the sizes of what a difference is from, and of what it makes.
func deltaSizes(delta []byte) (from, made uint64, rest []byte, ok bool) {
	from, n := binary.Uvarint(delta)
	made, m := binary.Uvarint(delta[max(n, 0):])
	if n <= 0 || m <= 0 {
		return 0, 0, nil, false
	}
	return from, made, delta[n+m:], true
}

// nextPiece is what the first instruction adds. With the highest bit set it
// copies: its low bits say which bytes of the offset and the size follow.
func nextPiece(delta, base []byte) (piece, rest []byte, ok bool) {
	instruction := delta[0]
	delta = delta[1:]
	if instruction&0x80 == 0 {
		n := int(instruction)
		if n == 0 || n > len(delta) {
			return nil, nil, false
		}
		return delta[:n], delta[n:], true
	}
	var numbers [7]byte // four of the offset, three of the size
	for i := range numbers {
		if instruction&(1<<i) == 0 {
			continue
		}
		if len(delta) == 0 {
			return nil, nil, false
		}
		numbers[i], delta = delta[0], delta[1:]
	}
	offset := int(binary.LittleEndian.Uint32(numbers[:4]))
	size := int(numbers[4]) | int(numbers[5])<<8 | int(numbers[6])<<16
	if size == 0 {
		size = 1 << 16
	}
	if offset+size > len(base) {
		return nil, nil, false
	}
	return base[offset : offset+size], delta, true
}
