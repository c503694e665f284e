package declare

import (
	"bytes"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// maxRounds bounds how often a text is formatted over to find the form that
// formatting leaves as it is. Declarations need one or two.
const maxRounds = 6

// Format lays a declaration file out in the one canonical form: two spaces of
// indentation, aligned equals signs, at most one blank line in a row, names of
// blocks in quotes, lines that end in a line feed. It changes no value and
// keeps every comment, and what it returns it leaves as it is.
//
// A file that is no well-formed HCL comes back untouched with its diagnostics.
// Mistakes of meaning are no obstacle.
func Format(path string, content []byte) ([]byte, Diagnostics) {
	src := bytes.ReplaceAll(bytes.TrimPrefix(content, bom), []byte("\r\n"), []byte("\n"))
	r := newReport(src)
	if at, p := unreadable(src); p != nil {
		r.add(at, *p)
		return content, r.diagnostics.in(path)
	}
	body, mistakes := parse(src, hcl.InitialPos)
	for _, m := range mistakes {
		r.add(m.at, m.problem)
	}
	if body == nil {
		return content, r.diagnostics.in(path)
	}
	quoted := quoteLabels(src, body)
	if formatted, ok := settle(quoted); ok && sameCode(quoted, formatted) {
		return formatted, nil
	}
	return content, nil
}

// settle formats until formatting changes nothing any more. The library's own
// formatting alone is not enough: on odd input a second run moves things again.
func settle(src []byte) ([]byte, bool) {
	for range maxRounds {
		next := hclwrite.Format(trimLines(src))
		if bytes.Equal(next, src) {
			return src, true
		}
		src = next
	}
	return nil, false
}

// quoteLabels puts the names of blocks in quotes, which HCL lets people omit.
func quoteLabels(src []byte, body *hclsyntax.Body) []byte {
	bare := bareLabels(src, body, nil)
	var b bytes.Buffer
	at := 0
	for _, label := range bare {
		b.Write(src[at:label.Start.Byte])
		b.WriteByte('"')
		b.Write(src[label.Start.Byte:label.End.Byte])
		b.WriteByte('"')
		at = label.End.Byte
	}
	b.Write(src[at:])
	return b.Bytes()
}

func bareLabels(src []byte, body *hclsyntax.Body, found []hcl.Range) []hcl.Range {
	for _, b := range body.Blocks {
		for _, label := range b.LabelRanges {
			if src[label.Start.Byte] != '"' {
				found = append(found, label)
			}
		}
		found = bareLabels(src, b.Body, found)
	}
	return found
}

// trimLines takes out what no reader sees: spaces at the ends of lines, more
// than one blank line in a row, blank lines at the edges of the file and of
// blocks. Text within quotes and heredocs stays.
func trimLines(src []byte) []byte {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var b bytes.Buffer
	end, blank := 0, 0
	edge := true // nothing but the edge of a block is before
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenNewline {
			blank++
			end = t.Range.End.Byte
			continue
		}
		writeBlank(&b, blank, edge || closes(t.Type))
		if t.Type == hclsyntax.TokenEOF {
			break
		}
		b.Write(spaceBefore(src, end, t, blank))
		text, ended := trimComment(t)
		b.Write(text)
		end, edge, blank = t.Range.End.Byte, opens(t.Type), ended
	}
	if text := bytes.TrimRight(b.Bytes(), "\n"); len(text) > 0 {
		return append(text, '\n')
	}
	return nil
}

func opens(t hclsyntax.TokenType) bool {
	return t == hclsyntax.TokenOBrace || t == hclsyntax.TokenOBrack
}

func closes(t hclsyntax.TokenType) bool {
	return t == hclsyntax.TokenCBrace || t == hclsyntax.TokenCBrack || t == hclsyntax.TokenEOF
}

// writeBlank ends a line, and leaves a blank one where there was any, except
// at an edge.
func writeBlank(b *bytes.Buffer, newlines int, edge bool) {
	switch {
	case newlines == 0:
	case b.Len() == 0:
	case newlines == 1 || edge:
		b.WriteByte('\n')
	default:
		b.WriteString("\n\n")
	}
}

// spaceBefore is the space between a token and the one before it on its line.
// Indentation is left to the formatter.
func spaceBefore(src []byte, end int, t hclsyntax.Token, newlines int) []byte {
	if newlines > 0 || end > t.Range.Start.Byte {
		return nil
	}
	return src[end:t.Range.Start.Byte]
}

// trimComment is a token's text without its line end, which a comment line has
// in it, and how many line ends that were.
func trimComment(t hclsyntax.Token) ([]byte, int) {
	if t.Type != hclsyntax.TokenComment {
		return t.Bytes, 0
	}
	text, ended := bytes.CutSuffix(t.Bytes, []byte("\n"))
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " \t\r")
	}
	if ended {
		return bytes.Join(lines, []byte("\n")), 1
	}
	return bytes.Join(lines, []byte("\n")), 0
}

// sameCode reports whether two texts differ in nothing but layout.
func sameCode(a, b []byte) bool {
	return slices.EqualFunc(code(a), code(b), func(x, y hclsyntax.Token) bool {
		return x.Type == y.Type && bytes.Equal(x.Bytes, y.Bytes)
	})
}

// code is the tokens of a text, layout and the ends of comments left out.
func code(src []byte) hclsyntax.Tokens {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var kept hclsyntax.Tokens
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenNewline {
			continue
		}
		t.Bytes, _ = trimComment(t)
		kept = append(kept, t)
	}
	return kept
}
