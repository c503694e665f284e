package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"moult/cmd/internal/page"
	"moult/reconcile"
)

// renderHead writes what the repository says and whether it can be trusted to
// be the newest: the first lines of every report.
func renderHead(w io.Writer, r reconcile.Report, v view) {
	v.line(w, 2, "%s", commitLine(r.Head, v))
	if r.Stale != nil {
		for _, s := range r.Stale.Each() {
			v.line(w, 2, "%s %s since %s: %s", v.paint.yellow("!"), staleness(s), moment(s.Since, v.now), s.Reason)
		}
		if r.Head.Hash == "" {
			fmt.Fprintln(w, "  nothing is in force, and nothing is done")
		} else {
			fmt.Fprintln(w, "  what the last good commit declares stays in force")
		}
	}
	for _, m := range r.Mistakes {
		renderMistake(w, m, v)
	}
}

// staleness is what keeps the newest commit from being in force.
func staleness(s reconcile.Stale) string {
	switch {
	case s.Held:
		return "the newest commit is held"
	case s.Empty:
		return "the repository is empty"
	}
	return "the repository cannot be read"
}

func renderMistake(w io.Writer, m reconcile.Mistake, v view) {
	v.line(w, 2, "%s %s", v.paint.red("!"), consequence(m))
	drawn := strings.TrimRight(cmp.Or(m.Drawn, m.Message), "\n")
	fmt.Fprintln(w, foldDrawn("    "+strings.ReplaceAll(drawn, "\n", "\n    "), v.width))
}

// consequence is what a mistake leaves in force.
func consequence(m reconcile.Mistake) string {
	good, since := m.InForce.Short(), "stays as it was at commit "
	switch {
	case m.Environment == "" && good == "":
		return "a part of the repository cannot be read"
	case m.Environment == "":
		return "a part of the repository cannot be read, and " + since + good
	case m.Sought:
		return "environment " + m.Environment + " is not in force yet: its last good commit is looked for in the history, which is still being read"
	case good == "":
		return "environment " + m.Environment + " is not in force: there never was a good commit of it"
	}
	return "environment " + m.Environment + " " + since + good
}

// excerpted is a line of a file, or the caret below one.
var excerpted = regexp.MustCompile(`^ *(\d*) \| `)

// foldDrawn fits the drawing of a mistake to the page. A line of a file is cut
// where the caret below it still has what it points at, and broken nowhere.
func foldDrawn(drawn string, width int) string {
	lines := strings.Split(drawn, "\n")
	for n, line := range lines {
		switch found := excerpted.FindStringSubmatch(line); {
		case found == nil:
			lines[n] = page.FoldAll(line, width, 2)
		case found[1] != "" && n+1 < len(lines) && page.Columns(lines[n+1]) <= width:
			lines[n] = page.Cut(line, width)
		}
	}
	return strings.Join(lines, "\n")
}
