package reconcile

import "time"

// Report is what one pass came to.
type Report struct {
	At       time.Time `json:"at"`
	Head     Commit    `json:"head"`
	Mistakes []Mistake `json:"mistakes,omitempty"`
	Stale    *Stale    `json:"stale,omitempty"`
	Plan     Plan      `json:"plan"`
	Outcomes []Outcome `json:"outcomes,omitempty"`
	// Reverts are the earlier declared images that could not be launched any
	// more, so that a revert to them would be held.
	Reverts []Revert `json:"reverts,omitempty"`
}

// Revert is a way back that is closed.
type Revert struct {
	Group   ID        `json:"group"`
	Image   string    `json:"ami"`
	Commit  Commit    `json:"commit"` // the one that declared it
	Problem string    `json:"problem"`
	Checked time.Time `json:"checked"`
}

// Outcome is what became of one action.
type Outcome struct {
	Action  Action    `json:"action"`
	At      time.Time `json:"at"`
	Receipt Receipt   `json:"receipt,omitzero"`
	// Problem is nil when the cloud accepted the action.
	Problem *Problem `json:"problem,omitempty"`
}
