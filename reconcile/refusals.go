package reconcile

import (
	"fmt"
	"time"
)

// refusals remembers, for a while, which actions the cloud refused outright,
// so that a hold does not hammer an API with a request that it will refuse
// again. It is a brake and no memory: forgetting it costs one call.
type refusals map[ID]refusal

type refusal struct {
	verb    Verb
	image   string
	changed string // hash of the commit that declares the group
	problem Problem
	since   time.Time
	pause   time.Duration
	until   time.Time
}

// How long a refused action is left alone: twice as long each time.
const (
	firstPause   = time.Minute
	longestPause = 15 * time.Minute
)

// note records what became of an action.
func (r refusals) note(o Outcome) {
	id := o.Action.Group
	if o.Problem == nil || o.Problem.Class != Invalid && o.Problem.Class != Denied {
		delete(r, id)
		return
	}
	next := refusal{
		verb: o.Action.Verb, image: o.Action.Image, changed: o.Action.Commit.Hash,
		problem: *o.Problem, since: o.At, pause: firstPause,
	}
	if last, ok := r[id]; ok && last.same(o.Action) {
		next.since, next.pause = last.since, min(2*last.pause, longestPause)
	}
	next.until = o.At.Add(next.pause)
	r[id] = next
}

func (f refusal) same(a Action) bool {
	return f.verb == a.Verb && f.image == a.Image && f.changed == a.Commit.Hash
}

// guard holds the actions that were refused a moment ago.
func (r refusals) guard(now time.Time) Guard {
	return func(plan Plan) Plan {
		held := withhold(plan, func(a Answer) (string, string, bool) {
			f, ok := r[a.Group]
			if !ok || !f.same(*a.Action) || !now.Before(f.until) {
				return "", "", false
			}
			return f.problem.Message, f.ends(), true
		})
		for i, a := range held.Answers {
			if plan.Answers[i].Action != nil && a.Action == nil {
				held.Answers[i].Since = r[a.Group].since
			}
		}
		return held
	}
}

func (f refusal) ends() string {
	remedy := "a commit that changes this group"
	if f.problem.Class == Denied {
		remedy = "the permission is granted"
	}
	return fmt.Sprintf("%s; tried again at %s", remedy, f.until.UTC().Format("15:04:05 UTC"))
}
