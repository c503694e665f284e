package reconcile

import (
	"fmt"
	"strings"
)

// Glyph is the one character that stands for an answer wherever it is
// printed: what is about to be done, or else where the group stands.
func (a Answer) Glyph() string {
	if a.Action != nil {
		return map[Verb]string{Roll: "±", Cancel: "x", RollBack: "<", Pin: "^"}[a.Action.Verb]
	}
	return map[State]string{
		StateConverged: "=", StateRolling: "~", StateRollingBack: "<", StateWaiting: ".",
		StateHeld: "!", StateDrifted: "≠", StateUnknown: "?",
	}[a.State]
}

// Text is the plan for people, without colour: a line for each group, and
// below it what is behind the answer.
func (p Plan) Text() string {
	var b strings.Builder
	for _, a := range p.Answers {
		fmt.Fprintf(&b, "%s %s %s: %s\n", a.Glyph(), a.Group, a.State, a.Reason)
		for _, detail := range a.Details() {
			fmt.Fprintf(&b, "    %s\n", detail)
		}
	}
	return b.String()
}

// Details are the lines below an answer, each "word: text".
func (a Answer) Details() []string {
	var lines []string
	if a.Action != nil {
		lines = append(lines, "action: "+a.Action.sentence())
	}
	if e := a.Estimate; e != nil && e.Replace > 0 {
		lines = append(lines, "estimate: "+e.String())
	}
	for _, f := range a.Findings {
		if f.Severity == Warns || a.Action != nil {
			lines = append(lines, fmt.Sprintf("note: %s (%s)", f.Message, f.Remedy))
		}
	}
	if a.Ends != "" && a.Action == nil && a.State != StateRolling && a.State != StateRollingBack {
		lines = append(lines, "ends: "+a.Ends)
	}
	return lines
}

// String reads "7 of 40 instances in 2 batches, about 6m".
func (e Estimate) String() string {
	batches := "batches"
	if e.Batches == 1 {
		batches = "batch"
	}
	return fmt.Sprintf("%d of %s in %d %s, about %s", e.Replace, plural(e.Instances, "instance"), e.Batches, batches, e.About)
}

func (a Action) sentence() string {
	switch a.Verb {
	case Cancel:
		return "cancel refresh " + a.RefreshID
	case RollBack:
		return "roll refresh " + a.RefreshID + " back"
	case Pin:
		if a.Saved.Floating == "" {
			return "set the launch template to a version with the image that the alias means now; no instance is replaced"
		}
		return fmt.Sprintf("set the launch template to version %d; no instance is replaced", a.Saved.Number)
	}
	text := "start a refresh to " + a.Image
	if a.Preferences.AutoRollback {
		return text + ", rolled back if it fails"
	}
	return text
}
