package declare

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// The limits keep hostile text from costing much time or memory. A repository
// that people write by hand is far from all of them.
const (
	MaxFileBytes  = 1 << 20  // one file; a larger one is refused unread
	MaxFiles      = 20_000   // files of one revision
	MaxTotalBytes = 32 << 20 // files of one revision together
	MaxGroups     = 10_000   // groups of one environment

	// maxWords bounds the tokens of a file. Each costs about 100 bytes in the
	// lexer, so that a megabyte of braces would cost 600 MB.
	maxWords = 300_000
	// maxOpenComments bounds "/*" without "*/": the lexer looks for the end of
	// each up to the end of the file, which takes minutes for a megabyte.
	maxOpenComments = 16
	// maxDepth bounds brackets within brackets, for which the parser calls
	// itself. Well-formed declarations reach 4.
	maxDepth = 16
	// maxOperators bounds what only expressions have. The parser calls itself
	// for some of it ("!!!!", "a ? b : c ? d") and takes quadratic time for
	// other ("%{if}", "a::b::c"). Well-formed declarations have none.
	maxOperators = 250
	// maxPieces bounds the tokens of one text: one for each line of a heredoc
	// and for each "$". The parser joins them in quadratic time.
	maxPieces = 250
	// maxDigits bounds a number, because reading one takes quadratic time.
	maxDigits = 32
)

// bom is the byte order mark that some editors put before UTF-8 text.
var bom = []byte("\xef\xbb\xbf")

// unreadable says why text is not fit for the lexer, and where; nil when it is.
func unreadable(src []byte) (hcl.Range, *problem) {
	if len(src) > MaxFileBytes {
		return hcl.Range{Start: hcl.InitialPos, End: hcl.InitialPos}, tooLarge(int64(len(src)))
	}
	if i, p := foreignByte(src); p != nil {
		return byteRange(src, i), p
	}
	if i := countlessWords(src); i >= 0 {
		return byteRange(src, i), &problem{
			summary: "the file is too dense",
			detail:  fmt.Sprintf("A file may hold at most %d words and signs.", maxWords),
			hint:    "Split it into several files; they are read together.",
		}
	}
	if i := openComments(src); i >= 0 {
		return byteRange(src, i), &problem{
			summary: "too many comments begin with /* and do not end",
			hint:    "End each with */, or begin comment lines with #.",
		}
	}
	return hcl.Range{}, nil
}

func tooLarge(size int64) *problem {
	return &problem{
		summary: fmt.Sprintf("the file is too large: %d bytes", size),
		detail:  fmt.Sprintf("A declaration file may have at most %d bytes.", MaxFileBytes),
		hint:    "Split it into several files; they are read together.",
	}
}

// foreignByte finds what makes a file something else than text that reads as
// it is shown: bytes that are not UTF-8, NUL, and the characters that turn the
// direction of writing, which can make a diff show other than what is obeyed.
func foreignByte(src []byte) (int, *problem) {
	for i := 0; i < len(src); {
		if b := src[i]; b != 0 && b < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return i, &problem{
				summary: "the file is not UTF-8 text",
				detail:  fmt.Sprintf("The byte 0x%02X does not belong here.", src[i]),
				hint:    "Save the file as UTF-8, or remove it if it is not a declaration.",
			}
		case r == 0:
			return i, &problem{
				summary: "the file is not text: it contains a NUL byte",
				hint:    "Save the file as UTF-8, or remove it if it is not a declaration.",
			}
		case unicode.Is(unicode.Bidi_Control, r):
			return i, &problem{
				summary: fmt.Sprintf("an invisible character turns the direction of writing (%U)", r),
				detail:  "With it a reader can be shown other text than the one that is obeyed.",
				hint:    "Delete the character; writing the line anew is the surest way.",
			}
		}
		i += size
	}
	return 0, nil
}

// countlessWords is where the text has more words and signs than allowed, or
// -1. It counts at least what the lexer would.
func countlessWords(src []byte) int {
	if len(src) <= maxWords { // each has a byte
		return -1
	}
	n, inWord := 0, false
	for i := 0; i < len(src); {
		r, size := rune(src[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(src[i:])
		}
		switch {
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || inWord && (r == '-' || unicode.IsMark(r)):
			if !inWord {
				n++
			}
			inWord = true
		default:
			inWord = false
			if r != ' ' && r != '\t' {
				n++
			}
		}
		if n > maxWords {
			return i
		}
		i += size
	}
	return -1
}

// openComments is where more comments begin without an end than are allowed,
// or -1.
func openComments(src []byte) int {
	from := bytes.LastIndex(src, []byte("*/")) + 1
	for n := 0; ; n++ {
		i := bytes.Index(src[from:], []byte("/*"))
		if i < 0 {
			return -1
		}
		if n >= maxOpenComments {
			return from + i
		}
		from += i + 2
	}
}

// byteRange is the range of the one character that begins at an offset.
func byteRange(src []byte, i int) hcl.Range {
	line := bytes.LastIndexByte(src[:i], '\n') + 1
	_, size := utf8.DecodeRune(src[i:])
	start := hcl.Pos{
		Line:   bytes.Count(src[:i], []byte("\n")) + 1,
		Column: utf8.RuneCount(src[line:i]) + 1,
		Byte:   i,
	}
	end := start
	end.Column, end.Byte = start.Column+1, i+size
	return hcl.Range{Start: start, End: end}
}
