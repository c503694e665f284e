package reconcile

import (
	"context"
	"time"
)

// lane is the loop of one place.
type lane struct {
	loop    *Loop
	place   Place
	refused refusals
	news    chan struct{} // at most one: look again

	issue  issue               // what the last turn went by
	before map[ID]*Declaration // its declarations
	next   time.Time           // when the next whole turn is due
	proven time.Time           // when the ways back were last looked at
}

// tell wakes the lane when something new is declared.
func (ln *lane) tell() {
	select {
	case ln.news <- struct{}{}:
	default:
	}
}

// run turns until ctx ends. News of a commit that changes nothing here is
// answered by waiting on.
func (ln *lane) run(ctx context.Context) {
	for ctx.Err() == nil {
		if ln.loop.feed.now().number != ln.issue.number || !time.Now().Before(ln.next) {
			moving := ln.turn(ctx)
			ln.next = time.Now().Add(ln.pause(moving))
		}
		ln.loop.rest(ctx, time.Until(ln.next), ln.news)
	}
}

func (ln *lane) pause(moving bool) time.Duration {
	interval := orElse(ln.loop.Interval, 60*time.Second)
	if moving {
		return ln.loop.jittered(orElse(ln.loop.Busy, min(15*time.Second, interval)))
	}
	return ln.loop.jittered(interval)
}

// turn is the part of a pass that belongs to the place. Groups whose
// declaration has just changed come first, alone: a commit that moves one
// group of a thousand need not wait for the other pages. It reports whether
// anything is moving, so that the next turn should come soon.
func (ln *lane) turn(ctx context.Context) (moving bool) {
	issue := ln.loop.feed.now()
	all := issue.in(ln.place)
	changed := ln.changed(all)
	ln.issue = issue
	if len(changed) > 0 && len(changed) < len(all) {
		ln.pass(ctx, issue, changed)
	}
	moving = ln.pass(ctx, issue, all)
	if len(changed) > 0 || time.Since(ln.proven) >= orElse(ln.loop.Recheck, time.Hour) {
		ln.lookBack(ctx, all)
	}
	return moving
}

// changed are the declarations that differ from those of the last turn; none
// on the first.
func (ln *lane) changed(all []Declaration) []Declaration {
	var changed []Declaration
	now := make(map[ID]*Declaration, len(all))
	for i := range all {
		d := &all[i]
		now[d.ID] = d
		if was := ln.before[d.ID]; was == nil || !sameDeclaration(*was, *d) {
			changed = append(changed, *d)
			delete(ln.refused, d.ID)
		}
	}
	first := ln.before == nil
	ln.before = now
	if first {
		return nil
	}
	return changed
}

// pass takes some declarations of the place through the whole flow. It stops,
// without acting on, when a newer commit is seen.
func (ln *lane) pass(ctx context.Context, issue issue, declarations []Declaration) (moving bool) {
	if len(declarations) == 0 {
		return false
	}
	plan := ln.plan(ctx, declarations)
	if ctx.Err() != nil {
		return false
	}
	plan.Head = issue.declared.Head
	ln.loop.post(plan, nil)
	outcomes := ln.act(ctx, issue, plan)
	ln.loop.post(answerWith(plan, outcomes), outcomes)
	ln.loop.publish()
	return len(outcomes) > 0 || anyMoving(plan)
}

// plan resolves, observes, diffs and guards. Trouble with the whole place is
// an answer for each of its groups.
func (ln *lane) plan(ctx context.Context, declarations []Declaration) Plan {
	provider, now := ln.loop.Provider, time.Now()
	desired, err := provider.Resolve(ctx, ln.place, declarations)
	if err != nil {
		return unknownPlan(declarations, err, now)
	}
	observed, err := provider.Observe(ctx, ln.place, desired)
	if err != nil {
		return unknownPlan(declarations, err, now)
	}
	now = time.Now()
	plan := Diff(desired, observed, now)
	for _, guard := range []Guard{Doctor(desired, observed), ln.refused.guard(now)} {
		plan = guard(plan)
	}
	return plan
}

func unknownPlan(declarations []Declaration, err error, now time.Time) Plan {
	desired := make([]Desired, len(declarations))
	observed := make([]Observed, len(declarations))
	for i, d := range declarations {
		desired[i] = Desired{Declaration: d}
		observed[i] = Observed{ID: d.ID, Problem: &Problem{Class: ClassOf(err), Message: err.Error()}}
	}
	return Diff(desired, observed, now)
}

func anyMoving(plan Plan) bool {
	for _, a := range plan.Answers {
		switch a.State {
		case StateRolling, StateRollingBack, StateWaiting:
			return true
		}
	}
	return false
}
