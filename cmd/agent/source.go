package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"moult/gitsource"
	"moult/reconcile"
)

// history is what a source reads: a gitsource.Repository.
type history interface {
	Fetch(ctx context.Context) (gitsource.Fetched, error)
	Head() string
	Revisions(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error]
	Changes(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error]
	Revision(ctx context.Context, commit string) (reconcile.Revision, error)
	Differences(ctx context.Context, commit, base string) (reconcile.Revision, error)
	File(commit, path string) (f reconcile.File, ok bool, err error)
	Commit(hash string) (reconcile.Commit, error)
	Parents(commit string) ([]string, error)
	Leads(ctx context.Context, commit, to string) (bool, error)
	Read(blob string) ([]byte, error)
	Deepen(ctx context.Context) (whole bool, err error)
}

// source makes declarations of a repository's history: it is the
// reconcile.Source of the agent. One caller at a time.
//
// It serves from as much of history as is there. What that leaves unknown is
// found out by [source.deepen], which may run meanwhile.
type source struct {
	history history
	gate    *gate // nil: every commit is obeyed
	// Checkpoint is where it is kept between two runs what history says; the
	// zero value keeps nothing.
	Checkpoint checkpoint
	// Whole makes Read wait until all of history is read.
	Whole bool
	// Log is where the reading of history is told; nil means nowhere.
	Log *slog.Logger

	fold     fold
	restart  bool // history was rewritten: fold holds commits that are gone
	handover handover

	declared reconcile.Declared // what was last in force
	head     string             // the commit that declared was made at; empty: never
	hold     error              // why the newest commit that is known is not obeyed, as the gate ruled last

	held, unread *reconcile.Stale // since when that is so, and since when the repository cannot be read
}

// Read asks the repository for its newest commit and returns what is declared.
// While nothing is new it returns the same slice of groups again. When the
// repository cannot be reached or read, what was last in force is returned,
// with the reason.
func (s *source) Read(ctx context.Context) (reconcile.Declared, error) {
	err := s.refresh(ctx)
	if err == nil && s.fold.timeline != nil && s.fold.timeline.Partial() {
		err = s.handover.trouble() // groups wait for history that does not come
	}
	if ctx.Err() != nil {
		return reconcile.Declared{}, context.Cause(ctx)
	}
	if err != nil && s.head == "" && s.hold == nil && !errors.Is(err, gitsource.ErrEmpty) {
		return reconcile.Declared{}, err
	}
	s.unread, s.held = grown(s.unread, err, time.Now()), grown(s.held, s.hold, time.Now())
	declared := s.declared
	declared.Stale = s.stale()
	return declared, nil
}

// grown notes that what is declared may be old. The moment since when stays,
// while the reason may change.
func grown(before *reconcile.Stale, err error, now time.Time) *reconcile.Stale {
	if err == nil {
		return nil
	}
	since := now
	if before != nil {
		since = before.Since
	}
	return &reconcile.Stale{Since: since, Reason: err.Error(), Held: isHeld(err), Empty: errors.Is(err, gitsource.ErrEmpty)}
}

// stale is why what is declared may be old; nil when it is not.
func (s *source) stale() *reconcile.Stale {
	if s.held == nil {
		return s.unread
	}
	held := *s.held
	held.Also = s.unread
	return &held
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
	if err != nil && unread != nil {
		return fmt.Errorf("%w; %w", err, unread)
	}
	return errors.Join(err, unread)
}

// follow puts in force the newest commit that may be obeyed, and notes why that
// is not the newest of all. Its error is why nobody can tell, or cannot read it.
func (s *source) follow(ctx context.Context) error {
	upto, held, err := s.rule(ctx)
	if isHeld(err) {
		held, err = err, nil
	}
	if err != nil {
		return err
	}
	s.hold = held
	if upto == "" || upto == s.head && !s.handover.waits() {
		return nil
	}
	return s.obey(ctx, upto)
}

// rule asks the gate how far to go; held is why not to the end.
func (s *source) rule(ctx context.Context) (upto string, held, err error) {
	head := s.history.Head()
	if s.gate == nil {
		return head, nil, nil
	}
	ruling, err := s.gate.judge(ctx, head, time.Now())
	if err != nil || s.fold.commit == "" || ruling.obey == "" || ruling.obey == s.fold.commit {
		return ruling.obey, ruling.held(), err
	}
	on, err := s.gate.Lineage.Leads(ctx, s.fold.commit, ruling.obey)
	s.restart = s.restart || !on
	return ruling.obey, ruling.held(), err
}

// obey puts in force what the commits up to one declare.
func (s *source) obey(ctx context.Context, upto string) error {
	if s.restart {
		s.fold, s.restart = fold{}, false
	}
	var unread error
	if s.Whole && s.fold.timeline == nil {
		unread = s.readPast(ctx, upto, func() {})
	}
	if err := s.advance(ctx, upto); err != nil {
		return err
	}
	s.declared, s.head = s.fold.timeline.Declared(), upto
	return unread
}

// advance takes the commits up to one into the timeline, oldest first, and asks
// for the history that is missing.
func (s *source) advance(ctx context.Context, upto string) error {
	past, left := s.handover.take()
	if left && s.leads(ctx, past.commit, upto) {
		s.fold = past
	}
	first, err := s.catchUp(ctx, upto)
	if err != nil {
		return err
	}
	s.trace(ctx, s.fold)
	s.keep(&s.fold, keptAfter)
	switch {
	case s.fold.timeline.Partial() && s.fold.timeline != past.timeline:
		s.handover.ask(upto)
	case first:
		s.handover.ask("")
	}
	return nil
}

// catchUp folds what is new, and reports whether nothing was folded before. The
// first time somebody waits for it; history is asked for when it has ended.
func (s *source) catchUp(ctx context.Context, upto string) (first bool, err error) {
	if s.head == "" {
		defer garbage(hurriedPercent)()
	}
	if first = s.fold.timeline == nil; first {
		kept, _ := s.Checkpoint.read()
		s.fold = s.resumed(ctx, kept, upto)
	}
	if s.fold.commit != upto {
		err = s.fold.take(ctx, s.history, upto)
	}
	return first, err
}

// leads reports whether a commit lies on the branch that leads to another. When
// that cannot be told it does not.
func (s *source) leads(ctx context.Context, commit, to string) bool {
	on, err := s.history.Leads(ctx, commit, to)
	return on && err == nil
}

func (s *source) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
