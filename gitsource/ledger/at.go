package ledger

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"
)

// Declarations tells what git declared; the ledger does not read it.
type Declarations interface {
	// DeclaredAt is what was in force in an environment at a moment.
	DeclaredAt(ctx context.Context, at time.Time, environment string) ([]reconcile.Declaration, error)
}

// Moment is one group at one moment: what was asked for, what ran, and what
// came of it.
type Moment struct {
	Group reconcile.ID `json:"group"`
	// Declared is what git declared then; nil when it declared no such group.
	Declared *reconcile.Declaration `json:"declared,omitempty"`
	// Image is what the instances ran then; empty when the ledger does not
	// tell. Partly is what some of them may have run in its place: while a
	// rollout was on its way, or after one that stopped there.
	Image  string `json:"ami,omitempty"`
	Partly string `json:"partly_ami,omitempty"`
	// Last is the newest entry about the group at that moment, and says who
	// asked. Became is how the rollout that was then on its way ended.
	Last   *Entry `json:"last,omitempty"`
	Became *Entry `json:"became,omitempty"`
}

// Past is what a ledger tells of an environment at a moment.
type Past struct {
	Moments []Moment // of each group
	// Accepted are the commits in whose notes an acceptance may stand, of
	// whichever branch and time. To read them all takes longer than to find them.
	Accepted map[string]bool
}

// At is every group of an environment at a moment, by name: those that were
// declared, and those that the ledger knows of. declared may be nil, and then
// only the ledger speaks.
func (b *Book) At(ctx context.Context, at time.Time, environment string, declared Declarations) ([]Moment, error) {
	past, err := b.Past(ctx, at, environment, declared)
	return past.Moments, err
}

// Past is At, and says beside which commits acceptances stand: it goes through
// all notes anyway.
func (b *Book) Past(ctx context.Context, at time.Time, environment string, declared Declarations) (Past, error) {
	f := Filter{Environment: environment}
	all, accepted, err := b.scrapsAndAccepted(f.words())
	if err != nil {
		return Past{}, fmt.Errorf("read ledger: %w", err)
	}
	moments, err := momentsOf(ctx, newestOf(all, 0, f.picks), at, environment, declared)
	return Past{moments, accepted}, err
}

// scrapsAndAccepted are the lines in which all the words stand, and the commits
// in whose notes the one that begins an acceptance does.
func (b *Book) scrapsAndAccepted(words []string) ([]scrap, map[string]bool, error) {
	type finding struct {
		scraps   []scrap
		accepted plumbing.Hash
	}
	found, err := lookThrough(b, nil, func(p page, content []byte) []finding {
		f := finding{scraps: scraps(p, content, words)}
		if bytes.Contains(content, []byte(acceptedWord)) {
			f.accepted = p.commit
		}
		if f.scraps == nil && f.accepted.IsZero() {
			return nil
		}
		return []finding{f}
	})
	var all []scrap
	accepted := map[string]bool{}
	for _, f := range found {
		all = append(all, f.scraps...)
		if !f.accepted.IsZero() {
			accepted[f.accepted.String()] = true
		}
	}
	return all, accepted, err
}

// acceptedWord stands in the line of every acceptance.
const acceptedWord = " " + string(Accepted) + ":"

func momentsOf(ctx context.Context, entries []*Entry, at time.Time, environment string, declared Declarations) ([]Moment, error) {
	moments := map[string]Moment{}
	for name, entries := range about(entries) {
		if m := momentOf(entries, at); m.Last != nil {
			moments[name] = m
		}
	}
	if declared != nil {
		groups, err := declared.DeclaredAt(ctx, at, environment)
		if err != nil {
			return nil, fmt.Errorf("read what was declared at %s: %w", at.UTC().Format(time.RFC3339), err)
		}
		for _, g := range groups {
			m := moments[g.ID.String()]
			m.Group, m.Declared = g.ID, &g
			moments[g.ID.String()] = m
		}
	}
	sorted := make([]Moment, 0, len(moments))
	for _, name := range slices.Sorted(maps.Keys(moments)) {
		sorted = append(sorted, moments[name])
	}
	return sorted, nil
}

// momentOf goes through what happened to a group, oldest first, up to a
// moment, and looks from there for the end of what was on its way.
func momentOf(entries []*Entry, at time.Time) Moment {
	var m Moment
	for _, e := range entries {
		switch {
		case !e.when().After(at):
			m.Group = e.GroupID()
			m.Last = e
			m.Image, m.Partly = e.leaves(m.Image, m.Partly)
		case m.Last != nil && m.Became == nil && m.Last.Outcome == Started && e.Outcome.Final() && e.rollout() == m.Last.rollout():
			m.Became = e
		}
	}
	return m
}

// leaves is what a group runs after an entry, and what some of its instances
// may run.
func (e *Entry) leaves(image, partly string) (string, string) {
	switch {
	case !e.rolls():
		return image, partly
	case e.Outcome == Succeeded:
		return e.To, ""
	case e.Outcome == RolledBack:
		return e.From, ""
	}
	if image == "" {
		image = e.From
	}
	return image, e.To
}
