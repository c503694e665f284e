package trust

import (
	"fmt"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Record is the last accepted commit: what the caller keeps between passes. The
// zero Record says that nothing was ever accepted.
type Record struct {
	Commit string    `json:"commit,omitempty"`
	At     time.Time `json:"at,omitzero"`     // when it was accepted
	Signer Signer    `json:"signer,omitzero"` // who signed it; zero when that did not matter
	// Names are commits that an operator accepts by name. They hold for as long
	// as Commit is in force: a name that outlived it would let a later
	// force-push go back to what was accepted once.
	Names []Name `json:"names,omitempty"`
}

// Name is a commit that an operator accepts as it is, with all that is behind
// it (moult trust COMMIT).
type Name struct {
	Commit string    `json:"commit"` // all 40 digits
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// Accept is the record after an operator has accepted a commit by name.
func (r Record) Accept(n Name) (Record, error) {
	if _, err := parseHash(n.Commit); err != nil {
		return r, fmt.Errorf("trust %.60q: not the whole name of a commit, which has 40 digits", n.Commit)
	}
	names := make([]Name, 0, len(r.Names)+1)
	for _, old := range r.Names {
		if old.Commit != n.Commit {
			names = append(names, old)
		}
	}
	r.Names = append(names, n)
	return r, nil
}

// Advance is the record after a verdict: unchanged when nothing newer may be
// obeyed.
func (r Record) Advance(v Verdict, now time.Time) Record {
	if v.Obey.IsZero() || v.Obey.String() == r.Commit {
		return r
	}
	return Record{Commit: v.Obey.String(), At: now, Signer: v.Signer}
}

// hashes are the commits of the record.
func (r Record) hashes() (accepted plumbing.Hash, names []plumbing.Hash, err error) {
	if r.Commit != "" {
		if accepted, err = parseHash(r.Commit); err != nil {
			return accepted, nil, fmt.Errorf("read the last accepted commit: %w", err)
		}
	}
	for _, n := range r.Names {
		name, err := parseHash(n.Commit)
		if err != nil {
			return accepted, nil, fmt.Errorf("read the commits that are accepted by name: %w", err)
		}
		names = append(names, name)
	}
	return accepted, names, nil
}
