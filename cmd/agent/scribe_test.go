package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
	"moult/gitsource/ledger"
	"moult/gitsource/trust"
	"moult/reconcile"
)

// newScribe is a scribe whose ledger stays in a directory. Its log goes to the
// buffer.
func newScribe(t *testing.T, dir string) (*scribe, *bytes.Buffer) {
	t.Helper()
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	l := &ledger.Ledger{Dir: dir, Log: log}
	t.Cleanup(func() { l.Close() })
	return &scribe{
		Ledger: l, Teller: ledger.Teller{Who: func(string) ledger.Who { return ledger.Who{} }}, Branch: "main",
		Patience: time.Minute, Log: log, news: make(chan struct{}, 1),
		courier: courier{Ledger: l, Log: log, parcels: make(chan struct{}, 1)},
	}, &text
}

// rollout is what the loop reports while a group goes to an image: asked for,
// on its way, and done.
func rollout() []reconcile.Report {
	group := reconcile.ID{Environment: "production", Group: "web"}
	c := reconcile.Commit{Hash: hashOf(1), Author: "Ada <ada@example.com>"}
	answer := func(state reconcile.State, refresh, reason string) reconcile.Answer {
		return reconcile.Answer{Group: group, State: state, Reason: reason, Commit: c, From: imageA, To: imageB, RefreshID: refresh, Instances: 3, Estimate: &reconcile.Estimate{Replace: 3}}
	}
	report := func(second int, a reconcile.Answer, outcomes ...reconcile.Outcome) reconcile.Report {
		return reconcile.Report{At: sampleNow().Add(time.Duration(second) * time.Second), Plan: reconcile.Plan{Answers: []reconcile.Answer{a}}, Outcomes: outcomes}
	}
	asked := reconcile.Outcome{At: sampleNow(), Action: reconcile.Action{Group: group, Verb: reconcile.Roll, Commit: c, Image: imageB}, Receipt: reconcile.Receipt{RefreshID: "r1"}}
	return []reconcile.Report{
		report(0, answer(reconcile.StateRolling, "r1", "replacing 3 of 3"), asked),
		report(15, answer(reconcile.StateRolling, "r1", "1 of 3 replaced")),
		report(30, answer(reconcile.StateRolling, "r1", "2 of 3 replaced")),
		report(45, answer(reconcile.StateConverged, "", "3 instances")),
		report(60, answer(reconcile.StateConverged, "", "3 instances")),
	}
}

func outcomes(t *testing.T, dir string) []string {
	t.Helper()
	book, err := ledger.Open(dir)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	must(t, err)
	defer book.Close()
	var told []string
	entries, err := book.History(ledger.Filter{})
	must(t, err)
	for _, e := range entries {
		if e.Outcome == ledger.Accepted {
			continue
		}
		told = append([]string{strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Outcome, e.RefreshID, e.Reason))}, told...)
	}
	return told
}

func TestScribeTellsARolloutOnce(t *testing.T) {
	t.Parallel()
	s, _ := newScribe(t, t.TempDir())
	for range 2 {
		for _, r := range rollout() {
			s.report(r)
			s.write(t.Context())
		}
	}
	if diff := cmp.Diff([]string{"started r1", "succeeded r1"}, outcomes(t, s.Ledger.Dir)); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
}

// A scribe that dies with what it was told in its hands is followed by one that
// is told what is so by then. Whenever that was, the end of the rollout is
// known, once.
func TestWhateverIsLostWithTheAgentIsToldAgain(t *testing.T) {
	t.Parallel()
	story := rollout()
	for from := range story {
		for lost := from; lost <= len(story)-1; lost++ {
			t.Run(fmt.Sprintf("reports %d to %d are lost", from, lost-1), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				before, _ := newScribe(t, dir)
				for _, r := range story[:from] {
					before.report(r)
					before.write(t.Context())
				}
				for _, r := range story[from:lost] {
					before.report(r) // and killed before it was written
				}
				must(t, before.Ledger.Close())
				after, _ := newScribe(t, dir)
				for _, r := range story[lost:] {
					r.Outcomes = nil // they were the other's
					after.report(r)
					after.write(t.Context())
				}
				told := outcomes(t, dir)
				if !succeededOnce(told) {
					t.Errorf("told: %q", told)
				}
			})
		}
	}
}

// succeededOnce reports whether there is one success, which no begin follows.
func succeededOnce(told []string) bool {
	count := 0
	for _, line := range told {
		if strings.HasPrefix(line, string(ledger.Succeeded)) {
			count++
		}
	}
	return count == 1 && strings.HasPrefix(told[len(told)-1], string(ledger.Succeeded))
}

