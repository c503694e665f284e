package main

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// waking runs a test in a bubble; polls are when the loop was woken, since the
// beginning.
func waking(t *testing.T, test func(h hints, changes chan struct{}, polls func() []time.Duration, log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h, changes, log := newHints(), make(chan struct{}, 1), new(bytes.Buffer)
		wake := h.wake(ctx, changes, slog.New(slog.NewTextHandler(log, nil)))
		start, seen, ended := time.Now(), []time.Duration(nil), make(chan struct{})
		go func() {
			defer close(ended)
			for next(ctx, wake) {
				seen = append(seen, time.Since(start))
			}
		}()
		test(h, changes, func() []time.Duration { synctest.Wait(); return slices.Clone(seen) }, log)
		cancel()
		<-ended
	})
}

func TestBurstOfHintsMakesTwoPolls(t *testing.T) {
	t.Parallel()
	waking(t, func(h hints, _ chan struct{}, polls func() []time.Duration, log *bytes.Buffer) {
		for range 100 {
			h.give("webhook")
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff([]time.Duration{0, shortestWait}, polls()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := strings.Count(log.String(), "asked to poll now"); got != 2 {
			t.Errorf("%d lines in the log, want 2:\n%s", got, log)
		}
	})
}

func TestHintsWithoutEndPollOnceInAWhile(t *testing.T) {
	t.Parallel()
	waking(t, func(h hints, _ chan struct{}, polls func() []time.Duration, _ *bytes.Buffer) {
		for range 60_000 {
			h.give("webhook")
			time.Sleep(time.Millisecond)
		}
		if got := len(polls()); got < 59 || got > 61 {
			t.Errorf("%d polls in a minute, want one a second", got)
		}
	})
}

func TestHintAfterTheLastPollIsNotLost(t *testing.T) {
	t.Parallel()
	waking(t, func(h hints, _ chan struct{}, polls func() []time.Duration, _ *bytes.Buffer) {
		h.give("webhook")
		time.Sleep(shortestWait / 2)
		h.give("SIGHUP")
		time.Sleep(shortestWait)
		h.give("webhook")
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]time.Duration{0, shortestWait, 2 * shortestWait}, polls()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestChangesOfTheRepositoryDoNotWaitForHints(t *testing.T) {
	t.Parallel()
	waking(t, func(h hints, changes chan struct{}, polls func() []time.Duration, log *bytes.Buffer) {
		for range 3 {
			changes <- struct{}{}
			time.Sleep(100 * time.Millisecond)
		}
		if diff := cmp.Diff([]time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}, polls()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if log.Len() > 0 {
			t.Errorf("changes are logged as hints:\n%s", log)
		}
	})
}

func TestWithoutAWatchHintsStillWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		h := newHints()
		wake := h.wake(ctx, nil, slog.New(slog.DiscardHandler))
		h.give("SIGHUP")
		if !next(ctx, wake) {
			t.Error("the loop is not woken")
		}
	})
}
