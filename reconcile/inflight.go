package reconcile

import "fmt"

// inFlight answers for a group with a refresh that has not ended.
func inFlight(s subject) (Answer, bool) {
	r, ok := s.active()
	if !ok {
		return Answer{}, false
	}
	a := s.answerRefresh(r)
	a.RefreshID, a.Percent, a.Since = r.ID, r.Percent, r.Started
	return a, true
}

// active is the refresh that has not ended, if there is one. AWS allows one at
// a time.
func (s subject) active() (Refresh, bool) {
	for _, r := range s.Observed.Refreshes {
		if r.Status.Active() {
			return r, true
		}
	}
	return Refresh{}, false
}

func (s subject) answerRefresh(r Refresh) Answer {
	declaredIsSaved := s.Observed.Saved.Pins(s.Image)
	switch {
	case r.Status == Cancelling:
		return s.waitFor("refresh %s is being cancelled", r.ID)
	case r.Mutates:
		return s.stop(r, Cancel, "somebody's refresh swaps the root volumes of running instances")
	case r.Status == RollbackInProgress && (declaredIsSaved || s.towards(r)):
		return s.rollingBack(r)
	case s.towards(r) || !r.Targeted && declaredIsSaved:
		return s.rolling(r)
	case declaredIsSaved && r.Targeted:
		return s.stop(r, RollBack, s.instead(r))
	}
	return s.stop(r, Cancel, s.instead(r))
}

// towards reports whether a refresh launches what is declared. An image that
// is laid over another base than the group's is another target: it would undo
// what somebody changed in the template since.
func (s subject) towards(r Refresh) bool {
	if !r.Targeted || r.Image != s.Image {
		return false
	}
	saved := s.Observed.Saved
	return r.Version.Template != saved.Template || r.Version.Base == 0 || r.Version.Base == saved.Base
}

// instead says what runs in place of what is declared.
func (s subject) instead(r Refresh) string {
	whose := "a refresh"
	if s.foreign(r) {
		whose = "somebody's refresh"
	}
	if r.Targeted && r.Image == s.Image {
		return fmt.Sprintf("%s to %s runs, laid over version %d of the template, and the group is at version %d", whose, r.Image, r.Version.Base, s.Observed.Saved.Number)
	}
	return fmt.Sprintf("%s to %s runs, and %s is declared", whose, orUnknown(s.launches(r)), s.Image)
}

// foreign reports whether a refresh came from somebody else: Moult made no
// version for it, and git has not moved since it began.
func (s subject) foreign(r Refresh) bool {
	return r.Version.Commit == "" && !s.declaredSince(r)
}

// launches is the image that a refresh launches: its own, or what the group
// has saved when it carries none.
func (s subject) launches(r Refresh) string {
	if r.Targeted {
		return r.Image
	}
	return s.Observed.Saved.Image
}

func (s subject) waitFor(format string, args ...any) Answer {
	a := s.answer(StateWaiting, format, args...)
	a.Ends = "it ends by itself"
	return a
}

func (s subject) rolling(r Refresh) Answer {
	a := s.answer(StateRolling, "replacing instances with %s, %d%% done, %d left", s.Image, r.Percent, r.Left)
	switch {
	case r.Status == Baking:
		a.Reason = "all instances run " + s.Image + "; baking before it counts"
	case r.Status == Pending:
		a.Reason = "a refresh to " + s.Image + " is accepted and about to start"
	case r.Reason != "":
		a.Reason += ": " + sentence(r.Reason)
	}
	if len(r.Causes) > 0 {
		a.Reason += "; last failed launch: " + sentence(r.Causes[0])
	}
	a.Ends = "the refresh ends"
	return a
}

func (s subject) rollingBack(r Refresh) Answer {
	why := "a newer commit"
	if s.towards(r) {
		why = failure(r)
	}
	a := s.answer(StateRollingBack, "going back to %s: %s", orUnknown(s.Observed.Saved.Image), why)
	a.Ends = "the rollback ends"
	return a
}

// stop answers with the action that ends a refresh that must not go on: it
// serves an older commit, or it is somebody else's.
func (s subject) stop(r Refresh, verb Verb, why string) Answer {
	if s.Drift == ReportOnly && s.foreign(r) {
		a, _ := s.drifted("%s", why)
		return a
	}
	a := s.answer(StateWaiting, "%s: cancelling it first", why)
	if verb == RollBack {
		a = s.answer(StateRollingBack, "%s: rolling it back", why)
	}
	a.Ends = "the refresh has ended"
	a.Action = s.action(verb)
	a.Action.RefreshID = r.ID
	return a
}
