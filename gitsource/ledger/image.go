package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"moult/reconcile"
)

// Run is one stretch of time in which a group ran an image.
type Run struct {
	Group reconcile.ID `json:"group"`
	// Since is when the first instances with it were asked for; zero when that
	// was before the ledger begins.
	Since time.Time `json:"since,omitzero"`
	// Complete is when for the first time all instances ran it; zero when that never was, or
	// before the ledger begins.
	Complete time.Time `json:"complete,omitzero"`
	// Until is when the last instance with it was gone; zero when some still
	// run it, as far as the ledger tells.
	Until time.Time `json:"until,omitzero"`
	// Commit asked for it, and Author wrote that.
	Commit string `json:"commit,omitempty"`
	Author string `json:"author,omitempty"`
	// Outcome is what came of the rollout that brought it.
	Outcome Outcome `json:"outcome,omitempty"`
}

// Image is where and when an image ran, the latest first.
func (b *Book) Image(ami string) ([]Run, error) {
	scraps, err := b.scraps(nil)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	var all []Run
	for _, entries := range about(newestOf(ofGroupsWith(scraps, ami), 0, func(*Entry) bool { return true })) {
		all = append(all, runsOf(entries, ami)...)
	}
	slices.SortFunc(all, func(a, b Run) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.Group.String(), b.Group.String()))
	})
	return all, nil
}

// ofGroupsWith are the scraps about groups that had to do with an image.
func ofGroupsWith(all []scrap, ami string) []scrap {
	f := Filter{Image: ami}
	headings := map[string]bool{}
	for _, s := range all {
		if containsAll([]byte(s.text), f.words()) {
			if e := s.read(); e != nil && f.picks(e) {
				headings[s.group()] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(s scrap) bool { return !headings[s.group()] })
}

// group is the group as it stands in the heading: what follows the time, up to
// the first outcome.
func (s scrap) group() string {
	rest := s.text[len(s.second()):]
	before, _, _ := strings.Cut(rest, ":")
	return before[:strings.LastIndexByte(before, ' ')+1]
}

// runsOf goes through what happened to a group, oldest first.
func runsOf(entries []*Entry, ami string) []Run {
	var runs []Run
	var open *Run
	for _, e := range entries {
		if !e.rolls() {
			continue
		}
		if open == nil && (e.To == ami || e.From == ami && e.Outcome == Started) {
			open = beginRun(e, ami)
		}
		if open != nil && open.take(e, ami) {
			runs = append(runs, *open)
			open = nil
		}
	}
	if open != nil {
		runs = append(runs, *open)
	}
	return runs
}

func beginRun(e *Entry, ami string) *Run {
	r := &Run{Group: e.GroupID()}
	if e.To != ami {
		return r // it ran there before
	}
	r.Since = e.Started
	if r.Since.IsZero() {
		r.Since = e.when()
	}
	r.Commit, r.Author, r.Outcome = e.Commit, e.Author, e.Outcome
	return r
}

// take notes what an entry means for the image, and reports whether that was
// the end of it in the group.
func (r *Run) take(e *Entry, ami string) bool {
	if e.To == ami {
		r.Outcome = e.Outcome
		switch e.Outcome {
		case Succeeded:
			if r.Complete.IsZero() { // later ones heal drift, or found it so
				r.Complete = e.when()
			}
		case RolledBack:
			r.Until = e.when()
		}
		return e.Outcome == RolledBack
	}
	if e.Outcome != Succeeded {
		return false
	}
	r.Until = e.when()
	return true
}
