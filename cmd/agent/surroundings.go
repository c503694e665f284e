package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// surroundings are what a command finds around it: where it reads and writes,
// and the environment.
type surroundings struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) string
}

// terminal reports whether somebody watches what is written to w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// live reports whether what is written to w may be drawn over again: there is
// a terminal, and it understands more than lines.
func (at surroundings) live(w io.Writer) bool {
	return terminal(w) && at.env("TERM") != "dumb"
}

// paint is how to colour what is written to w: on a terminal, unless NO_COLOR
// is set (https://no-color.org).
func (at surroundings) paint(w io.Writer) paint {
	return paint{on: at.live(w) && at.env("NO_COLOR") == ""}
}
