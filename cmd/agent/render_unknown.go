package main

import (
	"io"

	"moult/reconcile"
)

// unknownByReason takes the groups that could not be observed out of the
// others, and puts those together that share a reason: when a region does not
// answer, a thousand groups have one thing to say.
func unknownByReason(answers []reconcile.Answer) (seen []reconcile.Answer, unseen [][]reconcile.Answer) {
	places := map[string]int{}
	for _, a := range answers {
		if a.State != reconcile.StateUnknown {
			seen = append(seen, a)
			continue
		}
		place, known := places[a.Reason]
		if !known {
			place = len(unseen)
			places[a.Reason] = place
			unseen = append(unseen, nil)
		}
		unseen[place] = append(unseen[place], a)
	}
	return seen, unseen
}

// renderUnknown tells of groups that share a reason.
func renderUnknown(w io.Writer, alike []reconcile.Answer, v view) {
	var names []string
	for _, a := range alike {
		names = append(names, v.paint.bold(a.Group.String()))
	}
	first := alike[0]
	v.line(w, 2, "%s %s %s: %s", v.paint.state(first.State, first.Glyph()), some(names), v.paint.state(first.State, stateWord(first.State)), first.Reason)
	v.line(w, 6, "    ends: %s", first.Ends)
}
