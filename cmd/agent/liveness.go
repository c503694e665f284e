package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"moult/reconcile"
)

// liveness sees every call that the loop makes to git and to the cloud. It
// tells a loop that works from one that hangs, and what it is busy with.
type liveness struct {
	mu    sync.Mutex
	count int
	calls map[int]call
	sign  time.Time // when a call last began or ended
}

// call is one call under way.
type call struct {
	what  string
	began time.Time
}

// begin notes a call; the function that it returns notes its end.
func (l *liveness) begin(format string, args ...any) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[int]call{}
	}
	l.count++
	number := l.count
	l.sign = time.Now()
	l.calls[number] = call{fmt.Sprintf(format, args...), l.sign}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.calls, number)
		l.sign = time.Now()
	}
}

// lives reports whether the loop goes round: no call has been under way for
// longer than slow, and something was called within that and the rest that the
// loop takes between two turns.
func (l *liveness) lives(slow, rest time.Duration, now time.Time) bool {
	oldest, busy := l.oldest()
	if busy && now.Sub(oldest.began) > slow {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.sign) <= slow+rest
}

// oldest is the call that has been under way for longest.
func (l *liveness) oldest() (call, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var oldest call
	for _, c := range l.calls {
		if oldest.what == "" || c.began.Before(oldest.began) {
			oldest = c
		}
	}
	return oldest, oldest.what != ""
}

// source and provider are the same source and provider, seen.
func (l *liveness) source(s reconcile.Source) reconcile.Source { return seenSource{l, s} }

func (l *liveness) provider(p reconcile.Provider) reconcile.Provider {
	seen := seenProvider{l, p}
	if checker, ok := p.(reconcile.ImageChecker); ok {
		return seenChecker{seen, checker}
	}
	return seen
}

type seenSource struct {
	liveness *liveness
	reconcile.Source
}

func (s seenSource) Read(ctx context.Context) (reconcile.Declared, error) {
	defer s.liveness.begin("reading the repository")()
	return s.Source.Read(ctx)
}

type seenProvider struct {
	liveness *liveness
	reconcile.Provider
}

func (p seenProvider) Resolve(ctx context.Context, place reconcile.Place, declarations []reconcile.Declaration) ([]reconcile.Desired, error) {
	defer p.liveness.begin("looking up images in %s", place.Region)()
	return p.Provider.Resolve(ctx, place, declarations)
}

func (p seenProvider) Observe(ctx context.Context, place reconcile.Place, desired []reconcile.Desired) ([]reconcile.Observed, error) {
	defer p.liveness.begin("observing %s in %s", plural(len(desired), "group"), place.Region)()
	return p.Provider.Observe(ctx, place, desired)
}

func (p seenProvider) Apply(ctx context.Context, action reconcile.Action) (reconcile.Receipt, error) {
	defer p.liveness.begin("%s of %s", verbWord(action.Verb), action.Group)()
	return p.Provider.Apply(ctx, action)
}

// seenChecker is a provider with one ability more.
type seenChecker struct {
	seenProvider
	checker reconcile.ImageChecker
}

func (p seenChecker) CheckImages(ctx context.Context, place reconcile.Place, images []string) (map[string]string, error) {
	defer p.liveness.begin("checking earlier images in %s", place.Region)()
	return p.checker.CheckImages(ctx, place, images)
}

func verbWord(v reconcile.Verb) string {
	switch v {
	case reconcile.Roll:
		return "starting the refresh"
	case reconcile.Cancel:
		return "cancelling the refresh"
	case reconcile.RollBack:
		return "rolling back the refresh"
	}
	return "pinning the launch template"
}
