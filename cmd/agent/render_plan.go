package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"moult/reconcile"
)

// renderPlan draws what a pass would do: the groups that are not converged,
// each with what is behind it, and a sum.
func renderPlan(w io.Writer, r reconcile.Report, v view) {
	renderHead(w, r, v)
	fmt.Fprintln(w)
	seen, unseen := unknownByReason(r.Plan.Answers)
	for _, a := range seen {
		if a.State == reconcile.StateConverged && a.Action == nil {
			continue
		}
		v.line(w, 2, "%s %s %s: %s", glyph(a, v.paint), v.paint.bold(a.Group.String()), v.paint.state(a.State, stateWord(a.State)), a.Reason)
		for _, line := range planDetails(a) {
			v.line(w, 6, "    %s", line)
		}
		fmt.Fprintln(w)
	}
	for _, alike := range unseen {
		renderUnknown(w, alike, v)
		fmt.Fprintln(w)
	}
	if len(r.Reverts) > 0 {
		renderReverts(w, r.Reverts, v)
		fmt.Fprintln(w)
	}
	v.line(w, 2, "%s", planSum(r.Plan))
}

func glyph(a reconcile.Answer, p paint) string {
	if a.Action != nil {
		return p.with(a.Glyph(), color.FgCyan, color.Bold)
	}
	return p.state(a.State, a.Glyph())
}

// planDetails are the lines below an answer: the change and who declared it,
// then what the plan itself has to say.
func planDetails(a reconcile.Answer) []string {
	line := fmt.Sprintf("ami: %s, declared at %s", change(a), a.Position)
	if a.Commit.Hash != "" {
		line += " by commit " + a.Commit.Short()
	}
	if a.Commit.Subject != "" {
		line += " " + quoted(a.Commit.Subject)
	}
	return append([]string{line}, a.Details()...)
}

// planSum reads "1 to change, 1 held, 3 converged"; what is none of these is
// counted when there is any.
func planSum(p reconcile.Plan) string {
	var change, held, converged, moving, unknown int
	for _, a := range p.Answers {
		switch {
		case a.Action != nil:
			change++
		case a.State == reconcile.StateConverged:
			converged++
		case a.State == reconcile.StateHeld || a.State == reconcile.StateDrifted:
			held++
		case a.State == reconcile.StateUnknown:
			unknown++
		default:
			moving++
		}
	}
	parts := []string{fmt.Sprintf("%d to change", change), fmt.Sprintf("%d held", held), fmt.Sprintf("%d converged", converged)}
	if moving > 0 {
		parts = append(parts, fmt.Sprintf("%d under way", moving))
	}
	if unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d unknown", unknown))
	}
	return strings.Join(parts, ", ")
}
