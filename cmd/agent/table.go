package main

import (
	"fmt"
	"io"
	"strings"

	"moult/cmd/internal/page"
)

// cell is a word in a table, and the colour it is given once it is as wide as
// its column.
type cell struct {
	text  string
	paint func(string) string
}

func plain(text string) cell { return cell{text: text} }

const (
	gap        = 2  // blanks between two columns
	below      = 6  // blanks before what did not fit beside the rest
	widestWord = 40 // a word that is wider may stand out: an AMI id is not, a URL is
)

// writeTable writes rows with aligned columns.
func writeTable(w io.Writer, rows [][]cell, v view) {
	for _, line := range tableLines(rows, v) {
		fmt.Fprintln(w, line)
	}
}

// tableLines are the rows of a table as text. A row has several lines where it
// would not fit otherwise.
func tableLines(rows [][]cell, v view) []string {
	l := layOut(rows, v.width)
	var lines []string
	for _, row := range rows {
		lines = append(lines, l.draw(row))
	}
	return lines
}

// layout is how the columns of a table stand on a page.
type layout struct {
	widths []int // of the columns
	page   int   // columns of the terminal, 0 for no end
	beside int   // how many stand beside each other; the others stand below them
}

// layOut puts all columns beside each other if the words of the last one find
// room there, and as many as fit if not.
func layOut(rows [][]cell, width int) layout {
	l := layout{page: width}
	word := 0
	for _, row := range rows {
		for n, c := range row {
			if n == len(l.widths) {
				l.widths, word = append(l.widths, 0), 0
			}
			l.widths[n] = max(l.widths[n], page.Columns(c.text))
			if n == len(l.widths)-1 {
				word = max(word, longestWord(c.text))
			}
		}
	}
	l.beside = len(l.widths)
	if width == 0 || l.offset(l.beside-1)+min(word, widestWord) <= width {
		return l
	}
	for l.beside > 1 && l.offset(l.beside)-gap > width {
		l.beside--
	}
	return l
}

func longestWord(text string) int {
	longest := 0
	for _, word := range strings.Fields(text) {
		longest = max(longest, page.Columns(word))
	}
	return longest
}

// whole reports whether each row has all its columns beside each other.
func (l layout) whole() bool { return l.beside == len(l.widths) }

// offset is where a column begins.
func (l layout) offset(column int) int {
	at := 0
	for _, width := range l.widths[:max(0, column)] {
		at += width + gap
	}
	return at
}

func (l layout) draw(row []cell) string {
	first, rest := row[:min(len(row), l.beside)], row[min(len(row), l.beside):]
	line := page.Fold(l.join(first, 0), l.page, l.offset(len(first)-1))
	if saysNothing(rest) {
		return line
	}
	return line + "\n" + page.Fold(strings.Repeat(" ", below)+l.join(rest, l.beside), l.page, below)
}

// join is cells beside each other, the first of them in a column.
func (l layout) join(cells []cell, column int) string {
	var line strings.Builder
	for n, c := range cells {
		text := c.text
		if n < len(cells)-1 {
			text += strings.Repeat(" ", l.widths[column+n]+gap-page.Columns(text))
		}
		if c.paint != nil {
			text = c.paint(text)
		}
		line.WriteString(text)
	}
	return line.String()
}

// saysNothing reports whether cells are all empty or "-".
func saysNothing(cells []cell) bool {
	for _, c := range cells {
		if strings.Trim(c.text, "- ") != "" {
			return false
		}
	}
	return true
}
