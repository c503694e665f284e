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
	if b := found.Breach; b != nil {
		renderBreach(w, *b, v)
		return
	}
	word := v.paint.green("The ledger is sound")
	if found.Partial {
		word = v.paint.yellow("What is here of the ledger is sound")
	}
	v.line(w, 2, "%s: %s, beside %s, in %s", word, entriesWord(found.Entries), plural(found.Notes, "commit"), plural(found.Commits, "step"))
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
}

func signedWords(found ledger.Verified, keys int) string {
	if keys > 0 {
		text := fmt.Sprintf("%s by %s, and all that added entries", plural(found.Signed, "step"), plural(keys, "key")+" that "+areOrIs(keys)+" trusted")
		if found.Proven > 0 {
			text += fmt.Sprintf(", but for %s put back with a proof by one of them", entriesWord(found.Proven))
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

func entriesWord(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// renderBreach says where a ledger is not what it must be.
func renderBreach(w io.Writer, b ledger.Breach, v view) {
	if b.Absent {
		v.line(w, 2, "%s", v.paint.red("step "+b.Ledger+" "+b.What))
		return
	}
	v.line(w, 2, "%s: %s", v.paint.red("The ledger was tampered with, or is damaged"), tame(b.What))
	fmt.Fprintln(w)
	rows := [][]cell{row("step", "%s", b.Ledger)}
	if b.Author != "" {
		rows = append(rows, row("made by", "%s, %s by their clock", tame(b.Author), instant(b.Time)))
	}
	if b.Commit != "" {
		rows = append(rows, row("note of", "commit %s", b.Commit))
	}
	rows = append(rows, row("look", "git show %s", b.Ledger))
	writeTable(w, rows, v)
}
