package ledger

import (
	"cmp"
	"time"

	"moult/reconcile"
)

// Teller makes entries of what the loop reports. It keeps nothing: what was
// begun and not ended yet is in the ledger.
type Teller struct {
	// Who says what git knows of a commit; nil means no more than its author.
	Who func(commit string) Who
	// Written is the commit that wrote the image which a commit put in force in
	// a group, where that is another: one on a branch that was merged. nil means
	// that nobody knows.
	Written func(group reconcile.ID, commit string) reconcile.Commit
	// Standing says how a group stood to a commit that declares an image for it:
	// what is started for one that it had come to rest on, no commit asked for.
	// nil means that nobody knows.
	Standing func(group reconcile.ID, commit, image string) Standing
}

// Who is whose hands a commit went through.
type Who struct {
	Author   string
	Signer   string
	MergedBy string
}

// Tell is what a report adds to the ledger, given the rollouts that were
// started and have no end yet. The same report told twice gives the same
// events, of which [Ledger.Append] takes each once.
//
//	in the report                                        entry
//	---------------------------------------------------  ------------------------------------------
//	a roll was accepted                                  started; healing or going back, if it had been there
//	a cancel or roll_back was accepted                   started, of that verb, for the new commit
//	a pin was accepted                                   succeeded: it replaces nothing
//	a refresh goes on that nobody wrote down             started, found on its way
//	held because of a refresh                            failed, rolled_back or cancelled, as AWS says
//	held for another reason                              held
//	converged, and no rollout is known for it            succeeded, found converged
//
// A rollout that was started ends
//
//	when the group                                       as
//	---------------------------------------------------  ------------------------------------------
//	is converged on its image                            succeeded
//	is held because of its refresh                       failed, rolled_back or cancelled, as AWS says
//	no longer has its refresh, and it was to be stopped  cancelled or rolled_back
//	no longer has its refresh, and git moved on          superseded
//	has another refresh for the same commit              ended
//
// and not before: a group that cannot be observed ends nothing. Nor does one of
// which nobody knows yet which commit declares it, beyond the first two rows.
func (t Teller) Tell(report reconcile.Report, started []Entry) []Entry {
	var entries []Entry
	accepted := map[reconcile.ID][]reconcile.Outcome{}
	for _, o := range report.Outcomes {
		if o.Problem == nil && o.Action.Commit.Hash != "" {
			accepted[o.Action.Group] = append(accepted[o.Action.Group], o)
		}
	}
	open := map[reconcile.ID][]Entry{}
	for _, e := range started {
		open[e.GroupID()] = append(open[e.GroupID()], e)
	}
	for _, a := range report.Plan.Answers {
		s := subject{answer: a, at: report.At, open: open[a.Group], accepted: accepted[a.Group]}
		for _, e := range s.tell() {
			entries = append(entries, t.sign(t.attribute(t.explain(e))))
		}
	}
	return entries
}

// explain says of a rollout that no commit asked for why it was begun.
func (t Teller) explain(e Entry) Entry {
	if t.Standing != nil && e.Outcome == Started && e.Verb == reconcile.Roll && e.Reason == "" {
		e.Reason = begins[t.Standing(e.GroupID(), e.Commit, e.To)]
	}
	return e
}

func (t Teller) attribute(e Entry) Entry {
	if t.Who == nil {
		return e
	}
	who := t.Who(e.Commit)
	e.Signer, e.MergedBy = who.Signer, who.MergedBy
	return e
}

// sign names who wrote what a merge brought.
func (t Teller) sign(e Entry) Entry {
	if t.Written == nil {
		return e
	}
	if by := t.Written(e.GroupID(), e.Commit); by.Hash != "" {
		e.Written, e.Author = by.Hash, by.Author
	}
	return e
}

// subject is one group of a report.
type subject struct {
	answer   reconcile.Answer
	accepted []reconcile.Outcome // since the last report
	open     []Entry             // rollouts of the group without an end
	at       time.Time
}

func (s subject) tell() []Entry {
	var entries []Entry
	if s.answer.State != reconcile.StateUnknown {
		for _, e := range s.open {
			if end, ok := s.end(e); ok {
				entries = append(entries, end)
			}
		}
	}
	for _, o := range s.accepted {
		entries = append(entries, s.begin(o))
	}
	return append(entries, s.stand()...)
}

// begin is what was accepted.
func (s subject) begin(o reconcile.Outcome) Entry {
	a, got := o.Action, o.Receipt
	e := s.entry(a.Commit, Started)
	e.Time, e.Started, e.Verb = o.At, o.At, a.Verb
	e.Template, e.TemplateVersion, e.RefreshID = got.Version.Template, got.Version.Number, got.RefreshID
	switch a.Verb {
	case reconcile.Pin:
		e.Outcome, e.Finished = Succeeded, o.At
		e.From, e.To = got.Version.Image, got.Version.Image
	case reconcile.Cancel, reconcile.RollBack:
		e.RefreshID = cmp.Or(got.RefreshID, a.RefreshID)
		e.From, e.To = "", ""
	case reconcile.Roll:
		if s.answer.Estimate != nil {
			e.InstancesPlanned = s.answer.Estimate.Replace
		}
		if got.Adopted {
			e.Reason = foundOnItsWay
		}
	}
	return e
}

