package ledger

import (
	"strings"
)

// A commit asks for a rollout once. Where a group had come to rest on what a
// commit declares and is rolled there again, no commit asked for it: somebody
// changed the group since, or the branch went back to the commit from a later
// one, which only an operator lets it (moult trust). The entries of such a
// rollout say so in their reason.
const (
	heals   = "healing drift"
	returns = "going back"
)

// begins are the reasons of its first entry.
var begins = map[Standing]string{
	Settled: heals + ": no new commit asked for it",
	Left:    returns + ": the branch was set back to this commit",
}

// Heals reports whether the entry is about drift that the agent put right by
// itself. Author is then who declared what it went back to.
func (e Entry) Heals() bool { return strings.HasPrefix(e.Reason, heals) }

// Returns reports whether the entry is about a rollout that was asked for by
// setting the branch back. Author is then who declared what it went back to.
func (e Entry) Returns() bool { return strings.HasPrefix(e.Reason, returns) }

// onward is the reason of an entry at the end of a rollout that e began: it says
// again what kind that was.
func (e Entry) onward(outcome Outcome, reason string) string {
	kind := heals
	switch {
	case e.Returns():
		kind = returns
	case !e.Heals():
		return reason
	}
	switch {
	case outcome == Succeeded:
		return kind + ": done"
	case reason == "":
		return kind
	}
	return kind + ": " + reason
}
