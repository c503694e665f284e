package trust

import (
	"fmt"
	"time"
)

// Refusal is a commit that is not trusted.
type Refusal struct {
	Commit string    `json:"commit"`
	Made   time.Time `json:"made,omitzero"` // committer time
	Reason Reason    `json:"reason"`
	Detail string    `json:"detail"`         // as [Distrust.Detail]
	Since  time.Time `json:"since,omitzero"` // when it was first refused; see [Verdict.Dated]
}

// String says why, since when, and what ends it.
func (r Refusal) String() string {
	var since string
	if !r.Since.IsZero() {
		since = fmt.Sprintf(" (refused since %s)", stamp(r.Since))
	}
	return fmt.Sprintf("commit %s %s%s; %s, or %s: moult trust %s", short(r.Commit), r.Detail, since, r.Reason.next(), r.Reason.accept(), r.Commit)
}

// short is the abbreviated hash that people read.
func short(hash string) string { return hash[:min(8, len(hash))] }

// Dated is the verdict with its refusals dated: since the earlier verdict's date
// for those that it has already, since now for the others.
func (v Verdict) Dated(earlier []Refusal, now time.Time) Verdict {
	since := map[string]time.Time{}
	for _, old := range earlier {
		since[old.Commit] = old.Since
	}
	dated := make([]Refusal, len(v.Refused))
	for i, refusal := range v.Refused {
		refusal.Since = since[refusal.Commit]
		if refusal.Since.IsZero() {
			refusal.Since = now
		}
		dated[i] = refusal
	}
	v.Refused = dated
	return v
}

// Hold says what is not obeyed, why, since when, and what ends it; "" when
// everything is obeyed.
func (v Verdict) Hold() string {
	if len(v.Refused) == 0 {
		return ""
	}
	inForce, newer := "no commit is in force", ""
	if !v.Obey.IsZero() {
		inForce, newer = "commit "+short(v.Obey.String())+" is in force", " newer"
	}
	var more string
	if others := len(v.Refused) - 1; others > 0 {
		more = fmt.Sprintf(" (%d more are refused)", others)
	}
	return fmt.Sprintf("%s, and %d%s on the branch must wait: %s%s", inForce, v.Waiting, newer, v.Refused[0], more)
}
