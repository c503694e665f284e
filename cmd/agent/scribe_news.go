package main

import (
	"moult/gitsource/ledger"
	"moult/reconcile"
)

// posture is what the ledger can tell of how a group stands.
type posture struct {
	state           reconcile.State
	commit, to      string
	refresh, reason string
	ended           reconcile.Status
}

func postureOf(a reconcile.Answer) posture {
	return posture{a.State, a.Commit.Hash, a.To, a.RefreshID, a.Reason, a.Ended}
}

// fresh is a report without the groups that stand as they did: of ten thousand
// there is nothing to tell at most reports.
func (s *scribe) fresh(r reconcile.Report, started []ledger.Entry) reconcile.Report {
	open := map[reconcile.ID]bool{}
	for _, e := range started {
		open[e.GroupID()] = true
	}
	for _, o := range r.Outcomes {
		open[o.Action.Group] = true
	}
	var answers []reconcile.Answer
	for _, a := range r.Plan.Answers {
		if was, known := s.stood[a.Group]; !known || open[a.Group] || was != postureOf(a) {
			answers = append(answers, a)
		}
	}
	r.Plan.Answers = answers
	return r
}

func (s *scribe) note(r reconcile.Report) {
	if s.stood == nil {
		s.stood = map[reconcile.ID]posture{}
	}
	for _, a := range r.Plan.Answers {
		s.stood[a.Group] = postureOf(a)
	}
}
