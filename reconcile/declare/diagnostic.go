package declare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a diagnostic does to the environment it is about.
type Severity string

// Error leaves the environment on its last good commit. There is no weaker
// one: a file that can be obeyed is obeyed in silence.
const Error Severity = "error"

// Diagnostic is one mistake in a declaration file: what happened, where, and
// what to do next.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1
	Column   int      `json:"column"` // from 1, in characters as a person counts them
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"` // the rule that is broken
	Hint     string   `json:"hint,omitempty"`   // what to do about it
	// Source is the line it is about, fit to be printed: cut when it is very
	// long, a control character shown as U+FFFD. Empty when the file has no
	// lines that could be shown.
	Source string `json:"source,omitempty"`
	// Environments are those that stay on their last good commit because of
	// it; none when it cannot be told which they are.
	Environments []string `json:"environments,omitempty"`

	caret, width int // what to underline: an offset in Source and a length, in runes
}

// String is the diagnostic on one line, as compilers and editors write it.
func (d Diagnostic) String() string {
	line := fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Summary)
	if d.Hint != "" {
		line += ". " + d.Hint
	}
	return printable(line)
}

// compare orders diagnostics as a person reads files: top to bottom.
func (d Diagnostic) compare(other Diagnostic) int {
	return cmp.Or(
		cmp.Compare(d.File, other.File),
		cmp.Compare(d.Line, other.Line),
		cmp.Compare(d.Column, other.Column),
		cmp.Compare(d.Summary, other.Summary),
	)
}

// Diagnostics are mistakes, sorted by file, line and column.
type Diagnostics []Diagnostic

// String has one line for each diagnostic; empty when there is none.
func (ds Diagnostics) String() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Error is String, so that diagnostics can be returned as an error. Ask
// len first: an empty list is no error.
func (ds Diagnostics) Error() string { return ds.String() }

// About selects the diagnostics that hold an environment back. The name ""
// selects those of which it cannot be told which environment they are about.
func (ds Diagnostics) About(environment string) Diagnostics {
	var about Diagnostics
	for _, d := range ds {
		if d.about(environment) {
			about = append(about, d)
		}
	}
	return about
}

func (d Diagnostic) about(environment string) bool {
	if environment == "" {
		return len(d.Environments) == 0
	}
	return slices.Contains(d.Environments, environment)
}

// sorted puts diagnostics from several files in reading order.
func (ds Diagnostics) sorted() Diagnostics {
	slices.SortStableFunc(ds, Diagnostic.compare)
	return ds
}

// in is the diagnostics of a file, with its path.
func (ds Diagnostics) in(path string) Diagnostics {
	placed := slices.Clone(ds)
	for i := range placed {
		placed[i].File = path
	}
	return placed
}
