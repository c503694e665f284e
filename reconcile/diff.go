package reconcile

import (
	"fmt"
	"sort"
	"time"
)

// Diff decides what to do about every declared group. It is pure: the same
// arguments give the same plan, and nothing else is read or changed.
//
// desired and observed go pairwise, as [Provider.Observe] returns them. Each
// group gets the answer of the first rule that has one, top to bottom:
//
//	rule            when                                                          answer
//	--------------  ------------------------------------------------------------  -----------------------------
//	unobserved      the cloud could not be asked about the group                  unknown
//	missing         there is no such Auto Scaling group                           held
//	refused         an AWS service operates it, it is being deleted, or it has    held
//	                no launch template
//	in flight       a refresh has not ended:
//	                  it swaps the root volumes of running instances              cancel
//	                  it is being cancelled                                       waiting
//	                  towards the declared image                                  rolling
//	                  from the declared image, back to the saved one              rolling_back
//	                  without a target, and the saved image is the declared one   rolling
//	                  from another image back to the saved one, which is declared rolling_back
//	                  to another image, and the saved image is the declared one   roll_back
//	                  anything else (git moved on, or somebody else's)            cancel
//	                  somebody else's, and drift is only reported                 drifted
//	floating        the saved template is $Latest, $Default or an SSM alias       pin (drift reported: drifted)
//	converged       saved and every in-service instance are the declared image    converged
//	stateful        declared stateful, and not converged                          held
//	unusable        the declared image cannot be launched                         held
//	broken          the last refresh to this image failed or was rolled back,     held
//	                and git has not changed the group since
//	stopped         the last refresh was to this image, a person cancelled it,    held
//	                and git has not changed the group since
//	left behind     all that differs are protected or standby instances that      held
//	                the declaration says to ignore
//	in vain         three refreshes to this image succeeded within the hour, and  waiting
//	                the group still differs
//	drift           the group was settled on this image, differs now, and drift   drifted
//	                is only reported
//	roll            anything else                                                 roll
//
// A refresh is towards an image, not towards a version: one that somebody else
// started towards the declared image is as good as ours. Whether git changed a
// group since a refresh is judged as [declaredSince] says.
func Diff(desired []Desired, observed []Observed, now time.Time) Plan {
	answers := make([]Answer, len(desired))
	for i, d := range desired {
		answers[i] = judge(subject{Desired: d, Observed: observed[i], now: now})
	}
	sort.Slice(answers, func(i, j int) bool { return answers[i].Group.Less(answers[j].Group) })
	return Plan{Answers: answers}
}

// subject is one group under judgement: all that a rule may look at.
type subject struct {
	Desired
	Observed Observed
	now      time.Time
}

// rule is one row of the table: it answers, or leaves the group to the rows
// below it.
type rule func(subject) (Answer, bool)

func rules() []rule {
	return []rule{unobserved, missing, refused, inFlight, floating, converged, stateful, unusable, broken, stopped, leftBehind, inVain, drift}
}

func judge(s subject) Answer {
	for _, rule := range rules() {
		if answer, ok := rule(s); ok {
			return answer
		}
	}
	return s.roll()
}

// answer begins every answer: what is so, whatever is decided about it.
func (s subject) answer(state State, format string, args ...any) Answer {
	instances, current := s.count()
	return Answer{
		Group: s.ID, State: state, Reason: fmt.Sprintf(format, args...),
		AutoScalingGroup: s.AutoScalingGroup, Place: s.Place, Position: s.Position, Commit: s.setBy(),
		From: s.mostly(), To: s.Image, Instances: instances, Current: current,
	}
}

// hold is an answer that needs a commit or a person.
func (s subject) hold(ends, format string, args ...any) (Answer, bool) {
	a := s.answer(StateHeld, format, args...)
	a.Ends = ends
	return a, true
}

func (s subject) action(verb Verb) *Action {
	return &Action{
		Verb: verb, Group: s.ID, Place: s.Place, AutoScalingGroup: s.AutoScalingGroup,
		Commit: s.Commit, Image: s.Image, Saved: s.Observed.Saved, Shape: s.Observed.Shape,
	}
}

