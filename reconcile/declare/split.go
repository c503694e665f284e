package declare

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// section is the part of a file from the header of one environment to that of
// the next.
type section struct {
	name   string // of the environment; empty before the first header
	header int    // the line of the header
	src    []byte
	start  hcl.Pos
}

// sections cuts a file that does not parse as a whole, so that a bracket or
// quotation mark missing in one environment leaves the others readable. It
// knows comments, heredocs and quoted text well enough for that, and no more:
// a header that it overlooks stays in the section before.
func sections(src []byte) []section {
	var (
		cut     []section
		scan    lineScanner
		current = section{start: hcl.InitialPos}
		number  = 1
	)
	for at := 0; at < len(src); number++ {
		end := len(src)
		if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if name, ok := header(src[at:end]); ok && scan.outside() {
			current.src = src[current.start.Byte:at]
			cut = append(cut, current)
			current = section{name: name, header: number, start: hcl.Pos{Line: number, Column: 1, Byte: at}}
		}
		scan.line(src[at:end])
		at = end
	}
	current.src = src[current.start.Byte:]
	return append(cut, current)
}

var (
	environmentLine = regexp.MustCompile(`^[ \t]*environment[ \t]*(?:"([^"\r\n]*"?)|([A-Za-z0-9._-]+)[ \t"]*\{|\{)`)
	// A header with a slip of the finger is only believed at the left margin.
	blockLine = regexp.MustCompile(`^([a-z]+)[ \t]+"([^"\r\n]*)"[ \t]*\{`)
)

// header reads the name of an environment from the line that begins it.
func header(line []byte) (name string, ok bool) {
	if m := environmentLine.FindSubmatch(line); m != nil {
		return unquoted(string(m[1])) + string(m[2]), true
	}
	if m := blockLine.FindSubmatch(line); m != nil && isEnvironment(string(m[1])) {
		return string(m[2]), true
	}
	return "", false
}

// unquoted is a name without the quote that closes it, or without what follows
// it when somebody forgot the quote.
func unquoted(name string) string {
	if closed, ok := strings.CutSuffix(name, `"`); ok {
		return closed
	}
	name, _, _ = strings.Cut(name, "{")
	return strings.TrimSpace(name)
}

// isEnvironment reports whether a word is "environment", slips of the finger
// allowed.
func isEnvironment(word string) bool {
	return len(word) <= maxSuggest && distance(word, "environment") <= 3
}

// lineScanner follows a file line by line, to know which lines lie in a block
// comment or a heredoc. A quoted text ends with its line.
type lineScanner struct {
	comment bool
	heredoc []byte // the word that ends it
	lost    bool   // an interpolation hid where comments begin and end
}

func (s *lineScanner) outside() bool { return !s.comment && s.heredoc == nil && !s.lost }

func (s *lineScanner) line(line []byte) {
	if s.heredoc != nil {
		if bytes.Equal(bytes.TrimSpace(line), s.heredoc) {
			s.heredoc = nil
		}
		return
	}
	for len(line) > 0 && !s.lost {
		if s.comment {
			_, after, ended := bytes.Cut(line, []byte("*/"))
			s.comment, line = !ended, after
			continue
		}
		line = s.code(line)
	}
}

var heredocStart = regexp.MustCompile(`^<<-?([\pL_][\pL\pN_-]*)\r?\n`)

// code passes over code up to something that changes what follows, and
// returns the rest of the line.
func (s *lineScanner) code(line []byte) []byte {
	for i, c := range line {
		rest := line[i:]
		switch {
		case c == '"':
			return s.quoted(rest[1:])
		case c == '#' || bytes.HasPrefix(rest, []byte("//")):
			return nil
		case bytes.HasPrefix(rest, []byte("/*")):
			s.comment = true
			return rest[2:]
		case c == '<':
			if m := heredocStart.FindSubmatch(rest); m != nil {
				s.heredoc = m[1]
				return nil
			}
		}
	}
	return nil
}

// quoted passes over a quoted text. An interpolation may hold anything; when
// it could hide a comment or heredoc, nothing after it is believed.
func (s *lineScanner) quoted(line []byte) []byte {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return line[i+1:]
		case '$', '%':
			if i+1 < len(line) && line[i+1] == '{' {
				s.lost = bytes.Contains(line, []byte("/*")) || bytes.Contains(line, []byte("<<"))
				return nil
			}
		}
	}
	return nil
}
