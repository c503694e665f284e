package awssim

import (
	"slices"
	"time"
)

// Transitions that a lifecycle hook can wait at.
const (
	hookLaunching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	hookTerminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// Results of a lifecycle action.
const (
	hookContinue = "CONTINUE"
	hookAbandon  = "ABANDON"
)

// hook is a lifecycle hook of a group.
type hook struct {
	name, transition, result string // result when the time is over
	heartbeat                int    // seconds
	target, role, metadata   string // kept and returned
}

// hookWait is an instance waiting at a hook.
type hookWait struct {
	hook, token string
	until       time.Time
	limit       time.Time // heartbeats do not extend the wait beyond
	result      string    // when the time is over
}

// hookLimit is the longest wait at a hook: 48 hours, or 100 times the
// heartbeat timeout if that is shorter.
func hookLimit(heartbeat int) time.Duration {
	return min(48*time.Hour, 100*seconds(heartbeat))
}

// transit moves the first instance whose state ends by now. It reports whether
// it did.
func (g *group) transit(now time.Time) bool {
	return g.transitAny(g.instances, now) || g.transitAny(g.warm, now)
}

func (g *group) transitAny(all []*instance, now time.Time) bool {
	for _, i := range all {
		if len(i.waits) > 0 && g.timeOutHook(i, now) {
			return true
		}
		if !i.until.IsZero() && !i.until.After(now) {
			g.endState(i, now)
			return true
		}
	}
	return false
}

// endState is what follows when a state has lasted its time.
func (g *group) endState(i *instance, now time.Time) {
	i.until = time.Time{}
	switch i.state {
	case pending:
		if !g.waitAtHooks(i, hookLaunching, pendingWait, now) {
			i.enter(g, now)
		}
	case warmPending:
		if !g.waitAtHooks(i, hookLaunching, warmPendingWait, now) {
			g.settleWarm(i, now)
		}
	case swappingRoot:
		g.endSwap(i, now)
	case terminating, terminatingProceed, warmTerminating:
		g.remove(i, now)
	}
}

// waitAtHooks makes the instance wait at the hooks of a transition. It reports
// whether there are any.
func (g *group) waitAtHooks(i *instance, transition, state string, now time.Time) bool {
	for _, h := range g.hooks {
		if h.transition != transition {
			continue
		}
		i.waits = append(i.waits, hookWait{
			hook: h.name, token: g.region.dice.uuid(), result: h.result,
			until: now.Add(seconds(h.heartbeat)), limit: now.Add(hookLimit(h.heartbeat)),
		})
	}
	if len(i.waits) == 0 {
		return false
	}
	i.state = state
	return true
}

func (g *group) timeOutHook(i *instance, now time.Time) bool {
	for _, w := range i.waits {
		if !w.until.After(now) {
			g.completeHook(i, w.hook, w.result, now)
			return true
		}
	}
	return false
}

// completeHook ends the wait of an instance at a hook.
func (g *group) completeHook(i *instance, name, result string, now time.Time) {
	i.waits = slices.DeleteFunc(i.waits, func(w hookWait) bool { return w.hook == name })
	launching := i.state == pendingWait || i.state == warmPendingWait
	switch {
	case result == hookAbandon && launching:
		i.waits = nil
		g.abandonLaunch(i, now)
	case result == hookAbandon && g.retention == "retain":
		i.waits, i.state = nil, terminatingKept
	case result == hookAbandon, len(i.waits) == 0:
		i.waits = nil
		g.proceed(i, now)
	}
}

// proceed goes on after the last hook.
func (g *group) proceed(i *instance, now time.Time) {
	switch i.state {
	case pendingWait:
		i.enter(g, now)
	case warmPendingWait:
		g.settleWarm(i, now)
	case terminatingWait:
		i.state, i.until = terminatingProceed, now.Add(g.region.pace.Terminate)
	}
}

// abandonLaunch terminates an instance that a hook gave up on.
func (g *group) abandonLaunch(i *instance, now time.Time) {
	i.activity.fail(now, "Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned: Lifecycle Action Completed with ABANDON Result")
	if rf := g.active(); rf != nil {
		rf.stall(now, "instance "+i.id+" was abandoned by a lifecycle hook")
	}
	g.terminate(i, now, "an instance was taken out of service in response to a lifecycle hook that was abandoned")
}

// terminate takes an instance out of service for good. The cause reads on from
// "At 2026-11-23T15:04:05Z ".
func (g *group) terminate(i *instance, now time.Time, cause string) {
	i.waits, i.registered = nil, false
	i.activity = g.begin(now, "Terminating EC2 instance: "+i.id, cause).in(i.zone)
	if slices.Contains(g.warm, i) {
		i.state, i.until = warmTerminating, now.Add(g.region.pace.Terminate)
		return
	}
	if g.waitAtHooks(i, hookTerminating, terminatingWait, now) {
		i.until = time.Time{}
		return
	}
	i.state, i.until = terminating, now.Add(g.region.pace.Terminate)
}

// remove forgets an instance that is gone.
func (g *group) remove(i *instance, now time.Time) {
	i.state = terminated
	i.activity.succeed(now)
	same := func(other *instance) bool { return other == i }
	g.instances = slices.DeleteFunc(g.instances, same)
	g.warm = slices.DeleteFunc(g.warm, same)
}
