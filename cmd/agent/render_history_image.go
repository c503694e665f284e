package main

import (
	"fmt"
	"io"
	"time"

	"moult/gitsource/ledger"
)

// renderImage draws where and when an image ran, the latest first.
func renderImage(w io.Writer, told imageThen, v view) {
	if len(told.Runs) == 0 {
		where := "nowhere"
		if told.in != "" {
			where = "nowhere in " + told.in
		}
		fmt.Fprintf(w, "%s ran %s, as far as the ledger tells\n", tame(told.Image), tame(where))
		return
	}
	fmt.Fprintf(w, "%s ran in %s\n\n", v.paint.bold(tame(told.Image)), plural(groupsOf(told.Runs), "group"))
	rows := [][]cell{titles(v, "  GROUP", "FROM (UTC)", "COMPLETE", "UNTIL", "OUTCOME", "COMMIT", "AUTHOR")}
	for _, r := range told.Runs {
		rows = append(rows, runRow(r, v))
	}
	writeTable(w, rows, v)
}

func groupsOf(runs []ledger.Run) int {
	names := map[string]bool{}
	for _, r := range runs {
		names[r.Group.String()] = true
	}
	return len(names)
}

func runRow(r ledger.Run, v view) []cell {
	colour := func(text string) string { return v.paint.outcome(r.Outcome, text) }
	glyph := " "
	if r.Until.IsZero() {
		glyph = "="
	}
	return []cell{
		plain(glyph + " " + groupWord(r.Group)),
		plain(minuteOr(r.Since, "before the ledger")),
		plain(minuteOr(r.Complete, "-")),
		plain(minuteOr(r.Until, "still there")),
		{or(outcomeWords(ledger.Entry{Outcome: r.Outcome}), "-"), colour},
		plain(or(shortHash(r.Commit), "-")),
		plain(or(tame(shortName(r.Author)), "-")),
	}
}

func minuteOr(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return minuteOf(t)
}