func unobserved(s subject) (Answer, bool) {
	problem := s.Observed.Problem
	if problem == nil {
		return Answer{}, false
	}
	a := s.answer(StateUnknown, "%s", problem.Message)
	a.Ends = "the next pass looks again"
	return a, true
}

func missing(s subject) (Answer, bool) {
	if s.Observed.Exists {
		return Answer{}, false
	}
	return s.hold("create the group, or correct auto_scaling_group at "+s.Position,
		"there is no Auto Scaling group %s in %s", s.AutoScalingGroup, s.Place.Region)
}

func refused(s subject) (Answer, bool) {
	o := s.Observed
	switch {
	case o.Deleting:
		return s.hold("remove the declaration at "+s.Position, "Auto Scaling group %s is being deleted", s.AutoScalingGroup)
	case o.Operator != "":
		return s.hold("remove the declaration at "+s.Position, "%s operates Auto Scaling group %s, and only it may change it", o.Operator, s.AutoScalingGroup)
	case o.Shape == ShapeOld:
		return s.hold("give the group a launch template", "Auto Scaling group %s uses a launch configuration, which has no versions to roll between", s.AutoScalingGroup)
	case o.Shape == ShapeNone:
		return s.hold("give the group a launch template", "Auto Scaling group %s has no launch template", s.AutoScalingGroup)
	}
	return Answer{}, false
}

func floating(s subject) (Answer, bool) {
	saved := s.Observed.Saved
	if !saved.Floats() {
		return Answer{}, false
	}
	symbol := saved.Floating
	if symbol == "" {
		symbol = "an SSM alias"
	}
	if s.settled() && s.Drift == ReportOnly {
		return s.drifted("the launch template is set to %s, not to a number", symbol)
	}
	a := s.answer(StateWaiting, "the group follows %s: pinning it first to the version that it means now", symbol)
	a.Action = s.action(Pin)
	return a, true
}

func converged(s subject) (Answer, bool) {
	if !s.Observed.Saved.Pins(s.Image) {
		return Answer{}, false
	}
	for _, i := range s.Observed.Instances {
		if s.stale(i) {
			return Answer{}, false
		}
	}
	instances, _ := s.count()
	if instances < s.Observed.Capacity && !s.Observed.Weighted {
		return s.answer(StateConverged, "%d of %d instances are in service, all on %s", instances, s.Observed.Capacity, s.Image), true
	}
	return s.answer(StateConverged, "%s on %s", plural(instances, "instance"), s.Image), true
}

func stateful(s subject) (Answer, bool) {
	if !s.Stateful {
		return Answer{}, false
	}
	return s.hold("replace its instances by hand, or remove stateful at "+s.Position,
		"the group is declared stateful, and an instance refresh would replace instances together with their volumes")
}

func unusable(s subject) (Answer, bool) {
	if s.ImageProblem == "" {
		return Answer{}, false
	}
	return s.hold("make the image available, or declare another at "+s.Position, "%s %s", s.Image, s.ImageProblem)
}

func (s subject) drifted(format string, args ...any) (Answer, bool) {
	a := s.answer(StateDrifted, format+"; drift is only reported here", args...)
	a.Ends = `put it right by hand, or set drift = "heal" at ` + s.Position
	return a, true
}

func drift(s subject) (Answer, bool) {
	if s.Drift != ReportOnly || !s.settled() {
		return Answer{}, false
	}
	return s.drifted("%s", s.difference())
}

// roll is the answer when nothing is in the way.
func (s subject) roll() Answer {
	verb := "replacing"
	if s.settled() {
		verb = "healing drift: replacing"
	}
	estimate := s.estimate()
	a := s.answer(StateRolling, "%s %d of %s with %s", verb, estimate.Replace, plural(estimate.Instances, "instance"), s.Image)
	if estimate.Replace == 0 {
		a.Reason = fmt.Sprintf("setting the launch template to %s; no instance is replaced", s.Image)
	}
	a.Action = s.action(Roll)
	a.Action.Preferences = s.preferences()
	a.Estimate = &estimate
	return a
}
