package main

import (
	"fmt"
	"io"
	"slices"

	"moult/reconcile"
)

// renderStatus draws where every group stands: the repository, a line for each
// group, and below them whatever is not converged, with the reason.
func renderStatus(w io.Writer, s agentReport, v view) {
	r := s.Report
	renderHead(w, r, v)
	renderLedger(w, s.Ledger, v)
	fmt.Fprintln(w)
	if len(r.Plan.Answers) == 0 {
		fmt.Fprintln(w, "No group has been looked at yet, or none is declared.")
		return
	}
	writeTable(w, statusTable(r.Plan.Answers, v), v)
	seen, unseen := unknownByReason(r.Plan.Answers)
	for _, a := range seen {
		if a.State != reconcile.StateConverged {
			fmt.Fprintln(w)
			renderTrouble(w, a, v)
		}
	}
	for _, alike := range unseen {
		fmt.Fprintln(w)
		renderUnknown(w, alike, v)
	}
	if len(r.Reverts) > 0 {
		fmt.Fprintln(w)
		renderReverts(w, r.Reverts, v)
	}
	fmt.Fprintln(w)
	v.line(w, 2, "%s, seen %s", tally(r.Plan.Answers), ago(r.At, v.now))
}

// renderLedger says what keeps the ledger from being sent; nothing while all is
// well.
func renderLedger(w io.Writer, l *ledgerState, v view) {
	if l == nil || l.Problem == "" {
		return
	}
	v.line(w, 2, "%s the ledger has not been sent since %s, %s of it wait here: %s",
		v.paint.yellow("!"), moment(l.Since, v.now), plural(l.Unsent, "commit"), l.Problem)
}

// statusTable leaves out the commits where it is narrow: they are what a person
// can do without, and `moult explain` tells them.
func statusTable(answers []reconcile.Answer, v view) [][]cell {
	rows := statusRows(answers, v)
	if layOut(rows, v.width).whole() {
		return rows
	}
	const setBy = 3
	for n := range rows {
		rows[n] = slices.Delete(rows[n], setBy, setBy+1)
	}
	return rows
}

func statusRows(answers []reconcile.Answer, v view) [][]cell {
	rows := [][]cell{{}}
	for _, title := range []string{"  GROUP", "STATE", "CURRENT", "SET BY", "AMI"} {
		rows[0] = append(rows[0], cell{title, v.paint.faint})
	}
	for _, a := range answers {
		colour := func(text string) string { return v.paint.state(a.State, text) }
		rows = append(rows, []cell{
			plain(a.Glyph() + " " + a.Group.String()),
			{standing(a), colour},
			plain(current(a)),
			plain(or(a.Commit.Short(), "-")),
			plain(change(a)), // the widest last: only it wraps
		})
	}
	return rows
}

// current is how many of how many instances run what is declared.
func current(a reconcile.Answer) string {
	if a.State == reconcile.StateUnknown {
		return "-"
	}
	return fmt.Sprintf("%d/%d", a.Current, a.Instances)
}

// standing is the state, with how far along it is.
func standing(a reconcile.Answer) string {
	if a.State == reconcile.StateRolling && a.RefreshID != "" {
		return fmt.Sprintf("%s %d%%", a.State, a.Percent)
	}
	return stateWord(a.State)
}

// headline reads "! production/web is held".
func headline(a reconcile.Answer, p paint) string {
	stands := stateWord(a.State)
	if a.Action != nil {
		stands = "about to change"
	}
	return fmt.Sprintf("%s %s is %s", glyph(a, p), p.bold(a.Group.String()), p.state(a.State, stands))
}

// renderTrouble says why a group is not converged, since when, and what ends
// it.
func renderTrouble(w io.Writer, a reconcile.Answer, v view) {
	fmt.Fprintln(w, headline(a, v.paint))
	rows := [][]cell{{plain("    why"), plain(a.Reason)}}
	if !a.Since.IsZero() {
		rows = append(rows, []cell{plain("    since"), plain(moment(a.Since, v.now))})
	}
	if a.Ends != "" {
		rows = append(rows, []cell{plain("    ends"), plain(a.Ends)})
	}
	writeTable(w, rows, v)
}