const (
	foundOnItsWay  = "found on its way"
	foundConverged = "found converged"
)

// entry is what every entry about the group begins with.
func (s subject) entry(commit reconcile.Commit, outcome Outcome) Entry {
	a := s.answer
	return Entry{
		Time: s.at, Environment: a.Group.Environment, Group: a.Group.Group, Outcome: outcome,
		Commit: commit.Hash, Author: commit.Author, From: a.From, To: a.To, Plan: a.Reason,
	}
}

// stand is what the state of the group tells by itself.
func (s subject) stand() []Entry {
	a := s.answer
	switch {
	case a.Commit.Hash == "" || len(s.accepted) > 0:
	case a.State == reconcile.StateConverged && !s.rolls(a.Commit.Hash):
		e := s.entry(a.Commit, Succeeded)
		e.Reason = foundConverged
		return []Entry{e}
	case a.State == reconcile.StateHeld && a.RefreshID == "":
		e := s.entry(a.Commit, Held)
		e.Started, e.Reason, e.Plan = a.Since, a.Reason, ""
		return []Entry{e}
	case a.State == reconcile.StateHeld && !s.knows(a.RefreshID):
		e := s.entry(a.Commit, howItEnded(a.Ended))
		e.Verb, e.RefreshID, e.Finished, e.Reason, e.Plan = reconcile.Roll, a.RefreshID, a.Since, a.Reason, ""
		return []Entry{e}
	case a.State == reconcile.StateRolling && a.RefreshID != "" && !s.knows(a.RefreshID):
		e := s.entry(a.Commit, Started)
		e.Verb, e.RefreshID, e.Started, e.Reason = reconcile.Roll, a.RefreshID, a.Since, foundOnItsWay
		return []Entry{e}
	}
	return nil
}

// rolls reports whether a rollout for a commit was written down and has no end
// yet.
func (s subject) rolls(commit string) bool {
	for _, e := range s.open {
		if e.Commit == commit && e.Verb == reconcile.Roll {
			return true
		}
	}
	return false
}

// knows reports whether a refresh was written down and has no end yet.
func (s subject) knows(refresh string) bool {
	for _, e := range s.open {
		if e.RefreshID == refresh && !e.Foreign {
			return true
		}
	}
	return false
}

// end is how a rollout ended, if it did.
func (s subject) end(e Entry) (Entry, bool) {
	outcome, reason := s.ending(e)
	if outcome == "" {
		return Entry{}, false
	}
	if e.Foreign {
		e = s.hearsay(e)
	}
	e.Time, e.Finished, e.Outcome, e.Reason = s.at, s.at, outcome, e.onward(outcome, reason)
	e.ID, e.Proof, e.Agent, e.AgentVersion = "", "", "", "" // whoever began it, this agent saw the end
	switch a := s.answer; {
	case outcome == Succeeded:
		e.InstancesReplaced = e.InstancesPlanned
	case a.RefreshID == e.RefreshID:
		e.Finished, e.InstancesReplaced = a.Since, a.Current
	}
	return e, true
}

// hearsay is what is told of a rollout that somebody else may have told of: no
// more than which one it is, and what the group is seen to be. Signer and merger
// are asked of git.
func (s subject) hearsay(e Entry) Entry {
	known := Entry{Environment: e.Environment, Group: e.Group, Commit: e.Commit, Verb: e.Verb, RefreshID: e.RefreshID}
	if s.answer.Commit.Hash == e.Commit {
		known.Author, known.To = s.answer.Commit.Author, s.answer.To
	}
	return known
}

func (s subject) ending(e Entry) (Outcome, string) {
	a := s.answer
	if a.RefreshID != "" && a.RefreshID == e.RefreshID {
		if a.State != reconcile.StateHeld {
			return "", ""
		}
		return howItEnded(a.Ended), a.Reason
	}
	stop, stopped := s.stop(e.RefreshID)
	converged := e.Verb == reconcile.Roll && !stopped && a.State == reconcile.StateConverged && a.To == e.To
	switch {
	case converged:
		return Succeeded, ""
	case a.Commit.Hash == "":
		return "", "" // while history is being read: whether git moved on is told once it is
	case e.Verb != reconcile.Roll:
		return Succeeded, "" // what it was to stop is no more
	case stopped:
		return stop, "for commit " + a.Commit.Short()
	case a.Commit.Hash != e.Commit:
		return Superseded, "by commit " + a.Commit.Short()
	case a.RefreshID != "" && a.State == reconcile.StateRolling:
		return Ended, "another refresh followed"
	}
	return "", ""
}

// stop is how a refresh ended that the agent itself had stopped.
func (s subject) stop(refresh string) (Outcome, bool) {
	for _, e := range s.open {
		switch {
		case e.RefreshID != refresh || refresh == "" || e.Foreign:
		case e.Verb == reconcile.Cancel:
			return Cancelled, true
		case e.Verb == reconcile.RollBack:
			return RolledBack, true
		}
	}
	return "", false
}

func howItEnded(status reconcile.Status) Outcome {
	switch status {
	case reconcile.Cancelled:
		return Cancelled
	case reconcile.RollbackSuccessful:
		return RolledBack
	}
	return Failed
}
