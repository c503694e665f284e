package main

import (
	"fmt"
	"strings"
	"time"

	"moult/reconcile"
)

// plural reads "1 group", "2 groups", "3 entries", "4 breaches".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	stem, entries := strings.CutSuffix(noun, "ry")
	switch {
	case entries:
		return fmt.Sprintf("%d %sries", n, stem)
	case strings.HasSuffix(noun, "ch"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// mostNamed is how many names are offered to somebody who asked for another, or
// share a reason.
const mostNamed = 8

// some reads "a, b, c", or "a, b and 40 more".
func some(names []string) string {
	more := len(names) - mostNamed
	if more <= 0 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), more)
}

// span is a length of time in its largest unit: "4 minutes". It is rounded
// down, as people do with ages.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return plural(max(0, int(d/time.Second)), "second")
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case d < 2*day:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/day), "day")
}

// ago is how long before now something was. Clocks differ, and a simulated AWS
// has one of its own: what lies ahead is said to.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d >= time.Second:
		return span(d) + " ago"
	case d <= -time.Minute:
		return "in " + span(-d)
	}
	return "just now"
}

// moment is a time as people read it, with how long ago that was. The date is
// left out when it is today's.
func moment(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	layout := "2006-01-02 15:04 UTC"
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		layout = "15:04 UTC"
	}
	return fmt.Sprintf("%s (%s)", t.Format(layout), ago(t, now))
}

// stateWord is a state in words: "rolling back".
func stateWord(s reconcile.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// tally counts groups by where they stand: "5 groups: 3 converged, 1 rolling,
// 1 held".
func tally(answers []reconcile.Answer) string {
	counts := map[reconcile.State]int{}
	for _, a := range answers {
		counts[a.State]++
	}
	var parts []string
	for _, s := range states() {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], stateWord(s)))
		}
	}
	if len(parts) == 0 {
		return "no groups"
	}
	return plural(len(answers), "group") + ": " + strings.Join(parts, ", ")
}

// states are all states, from well to bad, in the order in which they are
// counted aloud.
func states() []reconcile.State {
	return []reconcile.State{
		reconcile.StateConverged, reconcile.StateRolling, reconcile.StateRollingBack,
		reconcile.StateWaiting, reconcile.StateDrifted, reconcile.StateUnknown, reconcile.StateHeld,
	}
}

// change is what becomes of a group's image: "ami-a -> ami-b", or the one name
// when they are the same.
func change(a reconcile.Answer) string {
	if a.From == "" || a.From == a.To {
		return a.To
	}
	return a.From + " -> " + a.To
}

// quoted is what somebody wrote, between marks that it does not hold itself: git
// puts the subject of a reverted commit between double ones.
func quoted(text string) string {
	text = tame(text)
	switch {
	case !strings.Contains(text, `"`):
		return `"` + text + `"`
	case !strings.Contains(text, "'"):
		return "'" + text + "'"
	}
	return "“" + text + "”"
}

// commitLine reads `commit 4f2a91c2 "webapp 2026.11.24" by Ada, 4 minutes ago`.
func commitLine(c reconcile.Commit, v view) string {
	if c.Hash == "" {
		return "no commit"
	}
	line := "commit " + v.paint.bold(c.Short())
	if c.Subject != "" {
		line += " " + quoted(c.Subject)
	}
	if c.Author != "" {
		name, _, _ := strings.Cut(c.Author, " <") // without the address
		line += " by " + name
	}
	if !c.Time.IsZero() {
		line += ", " + ago(c.Time, v.now)
	}
	return line
}
