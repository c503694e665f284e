// Package page fits text to the terminal at which somebody reads it. What goes
// to a file or a pipe is left as it is, because programs and grep read lines.
package page

import (
	"io"
	"os"
	"strings"

	"github.com/acarl005/stripansi"
	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// Width is how many columns the terminal behind w has; 0 when there is none, or
// when it does not say.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// letters are as wide as most terminals draw them. The environment has no say,
// unlike in the library's own functions: the same text is always cut alike.
var letters = runewidth.Condition{StrictEmojiNeutral: true}

// Columns is how wide a text is on the screen. Colours take no room.
func Columns(text string) int { return letters.StringWidth(stripansi.Strip(text)) }

// Cut is the beginning of a text without colours, as far as it fits.
func Cut(text string, columns int) string {
	if columns < 1 {
		return text
	}
	return letters.Truncate(text, columns, "…")
}

// Fold breaks a line at blanks, so that it fits. All lines but the first are
// indented by hang. A word that is wider than the page stays whole: people copy
// ids and paths. With 0 columns nothing is broken.
func Fold(line string, columns, hang int) string {
	if columns < 1 || Columns(line) <= columns {
		return line
	}
	var folded strings.Builder
	used, blanks, empty := 0, 0, true
	for n, word := range strings.Split(line, " ") {
		if n > 0 {
			blanks++
		}
		width := Columns(word)
		switch {
		case word == "":
			continue
		case empty || used+blanks+width <= columns:
			folded.WriteString(strings.Repeat(" ", blanks))
			used += blanks + width
		default:
			folded.WriteString("\n" + strings.Repeat(" ", hang))
			used = hang + width
		}
		folded.WriteString(word)
		blanks, empty = 0, false
	}
	return folded.String()
}

// FoldAll folds each line of a text. The lines that it leads to are indented by
// hang more than the line that they come from.
func FoldAll(text string, columns, hang int) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		lines[n] = Fold(line, columns, indent+hang)
	}
	return strings.Join(lines, "\n")
}
