package main

import (
	"context"
	"log/slog"

	"golang.org/x/time/rate"
)

// hints ask for git to be looked at before its time. They say who asks and
// nothing else: what is there to be deployed is for git to say.
type hints chan string

func newHints() hints { return make(hints, 1) }

// give gives a hint. While one waits, another adds nothing.
func (h hints) give(by string) {
	select {
	case h <- by:
	default:
	}
}

// wake is what wakes the loop until ctx ends: changes of the repository when
// they come, and hints, of which a burst makes one poll at once and one when
// shortestWait is over, for what came after the first.
func (h hints) wake(ctx context.Context, changes <-chan struct{}, log *slog.Logger) <-chan struct{} {
	wake := make(chan struct{}, 1)
	go func() {
		for next(ctx, changes) {
			ring(wake)
		}
	}()
	go h.pass(ctx, wake, log)
	return wake
}

// pass passes hints on, one each shortestWait.
func (h hints) pass(ctx context.Context, wake chan<- struct{}, log *slog.Logger) {
	pace := rate.NewLimiter(rate.Every(shortestWait), 1)
	for {
		select {
		case <-ctx.Done():
			return
		case by := <-h:
			if pace.Wait(ctx) != nil {
				return
			}
			h.drop()
			log.Info("asked to poll now", "by", by)
			ring(wake)
		}
	}
}

// drop takes back the hint that waits, which the coming poll answers too.
func (h hints) drop() {
	select {
	case <-h:
	default:
	}
}

// next waits for a value, and reports whether there was one before ctx ended.
func next(ctx context.Context, values <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-values:
		return true
	}
}

// ring leaves a value, unless one waits.
func ring(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
