package reconcile

import (
	"context"
	"fmt"
	"time"
)

// act carries out the actions of a plan, one after the other. The repository
// is asked once more before the first, and what is declared is compared before
// each, so that nothing starts for a commit that is known to be old.
func (ln *lane) act(ctx context.Context, issue issue, plan Plan) []Outcome {
	actions := plan.Actions()
	if ln.loop.DryRun || len(actions) == 0 {
		return nil
	}
	if ln.loop.feed.now().number == issue.number && ln.news != nil {
		// A failed poll is no news: what was last seen stays in force.
		_ = ln.loop.feed.poll(ctx, ln.loop.Source)
	}
	var outcomes []Outcome
	for _, action := range actions {
		if ctx.Err() != nil || ln.loop.feed.now().number != issue.number {
			ln.tellSelf()
			break
		}
		outcomes = append(outcomes, ln.perform(ctx, action))
	}
	return outcomes
}

// tellSelf makes the lane turn again at once when it runs as one.
func (ln *lane) tellSelf() {
	if ln.news != nil {
		ln.tell()
	}
}

func (ln *lane) perform(ctx context.Context, action Action) Outcome {
	receipt, err := ln.loop.Provider.Apply(ctx, action)
	outcome := Outcome{Action: action, At: time.Now(), Receipt: receipt}
	if err != nil {
		outcome.Problem = &Problem{Class: ClassOf(err), Message: err.Error()}
	}
	if ctx.Err() == nil {
		ln.refused.note(outcome)
		ln.loop.logOutcome(outcome)
	}
	return outcome
}

// answerWith is the plan after its actions: what was refused is held, what
// could not be sent waits.
func answerWith(plan Plan, outcomes []Outcome) Plan {
	became := make(map[ID]Outcome, len(outcomes))
	for _, o := range outcomes {
		became[o.Action.Group] = o
	}
	answers := make([]Answer, len(plan.Answers))
	for i, a := range plan.Answers {
		answers[i] = a.after(became[a.Group])
	}
	plan.Answers = answers
	return plan
}

func (a Answer) after(o Outcome) Answer {
	if a.Action == nil || o.At.IsZero() {
		return a
	}
	if o.Problem == nil {
		a.Action = nil
		if o.Receipt.RefreshID != "" {
			a.RefreshID = o.Receipt.RefreshID
		}
		return a
	}
	a.Since = o.At
	switch o.Problem.Class {
	case Invalid:
		a.State, a.Ends = StateHeld, "a commit that changes this group; tried again meanwhile, ever more rarely"
	case Denied:
		a.State, a.Ends = StateHeld, "the permission is granted; tried again meanwhile, ever more rarely"
	default:
		a.State, a.Ends = StateWaiting, "tried again on the next pass"
	}
	a.Reason = o.Problem.Message
	a.Action = nil
	return a
}

func (l *Loop) logOutcome(o Outcome) {
	a := o.Action
	log := l.log().With("group", a.Group.String(), "commit", a.Commit.Hash, "action", string(a.Verb), "ami", a.Image)
	switch {
	case o.Problem == nil:
		log.Info("action accepted", "refresh", o.Receipt.RefreshID, "template_version", o.Receipt.Version.Number, "created", o.Receipt.Created)
	case o.Problem.Class == Denied || o.Problem.Class == Invalid:
		log.Error("action refused", "class", string(o.Problem.Class), "reason", o.Problem.Message)
	default:
		log.Warn("action not taken", "class", string(o.Problem.Class), "reason", o.Problem.Message)
	}
}

// logAnswers says which groups changed their state.
func (l *Loop) logAnswers(changes []change) {
	for _, c := range changes {
		log := l.log().With("group", c.now.Group.String(), "commit", c.now.Commit.Hash)
		text := fmt.Sprintf("group is %s", c.now.State)
		switch c.now.State {
		case StateHeld, StateDrifted, StateUnknown:
			log.Warn(text, "was", string(c.was), "reason", c.now.Reason, "ends", c.now.Ends)
		default:
			log.Info(text, "was", string(c.was), "reason", c.now.Reason)
		}
	}
}
