package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"moult/reconcile"
)

func asAdvised(err error, a *advised) bool { return errors.As(err, a) }

// TestProgressSaysEachChangeOnce shows a story of reports, one line for each
// change.
func TestProgressSaysEachChangeOnce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &progress{out: &out}
	first := sampleReport()
	p.show(first)
	p.show(first)

	further := withAnswer(first, 1, func(a *reconcile.Answer) { a.Percent, a.Reason = 64, "replacing instances, 64% done" })
	p.show(further)
	done := withAnswer(further, 1, func(a *reconcile.Answer) { a.State, a.Reason = reconcile.StateConverged, "11 instances" })
	done.At = first.At.Add(time.Minute)
	p.show(done)
	otherReason := withAnswer(done, 3, func(a *reconcile.Answer) { a.Reason = "the image does not exist any more" })
	p.show(otherReason)

	gone := otherReason
	gone.Stale = &reconcile.Stale{Since: gone.At, Reason: "connection refused"}
	p.show(gone)
	p.show(gone)
	back := gone
	back.Stale = nil
	p.show(back)
	p.end(back)
	checkGolden(t, "progress.txt", out.String())
}

func withAnswer(r reconcile.Report, n int, change func(*reconcile.Answer)) reconcile.Report {
	answers := append([]reconcile.Answer(nil), r.Plan.Answers...)
	change(&answers[n])
	r.Plan.Answers = answers
	return r
}

func TestGroupsThatShareAReasonAreToldInOneLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &progress{out: &out}
	var r reconcile.Report
	for _, name := range []string{"api", "web"} {
		r.Plan.Answers = append(r.Plan.Answers, reconcile.Answer{
			Group: reconcile.ID{Environment: "staging", Group: name}, State: reconcile.StateUnknown, Reason: "no credentials were found",
		})
	}
	p.show(r)
	p.show(r)
	if want := "? staging/api, staging/web unknown: no credentials were found\n"; !strings.HasSuffix(out.String(), want) || strings.Count(out.String(), "credentials") != 1 {
		t.Errorf("it says\n%s\nwant one line %q", out.String(), want)
	}
}
