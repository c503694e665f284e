package ledger

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// acceptedCommit is that the nth commit was accepted, an hour after the one
// before.
func acceptedCommit(n int) Entry {
	return Entry{
		Time: noon.Add(time.Duration(n) * time.Hour), Branch: "main", Outcome: Accepted, Commit: commitName(n),
		Author: "Ada <ada@example.com>", Signer: "ada@example.com (ssh key SHA256:x)", Agent: "moult",
	}
}

func TestAnAcceptedCommitReadsAndParsesBack(t *testing.T) {
	t.Parallel()
	byName := acceptedCommit(1)
	byName.AcceptedBy, byName.Proof = "grace", "U1NIU0lH+/=="
	plain := acceptedCommit(1)
	plain.Signer = ""
	for want, e := range map[string]Entry{
		"2026-03-03T13:00:00Z branch main accepted: signed by ada@example.com (ssh key SHA256:x)": acceptedCommit(1),
		"2026-03-03T13:00:00Z branch main accepted: by name, by grace":                            byName,
		"2026-03-03T13:00:00Z branch main accepted: no signature was asked for":                   plain,
	} {
		l := e.written()
		if !strings.HasPrefix(l.text, want+" {") || e.Sentence() != want {
			t.Errorf("it reads %q, want %q", l.text, want)
		}
		got, err := parseLine(l.text)
		must(t, err)
		e.ID = got.ID
		if diff := cmp.Diff(e, got.Entry); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestAnEntryIsAboutABranchOrAGroup(t *testing.T) {
	t.Parallel()
	neither, both, group := acceptedCommit(1), acceptedCommit(1), acceptedCommit(1)
	neither.Branch = ""
	both.Environment, both.Group = "production", "web"
	group.Outcome = Succeeded
	for name, e := range map[string]Entry{"neither": neither, "both": both, "a group without a name": group} {
		if err := newLedger(t, "agent", "").Append(background, noon, e); err == nil {
			t.Errorf("%s is written", name)
		}
		if _, err := parseLine(e.written().text); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestAcceptedCommitsAreNoRollouts(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	must(t, l.Append(background, noon, acceptedCommit(1), started(1), became(started(1), Succeeded), acceptedCommit(2)))
	if open := value[[]Entry](t)(l.Started(background)); len(open) > 0 {
		t.Errorf("without an end: %+v", open)
	}
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	if got := picked(t, book, Filter{Group: "web"}); len(got) != 2 {
		t.Errorf("the history of a group is %+v", got)
	}
	if got := value[[]Moment](t)(book.At(background, noon.Add(24*time.Hour), "", nil)); len(got) != 1 || got[0].Image != ami(1) {
		t.Errorf("at last it is %+v", got)
	}
	got := picked(t, book, Filter{Outcome: Accepted})
	if len(got) != 2 || got[0].Commit != commitName(2) || got[0].Branch != "main" {
		t.Errorf("accepted are %+v", got)
	}
	v := value[Verified](t)(book.Verify(context.Background(), Trust{}))
	if len(v.Breaches) > 0 || v.Entries != 4 {
		t.Errorf("verified: %+v", v)
	}
}

func TestACommitIsAcceptedOnceUnlessAnOperatorSaysSoAgain(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	again, byName := acceptedCommit(1), acceptedCommit(1)
	again.Time = again.Time.Add(time.Hour)
	byName.Time, byName.AcceptedBy = again.Time, "grace"
	other := acceptedCommit(1)
	other.Branch = "release"
	must(t, l.Append(background, noon, acceptedCommit(1)))
	must(t, l.Append(background, noon, again))
	must(t, l.Append(background, noon, byName, byName))
	must(t, l.Append(background, noon, other))
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	told := map[string][]Entry{}
	for _, e := range picked(t, book, Filter{Outcome: Accepted}) {
		told[e.Branch] = append(told[e.Branch], e)
	}
	if got := told["main"]; len(got) != 2 || got[0].AcceptedBy != "grace" {
		t.Errorf("told: %+v", got)
	}
	if got := told["release"]; len(got) != 1 {
		t.Errorf("told of the other branch: %+v", got)
	}
}

func picked(t *testing.T, book *Book, f Filter) []Entry {
	t.Helper()
	return value[[]Entry](t)(book.History(f))
}

func TestTheLastAcceptedIsTheOneThatCanBeProven(t *testing.T) {
	t.Parallel()
	own, other := newKey(t), newKey(t)
	l := newLedger(t, "agent", "")
	write := func(key ssh.Signer, entries ...Entry) {
		t.Helper()
		l.Key = key
		must(t, l.Append(background, noon, entries...))
	}
	last := func(key ssh.Signer) (string, bool) {
		t.Helper()
		l.Key = key
		e, proven, err := l.LastAccepted(background, "main")
		must(t, err)
		if e == nil {
			return "", proven
		}
		return e.Commit, proven
	}
	if commit, _ := last(own); commit != "" {
		t.Errorf("an empty ledger tells of %s", commit)
	}
	write(nil, acceptedCommit(1))
	write(other, acceptedCommit(2))
	if commit, proven := last(own); commit != commitName(2) || proven {
		t.Errorf("last is %s, proven %v", commit, proven)
	}
	write(own, acceptedCommit(0))
	write(nil, acceptedCommit(3))
	if commit, proven := last(own); commit != commitName(0) || !proven {
		t.Errorf("with its own key last is %s, proven %v", commit, proven)
	}
	if commit, proven := last(nil); commit != commitName(3) || proven {
		t.Errorf("without a key last is %s, proven %v", commit, proven)
	}
}

func TestTheSameRefusalIsToldOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	e := started(1)
	e.Outcome, e.RefreshID, e.Verb = Held, "", ""
	for _, said := range []string{
		"not authorized (UnauthorizedOperation, request 1b2c-33)",
		"not authorized (UnauthorizedOperation, request 9f8e-44)",
		"not authorized (UnauthorizedOperation, request 77)",
	} {
		e.Reason, e.Time = said, e.Time.Add(time.Minute)
		must(t, l.Append(background, noon, e))
	}
	if got := told(t, l.Dir); len(got) != 1 {
		t.Errorf("told: %q", got)
	}
}

func TestFoundConvergedSaysNothingThatARolloutHasSaid(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	found := started(1)
	found.Outcome, found.Verb, found.RefreshID, found.Reason = Succeeded, "", "", foundConverged
	must(t, l.Append(background, noon, started(1), became(started(1), Succeeded)))
	must(t, l.Append(background, noon, found))
	if got := told(t, l.Dir); len(got) != 2 {
		t.Errorf("told: %q", got)
	}
	elsewhere := found
	elsewhere.Group = "api"
	must(t, l.Append(background, noon, elsewhere))
	if got := told(t, l.Dir); len(got) != 3 {
		t.Errorf("told: %q", got)
	}
}
