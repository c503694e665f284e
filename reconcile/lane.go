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
	moving map[ID]bool         // groups on their way somewhere, when last seen
	whole  time.Time           // when every group is due to be looked at
	soon   time.Time           // when those that move are
	proven time.Time           // when the ways back were last looked at
	broken bool                // the last look at everything was broken off
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
		if ln.loop.feed.now().number != ln.issue.number || !time.Now().Before(ln.due()) {
			ln.turn(ctx)
		}
		ln.loop.rest(ctx, time.Until(ln.due()), ln.news)
	}
}

// due is when the lane has something to look at.
func (ln *lane) due() time.Time {
	if len(ln.moving) > 0 && ln.soon.Before(ln.whole) {
		return ln.soon
	}
	return ln.whole
}

// turn is the part of a pass that belongs to the place. It looks at no more
// than it must: at groups whose declaration has just changed, at those that
// move, and at all of them once an interval. When all are due, the changed
// ones still come first, alone: a commit that moves one group of a thousand
// need not wait for the other pages.
func (ln *lane) turn(ctx context.Context) {
	issue := ln.loop.feed.now()
	all := issue.in(ln.place)
	changed := ln.changed(all)
	ln.issue = issue
	due := !time.Now().Before(ln.whole)
	some := ln.pressing(all, changed, due)
	if len(some) > 0 && len(some) < len(all) {
		ln.pass(ctx, issue, some)
	}
	if due || len(some) == len(all) {
		ln.everything(ctx, issue, all)
	}
	interval := orElse(ln.loop.Interval, 60*time.Second)
	ln.soon = time.Now().Add(ln.loop.jittered(orElse(ln.loop.Busy, min(15*time.Second, interval))))
	if len(changed) > 0 || time.Since(ln.proven) >= orElse(ln.loop.Recheck, time.Hour) {
		ln.lookBack(ctx, all)
	}
}

// pressing are the declarations that cannot wait until everything is looked
// at: the changed ones and, unless everything is due now, those that move.
func (ln *lane) pressing(all, changed []Declaration, due bool) []Declaration {
	if due {
		return changed
	}
	now := make(map[ID]bool, len(changed))
	for _, d := range changed {
		now[d.ID] = true
	}
	var some []Declaration
	for _, d := range all {
		if now[d.ID] || ln.moving[d.ID] {
			some = append(some, d)
		}
	}
	return some
}

// everything looks at all groups. News breaks it off, so that a commit need
// not wait for ten thousand groups; but not twice in a row, so that many
// commits cannot keep it from ever ending.
func (ln *lane) everything(ctx context.Context, issue issue, all []Declaration) {
	looking, stop := ctx, context.CancelFunc(func() {})
	if !ln.broken {
		looking, stop = ln.loop.feed.while(ctx, issue.number)
	}
	defer stop()
	ln.broken = !ln.pass(looking, issue, all) && ctx.Err() == nil
	if !ln.broken {
		ln.whole = time.Now().Add(ln.loop.jittered(orElse(ln.loop.Interval, 60*time.Second)))
	}
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
	for id := range ln.moving {
		if now[id] == nil {
			delete(ln.moving, id)
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
// without acting on, when a newer commit is seen, and reports whether it got
// as far as to make a plan.
func (ln *lane) pass(ctx context.Context, issue issue, declarations []Declaration) bool {
	if len(declarations) == 0 {
		return true
	}
	plan := ln.plan(ctx, declarations)
	if ctx.Err() != nil {
		return false
	}
	plan.Head = issue.declared.Head
	ln.loop.post(plan, nil)
	outcomes := ln.act(ctx, issue, plan)
	plan = answerWith(plan, outcomes)
	ln.loop.post(plan, outcomes)
	ln.watch(plan)
	ln.loop.publish()
	return true
}

// watch notes which groups of a plan are on their way somewhere.
func (ln *lane) watch(plan Plan) {
	if ln.moving == nil {
		ln.moving = map[ID]bool{}
	}
	for _, a := range plan.Answers {
		switch a.State {
		case StateRolling, StateRollingBack, StateWaiting:
			ln.moving[a.Group] = true
		default:
			delete(ln.moving, a.Group)
		}
	}
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
	for _, guard := range []Guard{Doctor(desired, observed), ln.refused.guard(now), Attributed(desired)} {
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
