package fault

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain is text from elsewhere, fit for one line of a log or a terminal:
// nothing that moves a cursor, and no more than most characters.
func Plain(text string, most int) string {
	if isPlain(text) && len(text) <= most {
		return text
	}
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		if most--; most < 0 {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// isPlain reports whether text is printable ASCII, as nearly all is.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text == "" || text[0] != ' ' && text[len(text)-1] != ' '
}
