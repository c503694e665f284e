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
}

// Outcome is what became of one action.
type Outcome struct {
	Action  Action    `json:"action"`
	At      time.Time `json:"at"`
	Receipt Receipt   `json:"receipt,omitzero"`
	// Problem is nil when the cloud accepted the action.
	Problem *Problem `json:"problem,omitempty"`
}
