package ledger

import (
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// Trust is what a ledger is verified against.
type Trust struct {
	// Keys are the keys of agents. With any, every entry must be the word of one
	// of them: the commit that adds it carries a good signature, or the entry
	// itself a proof. Without, signatures of commits that are there are checked
	// and none need be there.
	Keys []ssh.PublicKey
	// Known are commits of the ledger that somebody wrote down earlier: each
	// must still be in its history. A ledger that was replaced as a whole by
	// another that is sound in itself is found by nothing else.
	Known []string
	// Excused are commits of the ledger whose breach is known and was looked into.
	// It stays in the record for ever, and what happened since is to be told apart.
	Excused []string
}

// MostBreaches is after how many breaches a verification ends: it is clear by
// then that nothing of the ledger is to be believed.
const MostBreaches = 100

// Verified says what was looked at.
type Verified struct {
	Head     string `json:"head"`
	Commits  int    `json:"commits"` // of the ledger
	Notes    int    `json:"notes"`
	Entries  int    `json:"entries"`
	Signed   int    `json:"signed"`   // commits with a good signature
	Unsigned int    `json:"unsigned"` // commits without
	// Proven is how many entries a commit without a trusted signature put there,
	// each with a proof by a trusted key.
	Proven int `json:"proven,omitempty"`
	// Partial: the clone does not hold the whole history of the ledger.
	Partial bool `json:"partial,omitempty"`
	// Breaches are what is not as it must be, the oldest first: one for a commit
	// of the ledger, [MostBreaches] in all, and none behind an object that is lost.
	Breaches []Breach `json:"breaches,omitempty"`
}

// Sound reports whether there is no breach but excused ones.
func (v Verified) Sound() bool {
	return !slices.ContainsFunc(v.Breaches, func(b Breach) bool { return !b.Excused })
}

// Breach is where a ledger is not what it must be.
type Breach struct {
	Ledger string    `json:"ledger"` // the commit of the ledger
	Author string    `json:"author,omitempty"`
	Time   time.Time `json:"time,omitzero"`    // by the clock of whoever made it
	Commit string    `json:"commit,omitempty"` // in whose note
	Entry  *Entry    `json:"entry,omitempty"`
	What   string    `json:"what"`
	// Absent: Ledger is a commit of Trust.Known, and nothing more is known of it.
	Absent bool `json:"absent,omitempty"`
	// Excused: Ledger is a commit of Trust.Excused.
	Excused bool `json:"excused,omitempty"`

	lost bool // an object is: nothing behind it can be judged
}

func (b *Breach) Error() string {
	if b.Absent {
		return "commit " + b.Ledger + " " + b.What
	}
	text := "commit " + b.Ledger + " of the ledger"
	if b.Author != "" {
		text += " by " + b.Author + ", " + b.Time.UTC().Format(time.RFC3339)
	}
	text += ": " + b.What
	if b.Commit != "" {
		text += ", in the note of " + b.Commit
	}
	return text
}
