package main

import (
	"fmt"
	"io"
	"strings"

	"moult/gitsource/ledger"
)

// verifiedAgainst is what a ledger was held against.
type verifiedAgainst struct {
	keys int
	refs []string
}

// renderVerified says whether a ledger is sound, and what was looked at.
func renderVerified(w io.Writer, found ledger.Verified, against verifiedAgainst, v view) {
	if !found.Sound() {
		renderBreaches(w, found.Breaches, v)
		return
	}
	word := v.paint.green("The ledger is sound")
	if found.Partial {
		word = v.paint.yellow("What is here of the ledger is sound")
	}
	if n := len(found.Breaches); n > 0 {
		word += ", but for " + plural(n, "known breach")
	}
	v.line(w, 2, "%s: %s, beside %s, in %s", word, plural(found.Entries, "entry"), plural(found.Notes, "commit"), plural(found.Commits, "step"))
	fmt.Fprintln(w)
	rows := [][]cell{
		row("read", "%s", tame(strings.Join(against.refs, ", "))),
		row("head", "%s; write it down, and ask again later with --known", found.Head),
		row("signed", "%s", signedWords(found, against.keys)),
	}
	if found.Partial {
		rows = append(rows, row("partial", "the clone is shallow: steps before its begin are not here"))
	}
	writeTable(w, rows, v)
	if len(found.Breaches) > 0 {
		fmt.Fprintln(w)
		renderBreaches(w, found.Breaches, v)
	}
}

func signedWords(found ledger.Verified, keys int) string {
	if keys > 0 {
		text := fmt.Sprintf("%s by %s, and all that added entries", plural(found.Signed, "step"), plural(keys, "key")+" that "+areOrIs(keys)+" trusted")
		if found.Proven > 0 {
			text += fmt.Sprintf(", but for %s put back with a proof by one of them", plural(found.Proven, "entry"))
		}
		return text
	}
	return fmt.Sprintf("%s of %d; whose keys these are was not asked (--allowed-signers)", plural(found.Signed, "step"), found.Commits)
}

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// renderBreaches says where a ledger is not what it must be.
func renderBreaches(w io.Writer, breaches []ledger.Breach, v view) {
	for i, b := range breaches {
		if i > 0 {
			fmt.Fprintln(w)
		}
		renderBreach(w, b, v)
	}
	if len(breaches) == ledger.MostBreaches {
		fmt.Fprintln(w)
		v.line(w, 2, "There may be more: nobody looked behind these %d.", ledger.MostBreaches)
	}
}

func renderBreach(w io.Writer, b ledger.Breach, v view) {
	word := v.paint.red("The ledger was tampered with, or is damaged, in the step below")
	switch {
	case b.Absent:
		v.line(w, 2, "%s", v.paint.red("step "+b.Ledger+" "+b.What))
		return
	case b.Excused:
		word = v.paint.yellow("Known, in the step below")
	}
	v.line(w, 2, "%s: %s", word, tame(b.What))
	fmt.Fprintln(w)
	rows := [][]cell{row("step", "%s", b.Ledger)}
	if b.Author != "" {
		rows = append(rows, row("made by", "%s, %s by their clock", tame(b.Author), instant(b.Time)))
	}
	if b.Commit != "" {
		rows = append(rows, row("note of", "commit %s", b.Commit))
	}
	rows = append(rows, row("look", "git show %s", b.Ledger))
	if !b.Excused {
		rows = append(rows, row("once known", "moult history --verify --excuse %s", b.Ledger))
	}
	writeTable(w, rows, v)
}
