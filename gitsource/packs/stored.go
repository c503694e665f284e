package packs

import (
	"encoding/binary"
	"hash/adler32"
	"io"
)

// storedBytes is the most that one block holds (RFC 1951, section 3.2.4).
const storedBytes = 1<<16 - 1

// writeStored writes content as a zlib stream that is not compressed (RFC 1950):
// a compressor takes a megabyte of memory, which for a few small objects costs
// far more than all else about them.
func writeStored(w io.Writer, content []byte) error {
	sum := binary.BigEndian.AppendUint32(nil, adler32.Checksum(content))
	b := []byte{0x78, 0x01}
	for {
		n := min(len(content), storedBytes)
		var last byte
		if n == len(content) {
			last = 1
		}
		b = append(b, last, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		if _, err := w.Write(b); err != nil {
			return err
		}
		if _, err := w.Write(content[:n]); err != nil {
			return err
		}
		if content = content[n:]; last == 1 {
			_, err := w.Write(sum)
			return err
		}
		b = b[:0]
	}
}
