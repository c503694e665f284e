package awssim

import (
	"slices"
	"time"
)

// complete is what follows when everything is replaced: a bake, then success;
// or the end of a rollback.
func (rf *refresh) complete(g *group, now time.Time) bool {
	if rf.status == refreshRollingBack {
		rf.live.percent = 0
		rf.finish(now, refreshRolledBack, rf.rollback.reason)
		return true
	}
	if rf.bakeTime != nil && *rf.bakeTime > 0 && rf.total > 0 {
		rf.status = refreshBaking
		rf.bakes = now.Add(seconds(*rf.bakeTime))
		rf.say("")
		return true
	}
	rf.succeed(g, now)
	return true
}

// bake ends the bake time.
func (rf *refresh) bake(g *group, now time.Time) bool {
	if rf.bakes.After(now) {
		return false
	}
	rf.succeed(g, now)
	return true
}

// succeed ends the refresh. Only now does its desired configuration become the
// group's own.
func (rf *refresh) succeed(g *group, now time.Time) {
	rf.finish(now, refreshSuccessful, "")
	if rf.desired != nil {
		g.recipe = *rf.desired
	}
}

// startCancel cancels the refresh. What is in flight at this moment is waited
// for; what the group starts later is not.
func (rf *refresh) startCancel(g *group) {
	rf.status, rf.reason = refreshCancelling, "Cancelled due to user request."
	for _, i := range g.instances {
		if i.inFlight() {
			rf.awaited = append(rf.awaited, i)
		}
	}
}

// cancel ends a cancelled refresh when nothing that it waits for is in flight
// any more.
func (rf *refresh) cancel(now time.Time) bool {
	if slices.ContainsFunc(rf.awaited, (*instance).inFlight) {
		return false
	}
	rf.awaited = nil
	rf.finish(now, refreshCancelled, rf.reason)
	return true
}

// inFlight reports whether the instance is on its way in or out.
func (i *instance) inFlight() bool {
	return i.starting() || i.leaving() || i.state == swappingRoot
}
