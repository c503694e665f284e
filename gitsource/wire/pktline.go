package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"moult/gitsource/fault"
)

// A pkt-line is four hexadecimal digits, which count themselves, and that many
// bytes; three short lengths are marks without content (gitprotocol-common(5),
// gitprotocol-v2(5)).
type mark int

const (
	content   mark = iota // a line with content
	flush                 // 0000: the end of a message
	delimiter             // 0001: the end of a section
	end                   // 0002: the end of a stateless reply
)

// packetMost is the longest pkt-line, with its length.
const packetMost = 65520

var (
	flushPacket     = []byte("0000")
	delimiterPacket = []byte("0001")
)

// packets reads pkt-lines.
type packets struct {
	r    io.Reader
	size [4]byte
	buf  []byte // as large as the longest line so far: of a poll, very small
}

// next returns the next line, without the line feed at its end. The content is
// good until the next call. io.EOF comes only in front of a line.
func (p *packets) next() (mark, []byte, error) {
	what, line, err := p.raw()
	if err != nil || what != content {
		return what, nil, err
	}
	if text, ok := bytes.CutPrefix(line, []byte("ERR ")); ok {
		return what, nil, refusal(text)
	}
	return what, bytes.TrimSuffix(line, []byte("\n")), nil
}

// raw is next for lines that carry bytes and not text.
func (p *packets) raw() (mark, []byte, error) {
	if _, err := io.ReadFull(p.r, p.size[:]); err != nil {
		return content, nil, err
	}
	n, err := strconv.ParseUint(string(p.size[:]), 16, 16)
	if err != nil {
		return content, nil, errNotGit
	}
	if n <= 2 {
		return mark(n + 1), nil, nil
	}
	if n < 4 || n > packetMost {
		return content, nil, errNotGit
	}
	if n -= 4; int(n) > cap(p.buf) {
		p.buf = make([]byte, n)
	}
	line := p.buf[:n]
	if _, err := io.ReadFull(p.r, line); err != nil {
		return content, nil, unfinished(err)
	}
	return content, line, nil
}

// capped fails when more than left bytes come.
type capped struct {
	io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fault.TooLarge("the server says more than there can be to say")
	}
	n, err := c.Reader.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// errNotGit: the server says something that is not git's protocol.
var errNotGit = errors.New("the answer is not git's protocol")

// packetf appends one line.
func packetf(b *bytes.Buffer, format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	fmt.Fprintf(b, "%04x%s", len(line)+4, line)
}

// sideband reads the first of the three channels that a pack comes with
// (gitprotocol-pack(5)): 1 is the pack, 2 progress for people, 3 a last word.
type sideband struct {
	packets *packets
	words   io.Writer // gets the second; nil: nobody reads it
	word    func()    // called for each empty part of the first; may be nil
	beside  int       // bytes that were none of the pack
	rest    []byte
}

// mostBeside is how much may come beside a pack. It is neither counted as the
// pack is nor does anybody read it, and it was not asked for: what git says in
// spite of that is a few lines.
const mostBeside = 1 << 20

func (s *sideband) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		what, line, err := s.packets.raw()
		if err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		if what != content {
			return 0, io.EOF
		}
		if s.rest, err = s.channel(line); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// channel is what a line brings of the pack.
func (s *sideband) channel(line []byte) ([]byte, error) {
	switch {
	case len(line) > 1 && line[0] == 1:
		return line[1:], nil
	case len(line) > 0 && line[0] == 3:
		return nil, refusal(line[1:])
	case len(line) == 0 || line[0] > 2 || line[0] == 0:
		return nil, errNotGit
	}
	if s.beside += len(line) + 4; s.beside > mostBeside {
		return nil, fault.TooLarge("the server says more than %d bytes beside the pack (limit)", mostBeside)
	}
	switch {
	case line[0] == 1 && s.word != nil:
		s.word() // while a server counts objects it sends empty ones (uploadpack.keepAlive in git-config(1))
	case line[0] == 2 && s.words != nil:
		_, _ = s.words.Write(line[1:]) // it is kept in memory
	}
	return nil, nil
}

// refusal is what a server says instead of an answer.
func refusal(text []byte) error {
	return fault.New(fault.ErrUnreachable, "a running agent tries again at its next poll", "the server says: %s", fault.Plain(string(text), 200))
}
