package declare

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The terminal's own colours, by number, so that a person's theme decides.
const (
	red   = "\x1b[31m"
	cyan  = "\x1b[36m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

// WriteText writes the diagnostics for people: where and what, the source line
// with the place underlined, the rule, and what to do next. An error is the
// writer's.
func (ds Diagnostics) WriteText(w io.Writer, colour bool) error {
	for i, d := range ds {
		text := d.text(palette(colour))
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("write diagnostics: %w", err)
		}
	}
	return nil
}

// palette says whether to paint.
type palette bool

func (p palette) paint(code, s string) string {
	if !p {
		return s
	}
	return code + s + plain
}

func (d Diagnostic) text(p palette) string {
	var b strings.Builder
	at := fmt.Sprintf("%s:%d:%d:", printable(d.File), d.Line, d.Column)
	fmt.Fprintf(&b, "%s %s\n", p.paint(bold, at), p.paint(red, printable(d.Summary)))
	d.writeSource(&b, p)
	if d.Detail != "" {
		fmt.Fprintf(&b, "  %s\n", printable(d.Detail))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "  %s %s\n", p.paint(cyan, "hint:"), printable(d.Hint))
	}
	return b.String()
}

func (d Diagnostic) writeSource(b *strings.Builder, p palette) {
	if d.Source == "" {
		return
	}
	number := strconv.Itoa(d.Line)
	gutter := strings.Repeat(" ", len(number))
	caret := strings.Repeat(" ", d.caret) + p.paint(red, strings.Repeat("^", max(1, d.width)))
	fmt.Fprintf(b, "  %s | %s\n", number, strings.TrimRight(d.Source, " "))
	fmt.Fprintf(b, "  %s | %s\n", gutter, caret)
}
