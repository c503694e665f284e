package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"moult/cmd/internal/page"
	"moult/reconcile"
)

// runWatched is the agent for somebody who waits: it makes one pass, or goes
// on until all groups have come to rest, and shows how it goes.
func runWatched(ctx context.Context, at surroundings, f runFlags) error {
	s, err := f.settings(at)
	if err != nil {
		return err
	}
	if at.live(at.out) && f.format == asText {
		s.logLevel = "error" // the rest is shown
	}
	a, err := newAgent(s, at, newLog(at.err, s, terminal(at.err)))
	if err != nil {
		return err
	}
	if !f.dryRun {
		if err := a.remember(watchedPatience); err != nil {
			return err
		}
	}
	p := newProgress(at, f, a.liveness)
	var report reconcile.Report
	if f.once {
		report, err = once(ctx, a, f.dryRun, p.show)
	} else {
		report, err = untilConverged(ctx, a, p.show)
	}
	p.end(report)
	if f.format == asJSON && !report.At.IsZero() {
		err = errors.Join(writeJSON(at.out, report), err)
	}
	if err == nil {
		err = prefixed("make a pass", a.sound(report))
	}
	if err == nil && f.format == asText {
		tellUndeclared(at, report, s.repository.Path)
	}
	return err
}

func newProgress(at surroundings, f runFlags, l *liveness) *progress {
	p := &progress{out: at.out, paint: at.paint(at.out), width: func() int { return page.Width(at.out) }}
	switch {
	case f.format == asJSON:
		p.out = io.Discard
	case at.live(at.out):
		p.bars = newBars(at.out, l)
	}
	return p
}

// once makes one pass.
func once(ctx context.Context, a *agent, dryRun bool, show func(reconcile.Report)) (reconcile.Report, error) {
	a.source.Whole = true // there is no second pass that could know more
	loop := a.loop()
	loop.DryRun = dryRun
	defer a.scribe.begin(ctx)()
	report, err := loop.Pass(ctx)
	if !report.At.IsZero() { // also of a pass that was broken off, but not before it had read
		a.scribe.report(report)
	}
	if err != nil {
		return report, fmt.Errorf("make a pass: %w", err)
	}
	show(report)
	if unseen := unobserved(report.Plan); unseen > 0 {
		return report, advise(fmt.Errorf("make a pass: %d of %s could not be observed; the reasons stand above", unseen, plural(len(report.Plan.Answers), "group")), adviceUnobserved)
	}
	return report, nil
}

// untilConverged makes passes until every group is converged or one needs a
// commit or a person.
func untilConverged(ctx context.Context, a *agent, show func(reconcile.Report)) (reconcile.Report, error) {
	defer a.scribe.begin(ctx)()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	wait := wait{stop: stop}
	a.last.Unreadable = func(err error) { wait.over(fmt.Errorf("make a pass: %w", err)) }
	loop := a.loop()
	loop.Wake = a.news(ctx)
	loop.Report = func(r reconcile.Report) {
		a.scribe.report(r)
		show(r)
		wait.see(r)
		if rested, err := atRest(a.last.now(), r.Plan.Answers); rested {
			wait.over(err)
		}
	}
	if err := loop.Run(ctx); err != nil {
		return wait.report, err
	}
	return wait.result()
}

// wait is the wait for the end: the newest report, and how it ended.
type wait struct {
	stop context.CancelFunc

	mu     sync.Mutex
	ended  bool
	err    error
	report reconcile.Report
}

// see takes a report, unless the end has come.
func (w *wait) see(r reconcile.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.report = r
	}
}

// over ends the wait. The first end counts.
func (w *wait) over(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended, w.err = true, err
	}
	w.stop()
}

func (w *wait) result() (reconcile.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		return w.report, advise(errors.New("wait until all groups are converged: interrupted"),
			"refreshes that have started go on in AWS; start again to go on waiting")
	}
	return w.report, w.err
}

// unreadable reports whether the repository cannot be read now.
func unreadable(s *reconcile.Stale) bool {
	return slices.ContainsFunc(s.Each(), func(s reconcile.Stale) bool { return !s.Held })
}

// atRest reports whether all has been said about what is declared now: every
// group is converged, or else each has been looked at and something needs a
// commit or a person. While the repository cannot be read, or its history is
// still being read, nobody knows what is declared now; a held commit needs a
// person.
func atRest(declared reconcile.Declared, answers []reconcile.Answer) (bool, error) {
	if declared.Partial || unreadable(declared.Stale) {
		return false, nil
	}
	answered := make(map[reconcile.ID]reconcile.Answer, len(answers))
	for _, a := range answers {
		answered[a.Group] = a
	}
	converged, stuck := 0, len(declared.Mistakes)
	if declared.Stale != nil {
		stuck++
	}
	for _, d := range declared.Groups {
		a := answered[d.ID]
		switch {
		case a.To != d.Image || a.Commit.Hash != d.Commit.Hash:
			return false, nil // not looked at since it was declared
		case a.State == reconcile.StateConverged:
			converged++
		case a.State == reconcile.StateHeld || a.State == reconcile.StateDrifted:
			stuck++
		}
	}
	if stuck > 0 {
		return true, code(exitNotConverged)
	}
	return converged == len(declared.Groups), nil
}
