package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadyIsSaidOnceAfterEveryGroupWasLookedAt(t *testing.T) {
	t.Parallel()
	var said []string
	n := &notifier{Send: func(state string) { said = append(said, state) }}
	whole := sampleReport()
	part := whole
	part.Plan.Answers = whole.Plan.Answers[:1]
	for _, r := range []reconcile.Report{part, whole, whole} {
		n.report(r, len(whole.Plan.Answers))
	}
	sameLines(t, said, []string{
		"STATUS=1 group: 1 converged; commit 4f2a91c2",
		"READY=1",
		"STATUS=7 groups: 1 converged, 2 rolling, 1 rolling back, 1 drifted, 1 unknown, 1 held; commit 4f2a91c2",
	})
}

func TestReadyIsSaidWhenNothingIsDeclared(t *testing.T) {
	t.Parallel()
	var said []string
	n := &notifier{Send: func(state string) { said = append(said, state) }}
	n.report(reconcile.Report{Stale: &reconcile.Stale{Reason: "repository is empty"}}, 0)
	sameLines(t, said, []string{"READY=1", "STATUS=no groups; the repository cannot be read"})
}

func TestWatchdogIsAnsweredOnlyWhileTheLoopLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var count atomic.Int64
		beats := func() int { synctest.Wait(); return int(count.Load()) }
		n := &notifier{Send: func(string) { count.Add(1) }}
		l := &liveness{}
		go n.guard(ctx, l, time.Minute, 20*time.Second)
		end := l.begin("reading the repository")
		time.Sleep(stuckAfter + time.Second)
		before := beats()
		if want := int(stuckAfter / (10 * time.Second)); before != want {
			t.Errorf("%d beats in the first %s, want %d", before, stuckAfter, want)
		}
		time.Sleep(time.Hour)
		if now := beats(); now != before {
			t.Errorf("%d beats while a call hangs", now-before)
		}
		end()
		time.Sleep(time.Minute)
		if beats() == before {
			t.Error("no beat after the call has returned")
		}
		cancel()
		synctest.Wait()
	})
}

func TestWithoutAWatchdogNothingIsAnswered(t *testing.T) {
	t.Parallel()
	n := &notifier{Send: func(string) { t.Error("something was sent") }}
	n.guard(t.Context(), &liveness{}, time.Minute, 0)
}