func TestReportsThatWaitGiveWayToNewerOnes(t *testing.T) {
	t.Parallel()
	s, _ := newScribe(t, t.TempDir())
	for range 1000 {
		for _, r := range rollout()[1:] {
			s.report(r)
		}
	}
	s.report(rollout()[0])
	s.report(rollout()[3])
	if len(s.reports) != 2 || len(s.reports[0].Outcomes) != 1 {
		t.Errorf("%d reports wait, want the one with an outcome and the newest", len(s.reports))
	}
}

func TestWhatCannotBeWrittenWaitsAndIsSaidOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "ledger")
	must(t, os.WriteFile(filepath.Dir(dir), nil, 0o600)) // a file where the directory has to be
	s, log := newScribe(t, dir)
	s.accept(record{Record: trust.Record{Commit: hashOf(1), At: sampleNow()}})
	for _, r := range rollout() {
		s.report(r)
		s.write(t.Context())
	}
	if n := strings.Count(log.String(), "ledger not written"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, log)
	}
	must(t, os.Remove(filepath.Dir(dir)))
	s.write(t.Context())
	if len(s.accepted)+len(s.reports) > 0 {
		t.Error("something still waits")
	}
	if diff := cmp.Diff([]string{"started r1", "succeeded r1"}, outcomes(t, dir)); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
}

func TestWithoutAScribeNothingIsWritten(t *testing.T) {
	t.Parallel()
	var s *scribe
	s.report(rollout()[0])
	s.begin(context.Background())()
	if s.state() != nil {
		t.Error("there is a state of the ledger")
	}
}

// A fleet of ten thousand groups that stand as they did has nothing to tell,
// and finding that out must not take long: it is done at every report.
func TestGroupsThatStandAsTheyDidAreNotToldAgain(t *testing.T) {
	t.Parallel()
	s, _ := newScribe(t, t.TempDir())
	r := rollout()[3]
	moved := r.Plan.Answers[0]
	still := moved
	still.Group.Group = "api"
	r.Plan.Answers = []reconcile.Answer{moved, still}
	s.note(r)
	if news := s.fresh(r, nil); len(news.Plan.Answers) != 0 {
		t.Errorf("told again: %+v", news.Plan.Answers)
	}
	r.Plan.Answers = []reconcile.Answer{still, moved}
	r.Plan.Answers[1].Commit.Hash = hashOf(2)
	if news := s.fresh(r, nil); len(news.Plan.Answers) != 1 || news.Plan.Answers[0].Group != moved.Group {
		t.Errorf("told: %+v", news.Plan.Answers)
	}
	if news := s.fresh(r, []ledger.Entry{{Environment: "production", Group: "api"}}); len(news.Plan.Answers) != 2 {
		t.Errorf("a group with a rollout on its way is left out: %+v", news.Plan.Answers)
	}
}

func TestEachKindOfTroubleIsSaidOnceAndItsEnd(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	c := courier{Ledger: &ledger.Ledger{}, Log: slog.New(slog.NewTextHandler(&text, nil))}
	denied := fault.New(ledger.ErrDenied, "", "read-only")
	away := fault.New(ledger.ErrUnreachable, "", "connection refused")
	for _, err := range []error{nil, denied, denied, away, away, errors.New("disk full"), errors.New("disk full"), denied, nil, nil} {
		before, now := c.state(), standingAfter(c.state(), ledger.Synced{Unsent: 2}, err, sampleNow())
		c.stands.Store(now)
		c.tell(before, now, ledger.Synced{})
	}
	var said []string
	for line := range strings.Lines(text.String()) {
		_, line, _ = strings.Cut(line, "msg=")
		message, _, _ := strings.Cut(line, " repository=")
		said = append(said, strings.Trim(message, `"`))
	}
	kept, later := "ledger kept here: the agent may not write refs/notes/moult", "ledger kept here, and sent when that is possible"
	if diff := cmp.Diff([]string{kept, later, later, kept, "ledger sent"}, said); diff != "" {
		t.Errorf("-want +said:\n%s", diff)
	}
}

func TestTroubleBeganWhenItWasFirstSeen(t *testing.T) {
	t.Parallel()
	first := standingAfter(&ledgerState{}, ledger.Synced{Unsent: 1}, ledger.ErrDenied, sampleNow())
	second := standingAfter(first, ledger.Synced{Unsent: 4}, ledger.ErrUnreachable, sampleNow().Add(time.Hour))
	if !second.Since.Equal(sampleNow()) || second.Unsent != 4 || second.Problem != ledger.ErrUnreachable.Error() {
		t.Errorf("it stands %+v", second)
	}
	if after := standingAfter(second, ledger.Synced{}, nil, sampleNow()); after.Problem != "" || !after.Since.IsZero() {
		t.Errorf("afterwards it stands %+v", after)
	}
}

