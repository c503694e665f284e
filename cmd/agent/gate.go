package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource"
	"moult/gitsource/trust"
)

// lineage is what a gate asks of the repository: a gitsource.Repository.
type lineage interface {
	Parents(commit string) ([]string, error)
	Since(ctx context.Context, after, head string, paths bool) ([]gitsource.Raw, error)
	Holds(ctx context.Context, commit string, scope gitsource.Scope) (bool, error)
	Leads(ctx context.Context, commit, to string) (bool, error)
	Borrow(ctx context.Context, commit string) error
	Partial() bool
	Deepen(ctx context.Context) (whole bool, err error)
}

// gate decides how far the branch is obeyed. It asks the files with the keys,
// and the book, at each poll; it judges again only when one of them or the head
// has changed. One caller at a time.
type gate struct {
	Lineage lineage
	Trust   trustSettings
	Config  string // the file in which Trust stands; empty: agent.hcl
	Book    book
	// Keep is whether what is accepted is stored. Whoever only looks leaves no
	// trace: a plan accepts nothing for the agent.
	Keep bool
	// Memory is asked what was accepted last by an agent that keeps a record
	// and has none yet; nil: nobody.
	Memory memory
	// Accepted is told what is accepted, and after a start what is in force;
	// nil: nobody. Only what is stored is told.
	Accepted func(record)
	// Log is told of scopes that protect nothing; nil: nobody.
	Log *slog.Logger

	last    question
	ruling  ruling
	refused []trust.Refusal // by the last verdict, with the time of the first
	told    string          // the commit that Accepted was told last
	idle    map[string]bool // scopes that protect nothing, as they were warned of
}

// memory tells a gate what it has forgotten: a recollection.
type memory interface {
	// LastAccepted is the record of the commit that was accepted last. What
	// nobody can prove is only Recalled. Nothing is known: the zero record.
	LastAccepted(ctx context.Context) (record, error)
}

// question is all that a ruling depends on.
type question struct {
	head   string
	record record
	policy trust.Policy
}

// ruling is how far the branch is obeyed.
type ruling struct {
	obey string // the newest commit to obey; empty: none that can still be read
	hold string // why not the head, and what ends that; empty when it is
}

// heldError says that a commit may not be obeyed.
type heldError string

func (e heldError) Error() string { return string(e) }

func isHeld(err error) bool {
	var held heldError
	return errors.As(err, &held)
}

// held is the hold as an error; nil when there is none.
func (r ruling) held() error {
	if r.hold == "" {
		return nil
	}
	return heldError(r.hold)
}

// judge rules how far a branch with this head is obeyed. The error means that
// it could not be judged: nothing new may be obeyed.
func (g *gate) judge(ctx context.Context, head string, now time.Time) (ruling, error) {
	policy, err := g.Trust.policy()
	if err != nil {
		return ruling{}, heldError(fmt.Sprintf("read what %s says about trust: %v", or(g.Config, "agent.hcl"), err))
	}
	kept, there, err := g.Book.read()
	if err != nil {
		return ruling{}, heldError(err.Error())
	}
	if !there {
		if kept, err = g.remember(ctx, kept); err != nil {
			return ruling{}, fmt.Errorf("judge commit %.8s: %w", head, err)
		}
	}
	asked := question{head: head, record: kept, policy: policy}
	if (there || !g.Keep) && reflect.DeepEqual(asked, g.last) {
		return g.ruling, nil
	}
	ruled, after, err := g.deliberate(ctx, asked, now)
	if errors.Is(err, errUnfinished) { // until it can be judged in full, what was accepted stays
		return ruled, nil
	}
	if err != nil {
		return ruling{}, fmt.Errorf("judge commit %.8s: %w", head, err)
	}
	if g.Keep && (!there || after.Commit != kept.Commit) {
		if err := g.Book.keep(after); err != nil {
			return ruling{}, err
		}
	}
	g.tell(after)
	g.warnOfIdle(ctx, policy, head)
	g.last, g.ruling = asked, ruled
	return ruled, nil
}

// remember asks for what was accepted last, where nothing is kept: the state
// directory may have been lost. What an operator has named since then stands.
func (g *gate) remember(ctx context.Context, kept record) (record, error) {
	if g.Memory == nil || !g.Keep {
		return kept, nil
	}
	remembered, err := g.Memory.LastAccepted(ctx)
	remembered.Names = kept.Names
	return remembered, err
}

// tell says what is in force, each commit once.
func (g *gate) tell(r record) {
	if g.Keep && g.Accepted != nil && !r.At.IsZero() && r.Commit != g.told {
		g.told = r.Commit
		g.Accepted(r)
	}
}

// errUnfinished: the ruling may become another when more of history is there.
var errUnfinished = errors.New("history is not all there yet")

// mostSlices is how many slices of history one judgement waits for.
const mostSlices = 100

