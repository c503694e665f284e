package main

import (
	"testing"

	"moult/reconcile"
)

func TestAtRest(t *testing.T) {
	t.Parallel()
	declared := func(answers []reconcile.Answer) (all reconcile.Declared) {
		for _, a := range answers {
			all.Groups = append(all.Groups, reconcile.Declaration{ID: a.Group, Image: a.To, Commit: a.Commit})
		}
		return all
	}
	with := func(states ...reconcile.State) []reconcile.Answer {
		var answers []reconcile.Answer
		for n, s := range states {
			answers = append(answers, sampleAnswer("production", string(rune('a'+n)), s, ""))
		}
		return answers
	}
	converged, rolling, held, drifted, unknown := reconcile.StateConverged, reconcile.StateRolling, reconcile.StateHeld, reconcile.StateDrifted, reconcile.StateUnknown
	for name, c := range map[string]struct {
		answers []reconcile.Answer
		rested  bool
		err     error
	}{
		"all converged":          {with(converged, converged), true, nil},
		"one rolls":              {with(converged, rolling), false, nil},
		"one is held":            {with(converged, held), true, code(exitNotConverged)},
		"one is held, one rolls": {with(rolling, held), true, code(exitNotConverged)},
		"one drifted":            {with(drifted), true, code(exitNotConverged)},
		"one is unknown":         {with(converged, unknown), false, nil},
		"nothing is declared":    {nil, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rested, err := atRest(declared(c.answers), c.answers)
			if rested != c.rested || err != c.err {
				t.Errorf("at rest: %v, %v; want %v, %v", rested, err, c.rested, c.err)
			}
		})
	}
}

func TestNotAtRestBeforeEveryDeclaredGroupWasLookedAt(t *testing.T) {
	t.Parallel()
	held := sampleAnswer("production", "web", reconcile.StateHeld, "")
	now := reconcile.Declaration{ID: held.Group, Image: held.To, Commit: held.Commit}
	newer, other := now, now
	newer.Commit = sampleCommit()
	other.ID.Group = "api"
	for name, groups := range map[string][]reconcile.Declaration{
		"declared anew since": {newer}, "another was not looked at": {now, other},
	} {
		if rested, _ := atRest(reconcile.Declared{Groups: groups}, []reconcile.Answer{held}); rested {
			t.Errorf("%s: at rest", name)
		}
	}
}

func TestAtRestNeedsARepositoryThatCanBeRead(t *testing.T) {
	t.Parallel()
	if rested, _ := atRest(reconcile.Declared{Stale: &reconcile.Stale{Reason: "connection refused"}}, nil); rested {
		t.Error("at rest while nobody knows what is declared now")
	}
	both := &reconcile.Stale{Held: true, Reason: "not signed", Also: &reconcile.Stale{Reason: "connection refused"}}
	if rested, _ := atRest(reconcile.Declared{Stale: both}, nil); rested {
		t.Error("at rest while nobody knows whether the commit is still held")
	}
	rested, err := atRest(reconcile.Declared{Mistakes: []reconcile.Mistake{{Environment: "production"}}}, nil)
	if !rested || err != code(exitNotConverged) {
		t.Errorf("with a mistake that needs a commit: %v, %v", rested, err)
	}
}
