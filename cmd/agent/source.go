package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"moult/gitsource"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// history is what a source reads: a gitsource.Repository.
type history interface {
	Fetch(ctx context.Context) (gitsource.Fetched, error)
	Head() string
	Revisions(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error]
	Read(blob string) ([]byte, error)
}

// source makes declarations of a repository's history: it is the
// reconcile.Source of the agent. One caller at a time.
type source struct {
	history history
	gate    *gate // nil: every commit is obeyed

	timeline *declare.Timeline
	folded   string // the newest commit in timeline
	restart  bool   // history was rewritten: timeline holds commits that are gone

	declared reconcile.Declared // what was last in force
	head     string             // the commit that declared was made at; empty: never
	stale    *reconcile.Stale
}

// Read asks the repository for its newest commit and returns what is declared.
// While nothing is new it returns the same slice of groups again. When the
// repository cannot be reached or read, what was last in force is returned,
// with the reason.
func (s *source) Read(ctx context.Context) (reconcile.Declared, error) {
	err := s.refresh(ctx)
	switch {
	case ctx.Err() != nil:
		return reconcile.Declared{}, context.Cause(ctx)
	case err == nil:
		s.stale = nil
	case s.head == "" && !errors.Is(err, gitsource.ErrEmpty) && !isHeld(err):
		return reconcile.Declared{}, err
	default:
		s.grow(err, time.Now())
	}
	declared := s.declared
	declared.Stale = s.stale
	return declared, nil
}

// grow notes that what is declared may be old. The moment since when stays,
// while the reason may change.
func (s *source) grow(err error, now time.Time) {
	since := now
	if s.stale != nil {
		since = s.stale.Since
	}
	s.stale = &reconcile.Stale{Since: since, Reason: err.Error(), Held: isHeld(err)}
}

// refresh polls, and folds what is new and may be obeyed. Its error is why what is declared may
// be old; what the mirror still holds from an earlier run is read all the
// same.
func (s *source) refresh(ctx context.Context) error {
	fetched, err := s.history.Fetch(ctx)
	s.restart = s.restart || fetched.Rewritten
	if err != nil && s.head != "" {
		return err
	}
	if s.history.Head() == "" {
		return err
	}
	unread := s.follow(ctx)
	if errors.Is(unread, gitsource.ErrDamaged) {
		// The next poll copies the repository afresh: have it now.
		if _, again := s.history.Fetch(ctx); again == nil {
			s.restart, unread = true, s.follow(ctx)
		}
	}
	return errors.Join(err, unread)
}

// follow puts in force the newest commit that may be obeyed. Its error is why
// that is not the newest of all.
func (s *source) follow(ctx context.Context) error {
	upto, held, err := s.rule(ctx)
	if err != nil || upto == "" || upto == s.head {
		return errors.Join(held, err)
	}
	return errors.Join(held, s.fold(ctx, upto))
}

// rule asks the gate how far to go; held is why not to the end.
func (s *source) rule(ctx context.Context) (upto string, held, err error) {
	head := s.history.Head()
	if s.gate == nil {
		return head, nil, nil
	}
	ruling, err := s.gate.judge(ctx, head, time.Now())
	if err != nil || s.folded == "" || ruling.obey == "" || ruling.obey == s.folded {
		return ruling.obey, ruling.held(), err
	}
	on, err := s.gate.Lineage.Leads(ctx, s.folded, ruling.obey)
	s.restart = s.restart || !on
	return ruling.obey, ruling.held(), err
}

// fold takes the commits up to one into the timeline, oldest first, and puts
// in force what they declare.
func (s *source) fold(ctx context.Context, upto string) error {
	if s.timeline == nil || s.restart {
		s.timeline, s.folded, s.restart = new(declare.Timeline), "", false
	}
	for revision, err := range s.history.Revisions(ctx, s.folded, upto) {
		if err != nil {
			return err
		}
		if err := s.advance(revision, upto); err != nil {
			return err
		}
		s.folded = revision.Commit.Hash
	}
	s.declared, s.head = s.timeline.Declared(), upto
	return nil
}

// advance folds one commit. A commit of the past that never could be read is
// passed over: it cannot hold up those that came after it.
func (s *source) advance(revision reconcile.Revision, upto string) error {
	err := s.timeline.Advance(revision, s.history.Read)
	if err == nil {
		return nil
	}
	past := revision.Commit.Hash != upto
	if past && (errors.Is(err, gitsource.ErrTooLarge) || errors.Is(err, gitsource.ErrMalformed)) {
		return nil
	}
	return fmt.Errorf("read commit %s: %w", revision.Commit.Short(), err)
}