// deliberate considers, and reads on in history for as long as it is not all
// there and what is there speaks against the head: behind it may lie what was
// accepted before. With errUnfinished comes a ruling that holds the head until
// the rest is there.
func (g *gate) deliberate(ctx context.Context, q question, now time.Time) (ruling, record, error) {
	for slices := 0; ; slices++ {
		ruled, after, err := g.consider(ctx, q, now)
		clear := err == nil && ruled.hold == ""
		if clear || !g.Lineage.Partial() || err != nil && !errors.Is(err, gitsource.ErrPartial) {
			return ruled, after, err
		}
		unread := errUnfinished
		if slices < mostSlices {
			_, unread = g.Lineage.Deepen(ctx)
		}
		switch {
		case unread == nil:
		case err != nil:
			return ruling{}, after, unread
		default:
			ruled.hold += fmt.Sprintf("; the history behind it could not be read: %v", unread)
			return ruled, after, errUnfinished
		}
	}
}

// consider is judge without memory: it returns the record as it is afterwards.
func (g *gate) consider(ctx context.Context, q question, now time.Time) (ruling, record, error) {
	begun := g.begun(q.record.Record, now)
	move, err := g.guard(ctx, begun, q.head)
	if err != nil {
		return ruling{}, q.record, err
	}
	if move.Held() {
		ruled := ruling{obey: begun.Commit, hold: move.Hold()}
		if move.Relation == trust.Gone {
			ruled.obey = ""
		}
		return ruled, q.record, nil
	}
	if recalled, err := q.record.recalled(move.Head, g.parents); err != nil || recalled.Held() {
		return ruling{hold: recalled.HoldRecalled()}, q.record, err
	}
	verdict := trust.Verdict{Obey: move.Head}
	if !q.policy.Trusting() {
		if verdict, err = g.verdict(ctx, q.policy, move); err != nil {
			return ruling{}, q.record, err
		}
	}
	verdict = verdict.Dated(g.refused, now)
	g.refused = verdict.Refused
	if older, err := q.record.recalled(verdict.Obey, g.parents); err != nil || older.Held() {
		// What is trusted of the branch is older than what was in force.
		// Nothing goes back that nobody asked for.
		verdict.Obey = plumbing.ZeroHash
		return ruling{hold: verdict.Hold()}, q.record, err
	}
	ruled := ruling{hold: verdict.Hold()}
	if !verdict.Obey.IsZero() {
		ruled.obey = verdict.Obey.String()
	}
	return ruled, q.record.advance(begun, verdict, now), nil
}

// guard is how the head has moved. What was accepted last may be gone from the
// repository while another agent in the state directory still has it.
func (g *gate) guard(ctx context.Context, begun trust.Record, head string) (trust.Move, error) {
	move, err := begun.Guard(plumbing.NewHash(head), g.parents)
	if err != nil || move.Relation != trust.Gone || g.Lineage.Borrow(ctx, begun.Commit) != nil {
		return move, err
	}
	return begun.Guard(plumbing.NewHash(head), g.parents)
}

// begun is the record to judge by. Where nothing was ever accepted, that is
// what the operator named last, or what agent.hcl says to start from.
func (g *gate) begun(record trust.Record, now time.Time) trust.Record {
	switch last := len(record.Names) - 1; {
	case record.Commit != "":
	case last >= 0:
		record.Commit, record.At = record.Names[last].Commit, record.Names[last].At
	default:
		record.Commit = g.Trust.Start
		if record.Commit != "" {
			record.At = now
		}
	}
	return record
}

func (g *gate) verdict(ctx context.Context, policy trust.Policy, move trust.Move) (trust.Verdict, error) {
	r := trust.Range{From: move.From(), Named: move.Names}
	var after string
	if !r.From.IsZero() {
		after = r.From.String()
	}
	raws, err := g.Lineage.Since(ctx, after, move.Head.String(), len(policy.Scopes) > 0)
	if err != nil {
		return trust.Verdict{}, err
	}
	for _, raw := range raws {
		r.Changes = append(r.Changes, trust.Change{Raw: raw.Object, Paths: raw.Paths, Untold: raw.Untold})
	}
	return policy.Judge(r)
}

// parents are the parents of a commit, as package trust asks for them.
func (g *gate) parents(commit plumbing.Hash) ([]plumbing.Hash, error) {
	return parentsIn(g.Lineage)(commit)
}

func parentsIn(l interface {
	Parents(commit string) ([]string, error)
}) trust.Parents {
	return func(commit plumbing.Hash) ([]plumbing.Hash, error) {
		names, err := l.Parents(commit.String())
		if errors.Is(err, gitsource.ErrUnknown) {
			return nil, fmt.Errorf("%w: %w", trust.ErrAbsent, err)
		}
		parents := make([]plumbing.Hash, len(names))
		for i, name := range names {
			parents[i] = plumbing.NewHash(name)
		}
		return parents, err
	}
}
