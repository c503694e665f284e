package reconcile

import "time"

// Commit is the part of a git commit that people ask for: which one, who, when
// and why. Its zero value means that no commit is known.
type Commit struct {
	Hash    string    `json:"hash"`
	Author  string    `json:"author,omitempty"`
	Time    time.Time `json:"time,omitzero"` // committer time: when it was made, by the clock of whoever made it
	Subject string    `json:"subject,omitempty"`
}

// Short is the abbreviated hash that people read: 8 digits, or all when there
// are fewer.
func (c Commit) Short() string {
	if len(c.Hash) <= 8 {
		return c.Hash
	}
	return c.Hash[:8]
}
