package packs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errDelta = errors.New("a delta is not what git writes")

// patch makes an object of its base and a delta, and hands it over piece by
// piece (gitformat-pack(5), "Deltified representation"). size is what the
// object must have.
func patch(base []byte, delta *bufio.Reader, size int64, made io.Writer) error {
	from, err := binary.ReadUvarint(delta)
	if err != nil {
		return fmt.Errorf("%w: %w", errDelta, err)
	}
	to, err := binary.ReadUvarint(delta)
	if err != nil || from != uint64(len(base)) || to != uint64(size) {
		return fmt.Errorf("%w: it is from %d bytes to %d, not from %d to %d: %w", errDelta, from, to, len(base), size, err)
	}
	for {
		instruction, err := delta.ReadByte()
		if err == io.EOF {
			break
		}
		var n int64
		switch {
		case err != nil:
		case instruction&0x80 != 0:
			n, err = copyPiece(base, instruction, delta, size, made)
		default:
			n, err = insertPiece(instruction, delta, size, made)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errDelta, unexpected(err))
		}
		size -= n
	}
	if size != 0 {
		return fmt.Errorf("%w: %d bytes are missing", errDelta, size)
	}
	return nil
}

var (
	errTooMuch = errors.New("it makes more than it says")
	errNowhere = errors.New("it copies what its base has not")
)

// copyPiece copies from the base. The low bits of the instruction say which
// bytes of the offset and the size follow.
func copyPiece(base []byte, instruction byte, delta io.ByteReader, most int64, made io.Writer) (int64, error) {
	var numbers [8]byte // four of the offset, three of the size
	for i := range 7 {
		if instruction&(1<<i) == 0 {
			continue
		}
		b, err := delta.ReadByte()
		if err != nil {
			return 0, err
		}
		numbers[i] = b
	}
	offset := int64(binary.LittleEndian.Uint32(numbers[:4]))
	size := int64(binary.LittleEndian.Uint32(numbers[4:]))
	if size == 0 {
		size = 1 << 16
	}
	switch {
	case size > most:
		return 0, errTooMuch
	case offset+size > int64(len(base)):
		return 0, errNowhere
	}
	_, err := made.Write(base[offset : offset+size])
	return size, err
}

// insertPiece copies from the delta itself.
func insertPiece(instruction byte, delta io.Reader, most int64, made io.Writer) (int64, error) {
	n := int64(instruction)
	if n == 0 || n > most {
		return 0, errTooMuch
	}
	var piece [127]byte
	if _, err := io.ReadFull(delta, piece[:n]); err != nil {
		return 0, err
	}
	_, err := made.Write(piece[:n])
	return n, err
}

// unexpected is an error of something that ends before it should.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
