package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"moult/gitsource"
	"moult/gitsource/ledger"
	"moult/reconcile"
)

// momentThen is what `moult history --at` prints: one environment at one
// moment.
type momentThen struct {
	At          time.Time `json:"at"`
	Environment string    `json:"environment"`
	// Branch and Head are what was read, and where it was at the moment.
	Branch string           `json:"branch"`
	Head   reconcile.Commit `json:"head"`
	// Rewritten is set where the branch no longer has the commit that the agent
	// obeyed at the moment. Head is then that commit.
	Rewritten *rewrittenThen `json:"rewritten,omitempty"`
	// Undeclared is set where the head had no declaration file at all.
	Undeclared *undeclaredThen `json:"undeclared,omitempty"`
	// Mistakes are why the head did not move the environment then.
	Mistakes []reconcile.Mistake `json:"mistakes,omitempty"`
	// Ledger is false where there is none: then nobody knows here what ran.
	Ledger bool        `json:"ledger"`
	Groups []groupThen `json:"groups"`
	// Group is the one that was asked about; empty for all.
	Group string `json:"group,omitempty"`
	// Environments are what was declared then, where Environment was not and
	// never ran, and Others the groups of Environment where Group was not: its
	// name may be mistyped.
	Environments []string `json:"environments,omitempty"`
	Others       []string `json:"others,omitempty"`
}

// groupThen is one group at that moment.
type groupThen struct {
	Group reconcile.ID `json:"group"`
	// Declared is nil when git declared no such group, or nobody knows that any
	// more; see rewrittenThen.
	Declared  *declaredThen `json:"declared,omitempty"`
	Forgotten bool          `json:"declared_is_not_known,omitempty"`
	// Image is what ran, and Partly what some of the instances may have run.
	Image  string `json:"ami,omitempty"`
	Partly string `json:"partly_ami,omitempty"`
	// Last is the newest entry then, and Became how its rollout ended.
	Last   *ledger.Entry `json:"last,omitempty"`
	Became *ledger.Entry `json:"became,omitempty"`
	// Accepted is how the commit of Last was accepted: by itself, or with a later
	// one, which is then its Commit. It is nil when the ledger does not tell.
	Accepted *ledger.Entry `json:"accepted,omitempty"`
}

type declaredThen struct {
	Image            string           `json:"ami"`
	AutoScalingGroup string           `json:"auto_scaling_group"`
	Region           string           `json:"region"`
	Position         string           `json:"position"`
	Commit           reconcile.Commit `json:"commit"` // the one that had set the AMI
	// Unattributed is set where a shallow clone ends at Commit: an older one may
	// have set it.
	Unattributed bool `json:"unattributed,omitempty"`
}

func (a *archive) tellMoment(ctx context.Context, at surroundings, q query, v view) error {
	told, err := a.recall(ctx, q)
	if err != nil {
		return err
	}
	switch q.out.format {
	case asJSON:
		return writeJSON(at.out, told)
	case asCSV:
		return writeMomentCSV(at.out, told)
	}
	renderMoment(at.out, told, v)
	return nil
}

// recall asks git and the ledger at once: each takes half a second where there
// are 50,000 commits.
func (a *archive) recall(ctx context.Context, q query) (momentThen, error) {
	told := momentThen{At: q.moment, Environment: q.filter.Environment, Group: q.filter.Group, Ledger: a.book != nil, Groups: []groupThen{}}
	var past declaredPast
	var unread error
	var reading sync.WaitGroup
	reading.Go(func() { past, told.Branch, unread = a.declaredAt(ctx, q) })
	ran, err := a.pastAt(ctx, q, awaited{&reading, &past, &unread})
	reading.Wait()
	if unread != nil {
		err = unread // which err is, in other words
	}
	if err == nil || errors.Is(err, gitsource.ErrBefore) {
		err = a.straighten(ctx, q, &told, &past, &ran, err)
	}
	if err != nil {
		return told, err
	}
	told.take(q, past, ran)
	return told, a.acceptances(ctx, &told, ran)
}

// take is what is told of what was found.
func (m *momentThen) take(q query, past declaredPast, ran ledger.Past) {
	m.Head, m.Undeclared, m.Mistakes = past.head, past.undeclared, past.mistakes
	for _, then := range ran.Moments {
		if !q.about(then.Group.Environment, then.Group.Group) {
			m.Others = append(m.Others, then.Group.String())
			continue
		}
		g := asGroupThen(then)
		g.Forgotten = m.Rewritten != nil && m.Rewritten.Lost
		m.Groups = append(m.Groups, g)
	}
	if len(m.Groups) > 0 {
		m.Others = nil
	} else if !slices.Contains(past.environments, m.Environment) {
		m.Environments = past.environments
	}
}

// declaredAt asks git, and says of which branch.
func (a *archive) declaredAt(ctx context.Context, q query) (declaredPast, string, error) {
	clone, err := gitsource.OpenClone(ctx, a.clone, a.branch, a.path)
	if err != nil {
		return declaredPast{}, "", err
	}
	defer clone.Close()
	past, err := declaredIn(ctx, clone, q.moment, q.filter.Environment)
	if err == nil {
		past.undeclared, err = a.undeclared(ctx, clone, past.head.Hash)
	}
	return past, clone.Ref, err
}

// pastAt asks the ledger, where there is one.
func (a *archive) pastAt(ctx context.Context, q query, declared ledger.Declarations) (ledger.Past, error) {
	if a.book != nil {
		return a.book.Past(ctx, q.moment, q.filter.Environment, declared)
	}
	groups, err := declared.DeclaredAt(ctx, q.moment, q.filter.Environment)
	var past ledger.Past
	for _, g := range groups {
		past.Moments = append(past.Moments, ledger.Moment{Group: g.ID, Declared: &g})
	}
	return past, err
}

// awaited is declarations that somebody else is reading.
type awaited struct {
	reading *sync.WaitGroup
	past    *declaredPast
	err     *error
}

// DeclaredAt makes awaited ledger.Declarations.
func (w awaited) DeclaredAt(context.Context, time.Time, string) ([]reconcile.Declaration, error) {
	w.reading.Wait()
	return w.past.groups, *w.err
}

func asGroupThen(m ledger.Moment) groupThen {
	g := groupThen{Group: m.Group, Image: m.Image, Partly: m.Partly, Last: m.Last, Became: m.Became}
	if d := m.Declared; d != nil {
		g.Declared = &declaredThen{
			Image: d.Image, AutoScalingGroup: d.AutoScalingGroup, Region: d.Place.Region,
			Position: d.Position, Commit: d.Commit, Unattributed: d.Unattributed,
		}
	}
	return g
}
