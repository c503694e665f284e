package ledger

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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

	acceptances []scrap // that were written down by then, unread
}

// InForce is the entry about the commit of a branch that was accepted last before
// a time, which is not after the moment: what the agent obeyed then. It is nil
// where the ledger tells of none.
func (p Past) InForce(branch string, at time.Time) *Entry {
	begins := " " + Entry{Outcome: Accepted, Branch: branch}.subject() + acceptedWord
	ofBranch := slices.DeleteFunc(slices.Clone(p.acceptances), func(s scrap) bool {
		return !strings.HasPrefix(s.text[len(s.second()):], braceless(begins))
	})
	found := newestOf(ofBranch, 1, func(e *Entry) bool {
		return e.Outcome == Accepted && e.Branch == branch && !e.Time.After(at)
	})
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// At is every group of an environment at a moment, by name: those that were
// declared, and those that the ledger knows of. declared may be nil, and then
// only the ledger speaks.
func (b *Book) At(ctx context.Context, at time.Time, environment string, declared Declarations) ([]Moment, error) {
	past, err := b.Past(ctx, at, environment, declared)
	return past.Moments, err
}

// Declare sets what git declared at the moment, in place of what was known of it.
func (p *Past) Declare(groups []reconcile.Declaration) {
	moments := map[string]Moment{}
	for _, m := range p.Moments {
		if m.Declared = nil; m.Last != nil {
			moments[m.Group.String()] = m
		}
	}
	for _, g := range groups {
		m := moments[g.ID.String()]
		m.Group, m.Declared = g.ID, &g
		moments[g.ID.String()] = m
	}
	p.Moments = inOrderOfNames(moments)
}

// Past is At, and says beside which commits acceptances stand: it goes through
// all notes anyway. Where declared fails, what the ledger tells comes with the
// error.
func (b *Book) Past(ctx context.Context, at time.Time, environment string, declared Declarations) (Past, error) {
	f := Filter{Environment: environment}
	all, past, err := b.scrapsAndAccepted(f.words(), at)
	if err != nil {
		return Past{}, fmt.Errorf("read ledger: %w", err)
	}
	past.Moments = momentsOf(newestOf(all, 0, f.picks), at)
	if declared == nil {
		return past, nil
	}
	groups, err := declared.DeclaredAt(ctx, at, environment)
	if err != nil {
		return past, fmt.Errorf("read what was declared at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	past.Declare(groups)
	return past, nil
}

// scrapsAndAccepted are the lines in which all the words stand, and what the
// others tell of acceptances.
func (b *Book) scrapsAndAccepted(words []string, at time.Time) ([]scrap, Past, error) {
	type finding struct {
		scraps, acceptances []scrap
		accepted            plumbing.Hash
	}
	found, err := lookThrough(b, nil, func(p page, content []byte) []finding {
		f := finding{scraps: scraps(p, content, words)}
		if bytes.Contains(content, []byte(acceptedWord)) {
			f.accepted, f.acceptances = p.commit, until(at, scraps(p, content, []string{acceptedWord}))
		}
		if f.scraps == nil && f.accepted.IsZero() {
			return nil
		}
		return []finding{f}
	})
	var all []scrap
	past := Past{Accepted: map[string]bool{}}
	for _, f := range found {
		all, past.acceptances = append(all, f.scraps...), append(past.acceptances, f.acceptances...)
		if !f.accepted.IsZero() {
			past.Accepted[f.accepted.String()] = true
		}
	}
	return all, past, err
}

// until drops lines that were written down after a moment.
func until(at time.Time, all []scrap) []scrap {
	last := at.UTC().Format(time.RFC3339)
	return slices.DeleteFunc(all, func(s scrap) bool { return s.second() > last })
}

// acceptedWord stands in the line of every acceptance.
const acceptedWord = " " + string(Accepted) + ":"

// momentsOf are the groups that the ledger knows of, by name.
func momentsOf(entries []*Entry, at time.Time) []Moment {
	moments := map[string]Moment{}
	for name, entries := range about(entries) {
		if m := momentOf(entries, at); m.Last != nil {
			moments[name] = m
		}
	}
	return inOrderOfNames(moments)
}

func inOrderOfNames(moments map[string]Moment) []Moment {
	sorted := make([]Moment, 0, len(moments))
	for _, name := range slices.Sorted(maps.Keys(moments)) {
		sorted = append(sorted, moments[name])
	}
	return sorted
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
