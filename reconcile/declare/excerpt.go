package declare

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// maxExcerpt is how much of a source line is shown, in runes: what fits on a
// wide terminal. A hostile line may be a megabyte long.
const maxExcerpt = 120

// mark is a place in a file and what is written there.
type mark struct {
	line, column int
	source       string
	caret, width int
}

// markAt shows the line where a range begins, and what to underline there.
func markAt(src []byte, at hcl.Range) mark {
	from := min(max(at.Start.Byte, 0), len(src))
	start := bytes.LastIndexByte(src[:from], '\n') + 1
	end := len(src)
	if i := bytes.IndexByte(src[from:], '\n'); i >= 0 {
		end = from + i
	}
	until := min(max(at.End.Byte, from), end)
	m := mark{line: at.Start.Line, column: at.Start.Column}
	m.source, m.caret, m.width = excerpt(src[start:from], src[from:until], src[until:end])
	return m
}

// excerpt joins what stands before, in and after a place on one line, cut to
// what can be shown. It returns the text with the place's offset and length.
func excerpt(before, in, after []byte) (text string, caret, width int) {
	left, middle, right := lastRunes(before, maxExcerpt/2), firstRunes(in, maxExcerpt/2), []byte(nil)
	room := maxExcerpt - utf8.RuneCount(left) - utf8.RuneCount(middle)
	if len(middle) == len(in) {
		right = firstRunes(after, room)
	}
	caret, width = utf8.RuneCount(left), utf8.RuneCount(middle)
	text = printable(string(left)) + printable(string(middle)) + printable(strings.TrimRight(string(right), "\r"))
	if len(left) < len(before) {
		text, caret = "…"+text, caret+1
	}
	if len(middle) < len(in) || len(right) < len(after) {
		text += "…"
	}
	return text, caret, max(1, width)
}

func firstRunes(b []byte, n int) []byte {
	end := 0
	for ; n > 0 && end < len(b); n-- {
		_, size := utf8.DecodeRune(b[end:])
		end += size
	}
	return b[:end]
}

func lastRunes(b []byte, n int) []byte {
	start := len(b)
	for ; n > 0 && start > 0; n-- {
		_, size := utf8.DecodeLastRune(b[:start])
		start -= size
	}
	return b[start:]
}

// printable is text that cannot move a terminal's cursor, ring its bell or
// change the order in which characters are shown. A tab becomes one space, so
// that a caret below it stands where it should.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return utf8.RuneError
	}, s)
}
