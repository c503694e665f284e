package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

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

// At is every group of an environment at a moment, by name: those that were
// declared, and those that the ledger knows of. declared may be nil, and then
// only the ledger speaks.
func (b *Book) At(ctx context.Context, at time.Time, environment string, declared Declarations) ([]Moment, error) {
	f := Filter{Environment: environment}
	all, err := b.scraps(nil, f.words()...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	moments := map[string]Moment{}
	for name, entries := range about(newestOf(all, 0, f.picks)) {
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
