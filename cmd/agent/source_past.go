package main

import (
	"context"
	"sync"
	"time"

	"moult/reconcile/declare"
)

// handover is where the reading of history meets the serving of declarations:
// one asks, the other leaves what it found.
type handover struct {
	mu     sync.Mutex
	asked  chan struct{} // has a value when something was asked for
	wanted string        // the commit up to which
	found  *fold
	failed error // why history could not be read when that was last tried
}

func (h *handover) questions() chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked == nil {
		h.asked = make(chan struct{}, 1)
	}
	return h.asked
}

// ask asks for all of history to be copied and, unless upto is "", to be read up
// to that commit.
func (h *handover) ask(upto string) {
	asked := h.questions()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wanted = upto
	select {
	case asked <- struct{}{}:
	default:
	}
}

// again asks for the same again.
func (h *handover) again() { h.ask(h.want()) }

func (h *handover) want() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wanted
}

// leave leaves what was found.
func (h *handover) leave(f fold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.found = &f
}

// take takes what was found, once.
func (h *handover) take() (fold, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.found == nil {
		return fold{}, false
	}
	f := *h.found
	h.found = nil
	return f, true
}

// fail notes why history could not be read; nil: it was.
func (h *handover) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
}

// trouble is why history could not be read when that was last tried.
func (h *handover) trouble() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

func (h *handover) waits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.found != nil
}

// How long to wait before history is asked for again: twice as long each time.
const (
	firstRetry   = 5 * time.Second
	longestRetry = 5 * time.Minute
)

// deepen copies and reads the history that Read finds missing, as often as it
// does, until ctx ends. It calls wake when the next Read will know more. What
// fails is told once and tried again.
func (s *source) deepen(ctx context.Context, wake func()) {
	asked := s.handover.questions()
	for retry := firstRetry; ; {
		select {
		case <-ctx.Done():
			return
		case <-asked:
		}
		err := s.readPast(ctx, s.handover.want(), wake)
		s.handover.fail(err)
		switch {
		case err == nil:
			retry = firstRetry
		case ctx.Err() == nil:
			if retry == firstRetry {
				s.log().Warn("history not read yet, groups that it would explain wait", "reason", err.Error())
			}
			pause(ctx, retry)
			retry = min(2*retry, longestRetry)
			s.handover.again()
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// readPast copies all of history and, when it is wanted up to a commit, leaves
// the timeline of that for Read to take and calls found. As soon as what was
// kept of an earlier run lies in what is there, the rest is not waited for.
func (s *source) readPast(ctx context.Context, upto string, found func()) error {
	defer garbage(leanPercent)()
	kept, _ := s.Checkpoint.read()
	for whole := false; !whole; {
		var err error
		if whole, err = s.history.Deepen(ctx); err != nil {
			return err
		}
		if upto == "" || !whole && !s.leads(ctx, kept.Commit, upto) {
			continue
		}
		past, err := s.foldPast(ctx, kept, upto)
		if err != nil {
			return err
		}
		if past.timeline.Partial() { // what was kept is of no use
			kept = declare.Snapshot{}
			if !whole {
				continue
			}
		}
		upto = ""
		s.handover.leave(past)
		found()
	}
	return nil
}

// keptAfter is after how many revisions it is kept again what they say, and
// keptOnTheWay the same while all of history is read. To fold so many again
// takes a moment.
const keptAfter, keptOnTheWay = 100, 20_000

// foldPast folds all of history up to a commit, from where it was kept last.
func (s *source) foldPast(ctx context.Context, kept declare.Snapshot, upto string) (fold, error) {
	began, revisions := time.Now(), 0
	past := s.resumed(ctx, kept, upto)
	s.log().Info("reading history", "commit", upto, "after", past.commit)
	for revision, err := range s.history.Changes(ctx, past.commit, upto) {
		if err == nil {
			err = past.one(ctx, s.history, revision, upto)
		}
		if err != nil {
			return fold{}, err
		}
		s.trace(ctx, past)
		s.keep(&past, keptOnTheWay)
		revisions++
	}
	s.keep(&past, keptAfter)
	s.log().Info("history read", "commit", upto, "revisions", revisions, "duration", time.Since(began).Round(time.Millisecond).String())
	return past, nil
}

// resumed is the fold as it was kept, if that lies on the branch that leads to
// a commit; else one without history.
func (s *source) resumed(ctx context.Context, kept declare.Snapshot, upto string) fold {
	empty := fold{timeline: new(declare.Timeline)}
	if !s.leads(ctx, kept.Commit, upto) {
		return empty
	}
	revision, err := s.history.Revision(ctx, kept.Commit)
	if err == nil {
		var timeline *declare.Timeline
		if timeline, err = declare.Resume(revision, kept, s.history.Read); err == nil {
			return fold{timeline: timeline, commit: kept.Commit}
		}
	}
	s.log().Warn("history is read from its beginning", "commit", kept.Commit, "reason", err.Error())
	return empty
}

// trace finds out who wrote what merges put in force. What cannot be found out
// now is asked for again with the next commit.
func (s *source) trace(ctx context.Context, f fold) {
	if f.timeline.Partial() {
		return // all of it is read anew in a moment
	}
	if err := f.timeline.Trace(ancestryOf(ctx, s.history)); err != nil && ctx.Err() == nil {
		s.log().Debug("writer of an image not found yet", "commit", f.commit, "reason", err.Error())
	}
}

// keep stores what history says, for the next run, once there is enough that is
// new. What cannot be stored is read again.
func (s *source) keep(f *fold, enough int) {
	if f.unkept < enough || s.gate != nil && !s.gate.Keep {
		return
	}
	snapshot, ok := f.timeline.Snapshot()
	if !ok {
		return
	}
	f.unkept = 0
	if err := s.Checkpoint.write(snapshot); err != nil {
		s.log().Warn("what history says is not kept", "reason", err.Error())
	}
}