func TestSendingRestsLongerAndLonger(t *testing.T) {
	t.Parallel()
	rest := sendEvery
	for range 20 {
		before := rest
		if rest = restAfter(ledger.ErrBusy, rest); rest > longestRest || rest < min(before, longestRest/2) {
			t.Fatalf("after %s it rests %s", before, rest)
		}
	}
	if rest < longestRest/2 {
		t.Errorf("at last it rests %s", rest)
	}
	if restAfter(nil, rest) != sendEvery {
		t.Error("after a success it rests longer than need be")
	}
}

// A server that never answers must not keep the agent from stopping.
func TestTheEndDoesNotWaitForAServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	s, _ := newScribe(t, t.TempDir())
	s.Ledger.Remote.URL = server.URL + "/fleet.git"
	s.Patience = 50 * time.Millisecond
	end := s.begin(context.Background())
	s.report(rollout()[0])
	began := time.Now()
	end()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if diff := cmp.Diff([]string{"started r1"}, outcomes(t, s.Ledger.Dir)); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
	if state := s.state(); state.Unsent == 0 || !strings.Contains(state.Problem, "no answer in time") {
		t.Errorf("it stands %+v", state)
	}
}

// Whoever reports waits until it is written, so that little is lost when the
// agent is killed. A ledger that cannot be written costs that once.
func TestAReportWaitsForTheLedgerAndNotForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newScribe(t, t.TempDir())
		took := func(r reconcile.Report) time.Duration {
			began := time.Now()
			s.report(r)
			return time.Since(began)
		}
		s.begun = true // and nobody writes
		for n, want := range []time.Duration{writePatience, 0, 0} {
			if got := took(rollout()[n]); got != want {
				t.Errorf("report %d takes %s, want %s", n+1, got, want)
			}
		}
		end := s.begin(t.Context())
		time.Sleep(lockPatience) // writing and sending may meet at the store
		synctest.Wait()
		if got := took(rollout()[3]); got > writePatience/2 {
			t.Errorf("with somebody who writes it takes %s", got)
		}
		if diff := cmp.Diff([]string{"started r1", "succeeded r1"}, outcomes(t, s.Ledger.Dir)); diff != "" {
			t.Errorf("when it returns (-want +told):\n%s", diff)
		}
		end()
	})
}

// The run may be over while the loop still finds something.
func TestTheLastReportIsWrittenToo(t *testing.T) {
	t.Parallel()
	s, _ := newScribe(t, t.TempDir())
	ctx, stop := context.WithCancel(context.Background())
	end := s.begin(ctx)
	stop()
	s.report(rollout()[0])
	end()
	if diff := cmp.Diff([]string{"started r1"}, outcomes(t, s.Ledger.Dir)); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
}

// Another process with the same state directory may have been stopped while it
// had the store.
func TestAStoreThatAnotherKeepsHoldsUpNeitherTheRunNorItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, log := newScribe(t, filepath.Join(t.TempDir(), "ledger"))
		hold, err := durable.TryLock(s.Ledger.Dir + ".lock")
		must(t, err)
		s.joined = true
		ctx, stop := context.WithCancel(t.Context())
		end := s.begin(ctx)
		s.report(rollout()[0])
		time.Sleep(lockPatience)
		synctest.Wait()
		if !strings.Contains(log.String(), "ledger not written") || !strings.Contains(log.String(), "another moult keeps") {
			t.Errorf("the log says %s", log)
		}
		stop()
		began := time.Now()
		end()
		if took := time.Since(began); took > stopPatience {
			t.Errorf("it ends after %s", took)
		}
		must(t, hold.Release())
		s.write(t.Context())
		if diff := cmp.Diff([]string{"started r1"}, outcomes(t, s.Ledger.Dir)); diff != "" {
			t.Errorf("-want +told:\n%s", diff)
		}
	})
}

func TestTheCourierTellsWhatSomebodyDidToTheLedger(t *testing.T) {
	t.Parallel()
	for want, synced := range map[string]ledger.Synced{
		"what was taken out is put back":     {Rewritten: true, Missing: []ledger.Entry{{}}},
		"is joined again with what was here": {Rewritten: true},
		"":                                   {},
	} {
		var log strings.Builder
		c := courier{Ledger: &ledger.Ledger{}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		c.tell(&ledgerState{}, &ledgerState{}, synced)
		if got := log.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%+v: the log says %q, want %q", synced, got, want)
		}
	}
}
