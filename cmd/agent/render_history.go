package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"moult/cmd/internal/page"
	"moult/gitsource/ledger"
	"moult/reconcile"
)

// renderHistory draws what the ledger tells: a line for each entry, and below it
// the reason where there is one.
func renderHistory(w io.Writer, told chapter, v view) {
	if len(told.Entries) == 0 {
		fmt.Fprintln(w, "The ledger tells of nothing like that.")
		if len(told.others) > 0 {
			v.line(w, 2, "It tells of: %s", tame(some(told.others)))
		}
		return
	}
	rows := [][]cell{titles(v, "  TIME (UTC)", "GROUP", "OUTCOME", "COMMIT", "AUTHOR", "AMI")}
	for _, e := range told.Entries {
		rows = append(rows, entryRow(e, v))
	}
	lines := tableLines(rows, v)
	fmt.Fprintln(w, lines[0])
	for i, e := range told.Entries {
		fmt.Fprintln(w, lines[i+1])
		if why := whyOf(e); why != "" {
			v.line(w, below, "%*s%s", below, "", v.paint.faint(why))
		}
	}
	if told.More {
		fmt.Fprintln(w)
		v.line(w, 0, "The newest %d; there are older ones (--limit 0 shows all)", len(told.Entries))
	}
}

// whyOf is what an entry says besides: the reason of its outcome, or how a
// commit was accepted.
func whyOf(e ledger.Entry) string {
	if e.Outcome == ledger.Accepted {
		return acceptedWords(e)
	}
	return tame(e.Reason)
}

func titles(v view, words ...string) []cell {
	var row []cell
	for _, word := range words {
		row = append(row, cell{word, v.paint.faint})
	}
	return row
}

// widestAuthor is how many columns a name may take: one long name would push
// the AMIs of all rows aside.
const widestAuthor = 24

func entryRow(e ledger.Entry, v view) []cell {
	colour := func(text string) string { return v.paint.outcome(e.Outcome, text) }
	return []cell{
		plain(outcomeGlyph(e.Outcome) + " " + minuteOf(e.Time)),
		plain(subjectWord(e)),
		{outcomeWords(e), colour},
		plain(shortHash(e.Commit)),
		plain(page.Cut(tame(shortName(e.Author)), widestAuthor)),
		plain(tame(imagesWord(e))), // the widest last: only it wraps
	}
}

// outcomeWords are the outcome, and what it was about when that was no roll.
func outcomeWords(e ledger.Entry) string {
	words := tame(strings.ReplaceAll(string(e.Outcome), "_", " "))
	if e.Verb != "" && e.Verb != reconcile.Roll {
		words = tame(strings.ReplaceAll(string(e.Verb), "_", " ")) + " " + words
	}
	return words
}

// outcomeGlyph is the one character that stands for an outcome.
func outcomeGlyph(o ledger.Outcome) string {
	glyphs := map[ledger.Outcome]string{
		ledger.Started: "~", ledger.Succeeded: "=", ledger.Failed: "!", ledger.RolledBack: "<",
		ledger.Cancelled: "x", ledger.Superseded: "»", ledger.Ended: ".", ledger.Held: "!",
	}
	return or(glyphs[o], "+")
}

// outcome colours text as states are coloured: green is well, cyan moves or was
// overtaken, yellow was stopped, red needs somebody.
func (p paint) outcome(o ledger.Outcome, text string) string {
	switch o {
	case ledger.Succeeded:
		return p.green(text)
	case ledger.Failed, ledger.Held:
		return p.red(text)
	case ledger.RolledBack, ledger.Cancelled:
		return p.yellow(text)
	case ledger.Started, ledger.Superseded, ledger.Ended:
		return p.cyan(text)
	}
	return text
}

// subjectWord names what an entry is about.
func subjectWord(e ledger.Entry) string {
	if e.Outcome == ledger.Accepted {
		return "branch " + tame(e.Branch)
	}
	return groupWord(e.GroupID())
}

// groupWord names a group. An entry about a commit as a whole is about none.
func groupWord(id reconcile.ID) string {
	if id == (reconcile.ID{}) {
		return "-"
	}
	return tame(id.String())
}

// imagesWord is the image before and after. The arrow points at what was to run
// in the end, and back where that was undone.
func imagesWord(e ledger.Entry) string {
	switch {
	case e.From == "" || e.From == e.To:
		return or(e.To, "-")
	case e.Outcome == ledger.RolledBack:
		return e.From + " <- " + e.To
	}
	return e.From + " -> " + e.To
}

func shortHash(hash string) string { return reconcile.Commit{Hash: tame(hash)}.Short() }

// tame is text from a repository as it may be written to a terminal: nothing in
// it moves a cursor, turns the direction of writing or breaks a line.
func tame(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
}
