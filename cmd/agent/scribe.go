package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// scribe writes down what becomes of each commit, and has it sent. Whoever
// tells it something waits until that is written, which takes milliseconds, and
// not for long when it takes longer: nothing that happens to the ledger keeps
// the loop from going round.
//
// What was told and not written yet is lost when the agent is killed. The next
// report tells it again: a rollout that nobody wrote down is found on its way,
// held, or converged, and what is accepted stands in the book.
//
// A nil scribe writes nothing.
type scribe struct {
	Ledger *ledger.Ledger
	Teller ledger.Teller
	Branch string // that is followed
	// Patience is how long writing and sending may go on when the run is over.
	Patience time.Duration
	Log      *slog.Logger

	courier courier
	news    chan struct{} // at most one: something was told

	mu       sync.Mutex
	reports  []told         // and not written
	accepted []ledger.Entry // the same
	begun    bool           // somebody writes
	slow     bool           // the last that was waited for took too long

	joined  bool                     // what others wrote is in the store
	stood   map[reconcile.ID]posture // how each group stood when it was last written about
	failing bool                     // writing has failed since it last succeeded
}

// told is a report that is to be written down.
type told struct {
	reconcile.Report
	written chan struct{} // closed when it is
}

// How long the ledger may take where somebody waits for it.
const (
	stopPatience    = 3 * time.Second  // systemd waits for ten (TimeoutStopSec=)
	watchedPatience = 30 * time.Second // at the end of --once and --until-converged
	joinPatience    = 15 * time.Second // before the first entry is written
	writePatience   = time.Second      // at each report, once
	lockPatience    = 15 * time.Second // while another process has the store
)

// begin writes and sends until the function that it returns is called, which
// brings it to its end and waits for that. ctx is the run: it ends before that,
// and the last reports come after.
func (s *scribe) begin(ctx context.Context) (end func()) {
	if s == nil {
		return func() {}
	}
	s.begun = true
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(running)
		patience := s.Patience
		if ctx.Err() != nil { // somebody wants it to stop
			patience = min(patience, stopPatience)
		}
		s.finish(context.WithoutCancel(ctx), patience)
	}()
	return func() {
		stop()
		<-done
	}
}

// report takes what the loop has found, and returns when it is written down or
// that takes too long.
func (s *scribe) report(r reconcile.Report) {
	if s == nil {
		return
	}
	t := told{r, make(chan struct{})}
	if !s.queue(t) {
		return
	}
	late := time.NewTimer(writePatience)
	defer late.Stop()
	select {
	case <-t.written:
	case <-late.C:
		s.mu.Lock()
		s.slow = true
		s.mu.Unlock()
	}
}

// queue reports whether it is worth the while to wait.
func (s *scribe) queue(t told) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.reports); n > 0 && len(s.reports[n-1].Outcomes) == 0 {
		s.reports = s.reports[:n-1] // the newer one says all that it said
	}
	s.reports = append(s.reports, t)
	s.wake()
	return s.begun && !s.slow
}

// accept takes a commit that is obeyed from now on.
func (s *scribe) accept(r record) {
	who := s.Teller.Who(r.Commit)
	e := ledger.Entry{
		Time: r.At, Branch: s.Branch, Outcome: ledger.Accepted, Commit: r.Commit,
		Author: who.Author, Signer: who.Signer, MergedBy: who.MergedBy, AcceptedBy: r.By,
	}
	if !r.Signer.IsZero() {
		e.Signer = r.Signer.String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, e)
	s.wake()
}

func (s *scribe) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// state is how it stands with sending; nil when nothing is written.
func (s *scribe) state() *ledgerState {
	if s == nil {
		return nil
	}
	return s.courier.state()
}

func (s *scribe) run(ctx context.Context) {
	var sending sync.WaitGroup
	sending.Go(func() { s.courier.run(ctx) })
	select { // while there is nothing to write, what others wrote does not matter
	case <-ctx.Done():
	case <-s.news:
		s.join(ctx, joinPatience)
	}
	for ctx.Err() == nil {
		s.writeWithin(ctx, lockPatience)
		select {
		case <-ctx.Done():
		case <-s.news:
		}
	}
	sending.Wait()
}

