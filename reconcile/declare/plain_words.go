package declare

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
)

// peek is the next byte; 0 at the end, and no plain text has that byte.
func (p *plainReader) peek() byte {
	if p.next == len(p.src) {
		return 0
	}
	return p.src[p.next]
}

// token takes the next bytes, which are ASCII and on one line, and says where
// they were.
func (p *plainReader) token(n int) hcl.Range {
	start := p.position()
	p.next += n
	return hcl.Range{Start: start, End: p.position()}
}

// since is from where something began to what comes next.
func (p *plainReader) since(began hcl.Range) hcl.Range {
	return hcl.Range{Start: began.Start, End: p.position()}
}

func (p *plainReader) position() hcl.Pos {
	return hcl.Pos{Line: p.line, Column: p.next - p.begin + 1, Byte: p.base + p.next}
}

// open counts a bracket, unless it is one too many.
func (p *plainReader) open() bool {
	p.depth++
	return p.depth <= maxDepth
}

// name takes a name, of which the first byte is known to be fit.
func (p *plainReader) name() (string, hcl.Range) {
	n := 1
	for p.next+n < len(p.src) && isNamePart(p.src[p.next+n]) {
		n++
	}
	text := string(p.src[p.next : p.next+n])
	return text, p.token(n)
}

// quotedLength is how long a text in quotes is that has nothing to be escaped or
// filled in; 0 when it has, or when there is none.
func (p *plainReader) quotedLength() int {
	if p.peek() != '"' {
		return 0
	}
	for n, b := range p.src[p.next+1:] {
		switch {
		case b == '"':
			return n + 2
		case b < ' ' || b > '~' || b == '\\' || b == '$' || b == '%':
			return 0
		}
	}
	return 0
}

func (p *plainReader) blanks() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.next++
	}
}

// lineEnd takes the rest of a line on which only a comment may stand; false when
// there is more on it. The text may end there too.
func (p *plainReader) lineEnd() bool {
	p.blanks()
	if b := p.peek(); b == '#' || b == '/' && bytes.HasPrefix(p.src[p.next:], []byte("//")) {
		n := bytes.IndexByte(p.src[p.next:], '\n')
		if n < 0 {
			n = len(p.src) - p.next
		}
		p.next += n
	}
	if p.next == len(p.src) {
		return true
	}
	if p.peek() != '\n' {
		return false
	}
	p.next++
	p.line, p.begin = p.line+1, p.next
	return true
}

// lines takes blanks, ends of lines and comments, up to the next word or sign.
func (p *plainReader) lines() {
	for p.blanks(); p.next < len(p.src) && p.lineEnd(); p.blanks() {
	}
}

func isNameStart(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_'
}

func isNamePart(b byte) bool { return isNameStart(b) || isDigit(b) || b == '-' }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
