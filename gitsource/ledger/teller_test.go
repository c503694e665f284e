package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moult/reconcile"
)

var web = reconcile.ID{Environment: "production", Group: "web"}

// story tells reports to a ledger, as an agent does that is restarted after
// each of them.
type story struct {
	t      *testing.T
	ledger *Ledger
	clock  time.Time
	known  int
}

func newStory(t *testing.T) *story {
	return &story{t: t, ledger: newLedger(t, "agent", ""), clock: noon}
}

// pass is a minute later a report of one group, told twice. It returns what is
// new in the ledger, oldest first.
func (s *story) pass(a reconcile.Answer, outcomes ...reconcile.Outcome) []string {
	s.t.Helper()
	s.clock = s.clock.Add(time.Minute)
	a.Group = web
	outcomes = slices.Clone(outcomes)
	for i := range outcomes {
		outcomes[i].At, outcomes[i].Action.Group = s.clock, web
	}
	report := reconcile.Report{At: s.clock, Plan: reconcile.Plan{Answers: []reconcile.Answer{a}}, Outcomes: outcomes}
	teller := Teller{
		Who: func(commit string) Who { return Who{Signer: "signer of " + commit[:4]} },
		Standing: func(group reconcile.ID, commit, image string) Standing {
			return value[Standing](s.t)(s.ledger.Standing(background, group, commit, image))
		},
	}
	for range 2 {
		s.ledger = again(s.t, s.ledger)
		started := value[[]Entry](s.t)(s.ledger.Started(background))
		must(s.t, s.ledger.Append(background, s.clock, teller.Tell(report, started)...))
	}
	book, err := Open(s.ledger.Dir)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	must(s.t, err)
	defer book.Close()
	var told []string
	entries := allOf(s.t, book)
	for _, e := range slices.Backward(entries[:len(entries)-s.known]) {
		if e.Signer != "signer of "+e.Commit[:4] {
			s.t.Errorf("signer is %q", e.Signer)
		}
		told = append(told, inShort(e))
	}
	s.known = len(entries)
	return told
}

