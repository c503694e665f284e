package main

import (
	"context"
	"errors"
	"fmt"
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
	Leads(ctx context.Context, commit, to string) (bool, error)
}

// gate decides how far the branch is obeyed. It asks the files with the keys,
// and the book, at each poll; it judges again only when one of them or the head
// has changed. One caller at a time.
type gate struct {
	Lineage lineage
	Trust   trustSettings
	Book    book
	// Keep is whether what is accepted is stored. Whoever only looks leaves no
	// trace: a plan accepts nothing for the agent.
	Keep bool

	last    question
	ruling  ruling
	refused []trust.Refusal // by the last verdict, with the time of the first
}

// question is all that a ruling depends on.
type question struct {
	head   string
	record trust.Record
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
		return ruling{}, heldError(fmt.Sprintf("read what agent.hcl says about trust: %v", err))
	}
	record, kept, err := g.Book.read()
	if err != nil {
		return ruling{}, heldError(err.Error())
	}
	asked := question{head: head, record: record, policy: policy}
	if (kept || !g.Keep) && reflect.DeepEqual(asked, g.last) {
		return g.ruling, nil
	}
	ruled, after, err := g.consider(ctx, asked, now)
	if err != nil {
		return ruling{}, fmt.Errorf("judge commit %.8s: %w", head, err)
	}
	if g.Keep && (!kept || after.Commit != record.Commit) {
		if err := g.Book.keep(after); err != nil {
			return ruling{}, err
		}
	}
	g.last, g.ruling = asked, ruled
	return ruled, nil
}

// consider is judge without memory: it returns the record as it is afterwards.
func (g *gate) consider(ctx context.Context, q question, now time.Time) (ruling, trust.Record, error) {
	record := g.begun(q.record)
	move, err := record.Guard(plumbing.NewHash(q.head), g.parents)
	if err != nil {
		return ruling{}, record, err
	}
	if move.Held() {
		ruled := ruling{obey: record.Commit, hold: move.Hold()}
		if move.Relation == trust.Gone {
			ruled.obey = ""
		}
		return ruled, q.record, nil
	}
	verdict := trust.Verdict{Obey: move.Head}
	if !q.policy.Trusting() {
		if verdict, err = g.verdict(ctx, q.policy, move); err != nil {
			return ruling{}, record, err
		}
	}
	verdict = verdict.Dated(g.refused, now)
	g.refused = verdict.Refused
	ruled := ruling{hold: verdict.Hold()}
	if !verdict.Obey.IsZero() {
		ruled.obey = verdict.Obey.String()
	}
	return ruled, record.Advance(verdict, now), nil
}

// begun is the record to judge by. Where nothing was ever accepted, that is
// what the operator named last, or what agent.hcl says to start from.
func (g *gate) begun(record trust.Record) trust.Record {
	switch last := len(record.Names) - 1; {
	case record.Commit != "":
	case last >= 0:
		record.Commit = record.Names[last].Commit
	default:
		record.Commit = g.Trust.Start
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
		r.Changes = append(r.Changes, trust.Change{Raw: raw.Object, Paths: raw.Paths})
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