// finish writes and sends what is left, as far as there is time.
func (s *scribe) finish(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.isTold() {
		s.join(ctx, patience)
	}
	s.write(ctx)
	s.courier.send(ctx)
	if err := s.Ledger.Close(); err != nil {
		s.Log.Warn("ledger not closed", "error", err)
	}
}

// join brings into the store what stands in the repository, so that an agent
// that has lost its store does not tell it all again. It is tried once.
func (s *scribe) join(ctx context.Context, patience time.Duration) {
	if s.joined {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := fetchLedger(bounded, s.Ledger)
	if s.joined = ctx.Err() == nil; s.joined && err != nil {
		s.Log.Warn("ledger not fetched, what others wrote is joined with it when it is sent", "error", err)
	}
}

// fetchLedger fetches, and waits while another is at it with the same store.
func fetchLedger(ctx context.Context, l *ledger.Ledger) error {
	for {
		_, err := l.Fetch(ctx, time.Now())
		if !errors.Is(err, ledger.ErrBusy) {
			return err
		}
		again := time.NewTimer(50 * time.Millisecond)
		select {
		case <-ctx.Done():
			again.Stop()
			return err
		case <-again.C:
		}
	}
}

func (s *scribe) writeWithin(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.write(ctx)
}

// write writes down what was told. What cannot be written stays told.
func (s *scribe) write(ctx context.Context) {
	reports, accepted := s.take()
	err := s.add(ctx, time.Now(), accepted)
	if err == nil {
		accepted = nil
	}
	for len(reports) > 0 && err == nil {
		if err = s.writeReport(ctx, reports[0].Report); err == nil {
			close(reports[0].written)
			reports = reports[1:]
		}
	}
	s.put(reports, accepted)
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the run is over; there is one more time
	}
	if err != nil && !s.failing {
		s.Log.Error("ledger not written, it is tried again with the next report", "directory", s.Ledger.Dir, "error", err)
	}
	s.failing = err != nil
}

// isTold reports whether something is not written yet.
func (s *scribe) isTold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reports)+len(s.accepted) > 0
}

func (s *scribe) take() ([]told, []ledger.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reports, accepted := s.reports, s.accepted
	s.reports, s.accepted = nil, nil
	return reports, accepted
}

// put gives back what could not be written.
func (s *scribe) put(reports []told, accepted []ledger.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = s.slow && len(reports) > 0
	s.reports, s.accepted = slices.Concat(reports, s.reports), slices.Concat(accepted, s.accepted)
}

// writeReport writes down what a report adds.
func (s *scribe) writeReport(ctx context.Context, r reconcile.Report) error {
	started, err := s.Ledger.Started(ctx)
	if err != nil {
		return err
	}
	news := s.fresh(r, started)
	entries, err := s.tell(ctx, news, started)
	if err != nil {
		return err
	}
	if err := s.add(ctx, r.At, entries); err != nil {
		return err
	}
	s.note(news)
	return nil
}

// tell makes entries of a report. What the teller asks, the ledger answers.
func (s *scribe) tell(ctx context.Context, r reconcile.Report, started []ledger.Entry) ([]ledger.Entry, error) {
	var unread error
	teller := s.Teller
	teller.Standing = func(group reconcile.ID, commit, image string) ledger.Standing {
		standing, err := s.Ledger.Standing(ctx, group, commit, image)
		unread = errors.Join(unread, err)
		return standing
	}
	entries := teller.Tell(r, started)
	return entries, unread
}

// add writes entries, and has them sent. One that never could be written must
// not stand in the way of those behind it.
func (s *scribe) add(ctx context.Context, now time.Time, entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := s.Ledger.Append(ctx, now, entries...)
	if errors.Is(err, ledger.ErrInvalid) {
		s.Log.Error("entries left out of the ledger", "entries", len(entries), "error", err)
		return nil
	}
	if err == nil {
		s.courier.nudge()
	}
	return err
}