func inShort(e Entry) string {
	text := fmt.Sprintf("%s %s %s", e.Commit[:2], e.Verb, e.Outcome)
	if e.RefreshID != "" {
		text += " " + e.RefreshID
	}
	if e.InstancesReplaced > 0 {
		text += fmt.Sprintf(", %d replaced", e.InstancesReplaced)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

func commit(digit string) reconcile.Commit {
	hash := ""
	for range hexLength {
		hash += digit
	}
	return reconcile.Commit{Hash: hash, Author: "Ada <ada@example.com>"}
}

func rolling(c reconcile.Commit, refresh string) reconcile.Answer {
	return reconcile.Answer{
		State: reconcile.StateRolling, Reason: "replacing 3 of 3 instances with " + ami(1), Commit: c,
		From: ami(0), To: ami(1), Instances: 3, RefreshID: refresh, Estimate: &reconcile.Estimate{Replace: 3},
	}
}

func accepted(c reconcile.Commit, verb reconcile.Verb, refresh string) reconcile.Outcome {
	return reconcile.Outcome{
		Action:  reconcile.Action{Verb: verb, Commit: c, Image: ami(1), RefreshID: refresh},
		Receipt: reconcile.Receipt{RefreshID: refresh, Version: reconcile.Version{Template: "lt-1", Number: 7, Image: ami(5)}},
	}
}

func converged(c reconcile.Commit, image string) reconcile.Answer {
	return reconcile.Answer{State: reconcile.StateConverged, Commit: c, From: image, To: image, Instances: 3, Current: 3}
}

func held(c reconcile.Commit, refresh string, how reconcile.Status) reconcile.Answer {
	return reconcile.Answer{
		State: reconcile.StateHeld, Reason: "it cannot be", Commit: c, From: ami(0), To: ami(1),
		Instances: 3, Current: 1, RefreshID: refresh, Ended: how, Since: noon,
	}
}

func waiting(c reconcile.Commit, refresh string) reconcile.Answer {
	return reconcile.Answer{State: reconcile.StateWaiting, Reason: "being cancelled", Commit: c, From: ami(0), To: ami(2), RefreshID: refresh}
}

// anyOrder: entries of one moment stand in the order of their ids.
var anyOrder = cmpopts.SortSlices(func(a, b string) bool { return a < b })

type turn struct {
	answer   reconcile.Answer
	outcomes []reconcile.Outcome
	want     []string
}

func TestEveryRolloutGetsABeginAndAnEnd(t *testing.T) {
	t.Parallel()
	a, b, nobody := commit("a"), commit("b"), reconcile.Commit{}
	begin := turn{rolling(a, "r1"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r1")}, []string{"aa roll started r1"}}
	going := turn{rolling(a, "r1"), nil, nil}
	unknown := turn{reconcile.Answer{State: reconcile.StateUnknown, Commit: a, To: ami(1)}, nil, nil}
	toB := rolling(b, "r2")
	toB.To = ami(2)
	settled := turn{converged(a, ami(1)), nil, []string{"aa roll succeeded r1, 3 replaced"}}
	leave := turn{toB, []reconcile.Outcome{accepted(b, reconcile.Roll, "r2")}, []string{"bb roll started r2"}}
	left := turn{converged(b, ami(2)), nil, []string{"bb roll succeeded r2, 3 replaced"}}
	back := turn{rolling(a, "r3"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r3")}, []string{"aa roll started r3: going back: the branch was set back to this commit"}}
	backToStay := turn{converged(a, ami(1)), nil, []string{"aa roll succeeded r3, 3 replaced: going back: done"}}
	same := rolling(b, "r2")
	stories := map[string][]turn{
		"it succeeds": {begin, going, unknown, {converged(a, ami(1)), nil, []string{"aa roll succeeded r1, 3 replaced"}}, {converged(a, ami(1)), nil, nil}},
		"it fails":    {begin, {held(a, "r1", reconcile.Failed), nil, []string{"aa roll failed r1, 1 replaced: it cannot be"}}, {held(a, "r1", reconcile.Failed), nil, nil}},
		"it is rolled back": {begin, {reconcile.Answer{State: reconcile.StateRollingBack, Commit: a, To: ami(1), RefreshID: "r1"}, nil, nil},
			{held(a, "r1", reconcile.RollbackSuccessful), nil, []string{"aa roll rolled_back r1, 1 replaced: it cannot be"}}},
		"a person cancels it":                 {begin, {held(a, "r1", reconcile.Cancelled), nil, []string{"aa roll cancelled r1, 1 replaced: it cannot be"}}},
		"it failed before there was a ledger": {{held(a, "r0", reconcile.RollbackFailed), nil, []string{"aa roll failed r0: it cannot be"}}, {held(a, "r0", reconcile.RollbackFailed), nil, nil}},
		"a newer commit cancels it": {begin,
			{waiting(b, "r1"), []reconcile.Outcome{accepted(b, reconcile.Cancel, "r1")}, []string{"bb cancel started r1"}},
			{waiting(b, "r1"), nil, nil},
			{toB, []reconcile.Outcome{accepted(b, reconcile.Roll, "r2")}, []string{"aa roll cancelled r1: for commit bbbbbbbb", "bb cancel succeeded r1", "bb roll started r2"}}},
		"a revert rolls it back": {begin,
			{reconcile.Answer{State: reconcile.StateRollingBack, Commit: b, To: ami(0), RefreshID: "r1"}, []reconcile.Outcome{accepted(b, reconcile.RollBack, "r1")}, []string{"bb roll_back started r1"}},
			{converged(b, ami(0)), nil, []string{"aa roll rolled_back r1: for commit bbbbbbbb", "bb roll_back succeeded r1", "bb  succeeded: found converged"}}},
		"git moves on unseen": {begin, {toB, []reconcile.Outcome{accepted(b, reconcile.Roll, "r2")}, []string{"aa roll superseded r1: by commit bbbbbbbb", "bb roll started r2"}}},
		"drift is healed": {begin, {converged(a, ami(1)), nil, []string{"aa roll succeeded r1, 3 replaced"}},
			{rolling(a, "r2"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r2")}, []string{"aa roll started r2: healing drift: no new commit asked for it"}},
			{converged(a, ami(1)), nil, []string{"aa roll succeeded r2, 3 replaced: healing drift: done"}}},
		"drift of what was found converged cannot be healed": {{converged(a, ami(1)), nil, []string{"aa  succeeded: found converged"}},
			{rolling(a, "r2"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r2")}, []string{"aa roll started r2: healing drift: no new commit asked for it"}},
			{held(a, "r2", reconcile.Failed), nil, []string{"aa roll failed r2, 1 replaced: healing drift: it cannot be"}}},
		"the branch goes back": {begin, settled, leave, left, back, backToStay},
		"the branch goes back, and then there is drift": {begin, settled, leave, left, back, backToStay,
			{rolling(a, "r4"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r4")}, []string{"aa roll started r4: healing drift: no new commit asked for it"}}},
		"the branch goes back, and that has to be done twice": {begin, settled, leave, left, back,
			{rolling(a, "r4"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r4")}, []string{"aa roll ended r3: going back: another refresh followed", "aa roll started r4: going back: the branch was set back to this commit"}}},
		"the branch goes back from what was left half done": {begin, settled, leave,
			{held(b, "r2", reconcile.Cancelled), nil, []string{"bb roll cancelled r2, 1 replaced: it cannot be"}}, back, backToStay},
		"the branch goes back from what was undone, and then there is drift": {begin, settled, leave,
			{held(b, "r2", reconcile.RollbackSuccessful), nil, []string{"bb roll rolled_back r2, 1 replaced: it cannot be"}},
			{rolling(a, "r3"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r3")}, []string{"aa roll started r3: healing drift: no new commit asked for it"}}},
		"the branch goes back from a commit that said the same, and then there is drift": {begin, settled,
			{same, []reconcile.Outcome{accepted(b, reconcile.Roll, "r2")}, []string{"bb roll started r2"}},
			{converged(b, ami(1)), nil, []string{"bb roll succeeded r2, 3 replaced"}},
			{rolling(a, "r3"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r3")}, []string{"aa roll started r3: healing drift: no new commit asked for it"}}},
		"a pin settles nothing": {{waiting(a, ""), []reconcile.Outcome{accepted(a, reconcile.Pin, "")}, []string{"aa pin succeeded"}},
			{rolling(a, "r2"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r2")}, []string{"aa roll started r2"}}},
		"another refresh followed":   {begin, {rolling(a, "r2"), []reconcile.Outcome{accepted(a, reconcile.Roll, "r2")}, []string{"aa roll ended r1: another refresh followed", "aa roll started r2"}}},
		"it was on its way already":  {{rolling(a, "r9"), nil, []string{"aa roll started r9: found on its way"}}, {converged(a, ami(1)), nil, []string{"aa roll succeeded r9"}}},
		"nothing had to be replaced": {{converged(a, ami(0)), nil, []string{"aa  succeeded: found converged"}}, {converged(a, ami(0)), nil, nil}},
		"a hold":                     {{held(a, "", ""), nil, []string{"aa  held: it cannot be"}}, {held(a, "", ""), nil, nil}, {held(b, "", ""), nil, []string{"bb  held: it cannot be"}}},
		"a pin":                      {{waiting(a, ""), []reconcile.Outcome{accepted(a, reconcile.Pin, "")}, []string{"aa pin succeeded"}}},
		"a refusal begins nothing":   {{held(a, "", ""), []reconcile.Outcome{{Action: reconcile.Action{Verb: reconcile.Roll, Commit: a}, Problem: &reconcile.Problem{Class: reconcile.Denied}}}, []string{"aa  held: it cannot be"}}},
		"no commit is known yet, and then it goes on": {begin,
			{waiting(nobody, ""), nil, nil}, {rolling(nobody, "r2"), nil, nil}, {held(nobody, "", ""), nil, nil}, {held(nobody, "r2", reconcile.Failed), nil, nil},
			{converged(nobody, ami(0)), nil, nil}, going, {converged(a, ami(1)), nil, []string{"aa roll succeeded r1, 3 replaced"}}},
		"no commit is known yet, and it is converged": {begin, {converged(nobody, ami(1)), nil, []string{"aa roll succeeded r1, 3 replaced"}}, {converged(a, ami(1)), nil, nil}},
		"no commit is known yet, and it is held":      {begin, {held(nobody, "r1", reconcile.Failed), nil, []string{"aa roll failed r1, 1 replaced: it cannot be"}}},
		"no commit is known yet, and it was stopped": {begin,
			{waiting(b, "r1"), []reconcile.Outcome{accepted(b, reconcile.Cancel, "r1")}, []string{"bb cancel started r1"}},
			{waiting(nobody, ""), nil, nil}, {converged(nobody, ami(1)), nil, nil},
			{toB, []reconcile.Outcome{accepted(b, reconcile.Roll, "r2")}, []string{"aa roll cancelled r1: for commit bbbbbbbb", "bb cancel succeeded r1", "bb roll started r2"}}},
		"no commit is known": {{rolling(reconcile.Commit{}, "r1"), []reconcile.Outcome{accepted(reconcile.Commit{}, reconcile.Roll, "r1")}, nil}},
	}
	for name, turns := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			for n, turn := range turns {
				if diff := cmp.Diff(turn.want, s.pass(turn.answer, turn.outcomes...), anyOrder); diff != "" {
					t.Fatalf("pass %d (-want +told):\n%s", n+1, diff)
				}
			}
		})
	}
}

func TestWhoWroteWhatAMergeBroughtIsNamed(t *testing.T) {
	t.Parallel()
	merge, written := reconcile.Commit{Hash: commitName(1), Author: "Grace <grace@example.com>"}, reconcile.Commit{Hash: commitName(2), Author: "Ada <ada@example.com>"}
	web, db := reconcile.ID{Environment: "production", Group: "web"}, reconcile.ID{Environment: "production", Group: "db"}
	teller := Teller{Written: func(group reconcile.ID, commit string) reconcile.Commit {
		if group == web && commit == merge.Hash {
			return written
		}
		return reconcile.Commit{}
	}}
	var plan reconcile.Plan
	for _, id := range []reconcile.ID{db, web} {
		plan.Answers = append(plan.Answers, reconcile.Answer{Group: id, State: reconcile.StateHeld, Reason: "why", Commit: merge, To: ami(1)})
	}
	told := teller.Tell(reconcile.Report{At: noon, Plan: plan}, nil)
	if len(told) != 2 || told[0].Author != merge.Author || told[0].Written != "" || told[1].Author != written.Author || told[1].Written != written.Hash {
		t.Errorf("told: %+v", told)
	}
}
