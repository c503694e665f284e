package reconcile

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Loop turns declarations into passes, for ever or once. Set the fields, then
// call [Loop.Pass] or [Loop.Run]; a Loop is used by one caller and not copied.
type Loop struct {
	Source   Source
	Provider Provider
	// DryRun plans and does not act.
	DryRun bool
	// Poll is how often git is asked for a new commit. Zero means 30 s.
	Poll time.Duration
	// Interval is how often the cloud is looked at while nothing moves, and
	// Busy how often while something does. Zero means 60 s, and 15 s or
	// Interval, whichever is shorter.
	Interval, Busy time.Duration
	// Recheck is how often it is asked whether a revert could still go back:
	// on every new commit, and at least this often. Zero means an hour.
	Recheck time.Duration
	// Jitter spreads waits, so that many agents do not ask at once; nil means
	// none.
	Jitter func(time.Duration) time.Duration
	// Wake makes the loop ask git at once, for example when a local
	// repository changes. May be nil.
	Wake <-chan struct{}
	// Log is where events go; nil means nowhere.
	Log *slog.Logger
	// Report is called after each turn of a place with everything that is
	// known by then, one call at a time. May be nil.
	Report func(Report)

	feed  feed
	board board
}

// Pass is one whole pass over everything that is declared: fetch, read,
// observe, diff, guard, act, report. Its error means that there was nothing to
// make a pass of: no commit was ever read, or ctx ended.
func (l *Loop) Pass(ctx context.Context) (Report, error) {
	if err := l.feed.poll(ctx, l.Source); err != nil {
		return Report{}, err
	}
	now := l.feed.now()
	l.board.declare(now.declared, time.Now())
	var turns sync.WaitGroup
	for place := range now.places() {
		turns.Go(func() { (&lane{loop: l, place: place, refused: refusals{}}).turn(ctx) })
	}
	turns.Wait()
	return l.board.report(), ctx.Err()
}

// Run makes passes until ctx ends, and then returns nil. Each place has a lane
// of its own, so one that is slow, throttled or refused delays no other. An
// unreadable repository is no end either: it is logged and asked again.
func (l *Loop) Run(ctx context.Context) error {
	lanes := map[Place]*lane{}
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		l.ask(ctx)
		for place := range l.feed.now().places() {
			if lanes[place] == nil {
				lane := &lane{loop: l, place: place, refused: refusals{}, news: make(chan struct{}, 1)}
				lanes[place] = lane
				running.Go(func() { lane.run(ctx) })
			}
		}
		for _, lane := range lanes {
			lane.tell()
		}
		l.rest(ctx, l.jittered(orElse(l.Poll, 30*time.Second)), l.Wake)
	}
	return nil
}

// ask polls git and says what is new.
func (l *Loop) ask(ctx context.Context) {
	before := l.feed.now()
	if err := l.feed.poll(ctx, l.Source); err != nil {
		if ctx.Err() == nil {
			l.log().Error("repository unreadable, nothing changes", "error", err)
		}
		return
	}
	now := l.feed.now()
	l.logNews(before.declared, now.declared)
	l.board.declare(now.declared, time.Now())
	l.publish()
}

func (l *Loop) logNews(before, now Declared) {
	if before.Head.Hash != now.Head.Hash {
		l.log().Info("new commit", "commit", now.Head.Hash, "author", now.Head.Author, "subject", now.Head.Subject, "groups", len(now.Groups))
	}
	l.logStale(before.Stale.Each(), now)
	if before.Head.Hash == now.Head.Hash {
		return
	}
	for _, m := range now.Mistakes {
		l.log().Error("environment stays on its last good commit", "environment", m.Environment, "commit", now.Head.Hash, "in_force", m.InForce.Hash, "mistake", m.Message)
	}
}

// logStale says what keeps the newest commit from being in force, and what does
// no more.
func (l *Loop) logStale(before []Stale, now Declared) {
	for _, s := range now.Stale.Each() {
		said := func(b Stale) bool { return b.Held == s.Held && b.Reason == s.Reason }
		if !slices.ContainsFunc(before, said) {
			l.log().Warn(s.happened()+", "+now.remains(), "commit", now.Head.Hash, "since", s.Since, "reason", s.Reason)
		}
	}
	for _, s := range before {
		if !s.among(now.Stale.Each()) {
			l.log().Info(s.ended(), "commit", now.Head.Hash)
		}
	}
}

// rest waits for a while, or less when woken.
func (l *Loop) rest(ctx context.Context, wait time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}

// post writes down what a turn found, and says which groups changed state.
func (l *Loop) post(plan Plan, outcomes []Outcome) {
	l.logAnswers(l.board.post(plan.Answers, outcomes, time.Now()))
}

func (l *Loop) publish() {
	if l.Report != nil {
		l.board.publish(l.Report)
	}
}

func (l *Loop) log() *slog.Logger {
	if l.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Log
}

func (l *Loop) jittered(d time.Duration) time.Duration {
	if l.Jitter == nil {
		return d
	}
	return l.Jitter(d)
}

func orElse(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}
