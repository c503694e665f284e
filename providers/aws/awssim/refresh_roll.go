package awssim

import (
	"strings"
	"time"
)

// roll moves the refresh under way by one step: a change of status, or one
// instance. It reports whether it moved.
func (g *group) roll(now time.Time) bool {
	rf := g.active()
	if rf == nil {
		return false
	}
	switch rf.status {
	case refreshPending:
		return rf.begin(g, now)
	case refreshRunning, refreshRollingBack:
		return rf.turnBack(g, now) || rf.replace(g, now)
	case refreshBaking:
		return rf.turnBack(g, now) || rf.bake(g, now)
	case refreshCancelling:
		return rf.cancel(now)
	}
	return false
}

// begin takes a refresh from Pending to InProgress.
func (rf *refresh) begin(g *group, now time.Time) bool {
	if rf.begins.After(now) || g.isSuspended("InstanceRefresh") {
		return false
	}
	rf.status, rf.begins = refreshRunning, time.Time{}
	rf.firstLaunch = g.launches
	builds, _ := g.region.builds(rf.wanted(g)) // with no build everything is outdated, and replace says why
	c := rf.take(g, builds, now)
	rf.total = c.remaining()
	rf.pool = rf.poolProgress(g, builds)
	rf.measure(c, now)
	return true
}

// wanted is what the refresh wants the instances to be launched from.
func (rf *refresh) wanted(g *group) recipe {
	if rf.desired == nil || rf.status == refreshRollingBack {
		return g.recipe
	}
	return *rf.desired
}

// turnBack fails the refresh, or rolls it back, when an alarm or the time says
// so.
func (rf *refresh) turnBack(g *group, now time.Time) bool {
	why := rf.alarming(g.region, "ALARM")
	switch {
	case why != "" && rf.status != refreshRollingBack:
		why = "The following CloudWatch alarms went into the ALARM state: " + why + "."
	case !rf.start.Add(longest).After(now):
		why = "The instance refresh took longer than 14 days."
	case !rf.stalled.IsZero() && !rf.stalled.Add(patience).After(now):
		why = "The instance refresh made no progress for one hour: " + rf.trouble + "."
	default:
		return false
	}
	switch {
	case rf.status == refreshRollingBack:
		rf.finish(now, refreshNotBack, "The rollback failed. "+why)
	case rf.autoRollback:
		rf.startRollback(g, now, why)
	default:
		rf.finish(now, refreshFailed, why)
	}
	return true
}

// alarming names the refresh's alarms that are in a state.
func (rf *refresh) alarming(r *region, state string) string {
	var names []string
	for _, name := range rf.alarms {
		if r.alarmState(name) == state {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func (rf *refresh) startRollback(g *group, now time.Time, why string) {
	rf.rollback = &rollback{reason: why, start: now, live: rf.live, pool: rf.pool}
	rf.status, rf.reason = refreshRollingBack, why
	rf.begins, rf.resumes, rf.bakes, rf.best = time.Time{}, time.Time{}, time.Time{}, 0
	rf.gotOn()
	g.retry = time.Time{} // what could not be launched is not what is launched now
	builds, _ := g.region.builds(g.recipe)
	rf.total = rf.take(g, builds, now).remaining()
}

// replace takes the refresh one instance further.
func (rf *refresh) replace(g *group, now time.Time) bool {
	if g.isSuspended("InstanceRefresh") {
		return rf.say("The instance refresh is paused: the InstanceRefresh process is suspended.")
	}
	builds, f := g.region.builds(rf.wanted(g))
	if f != nil {
		rf.stall(now, f.message)
		return rf.say("Waiting for the configuration to become usable: " + f.message)
	}
	c := rf.take(g, builds, now)
	rf.measure(c, now)
	if c.warming != nil && c.warming.unhealthy {
		rf.stall(now, "instance "+c.warming.id+" is unhealthy")
	}
	switch {
	case c.remaining() == 0 && c.fresh == 0 && c.root == 0 && c.spare >= 0:
		return rf.replacePool(g, builds, now) || !g.poolBusy() && rf.complete(g, now)
	case rf.stopped(c, now):
		return false
	case rf.endsEarly():
		return rf.complete(g, now)
	case rf.hindered(g, c, now):
		return false
	}
	if i := rf.nextToGo(g, c, now); i != nil {
		rf.swapOut(g, i, builds, now)
		return true
	}
	return rf.waiting(c)
}

// swapOut replaces one instance: by another, or by another root volume.
func (rf *refresh) swapOut(g *group, i *instance, builds []build, now time.Time) {
	if rf.strategy == strategyRoot {
		g.startSwap(i, builds, now)
		return
	}
	g.terminate(i, now, "an instance was taken out of service in response to an instance refresh")
}

// hindered reports whether the refresh cannot replace anything at the moment,
// and says why.
func (rf *refresh) hindered(g *group, c census, now time.Time) bool {
	switch {
	case g.isSuspended("Launch") || g.isSuspended("Terminate"):
		// UNCONFIRMED: that the hour also runs out for a suspended process.
		rf.stall(now, "the Launch or Terminate process is suspended")
		rf.say("Waiting for the Launch and Terminate processes to be resumed.")
	case rf.status == refreshRunning && rf.alarming(g.region, "INSUFFICIENT_DATA") != "":
		// UNCONFIRMED: that the hour also runs out for want of alarm data.
		names := rf.alarming(g.region, "INSUFFICIENT_DATA")
		rf.stall(now, "alarms have insufficient data: "+names)
		rf.say("Waiting for the following CloudWatch alarms to have data: " + names + ".")
	case len(c.old) == 0 && len(c.blocked) > 0 && c.fresh == 0 && c.spare >= 0:
		i := c.blocked[0]
		rf.stall(now, "waiting for instances that are protected from scale-in or in standby, for example "+i.id)
		rf.say("Waiting for instances that are protected from scale in or in the Standby state. For example: " + i.id + ".")
	default:
		return false
	}
	return true
}

// nextToGo is the instance that can be taken out of service now, nil for none.
func (rf *refresh) nextToGo(g *group, c census, now time.Time) *instance {
	if len(c.old) == 0 || rf.started(c) >= rf.budget() {
		return nil
	}
	i := c.old[0]
	switch {
	case !rf.ready(i, now), c.healthy-i.units >= rf.minHealthy(g.desired):
		return i
	case rf.maxGiven && rf.strategy != strategyRoot:
		return nil
	case c.fresh == 0 && c.spare >= 0 && c.root == 0 && c.healthy >= g.desired:
		return i // one at a time, where the percentage leaves no room
	}
	return nil
}

// started is how many of the instances have been replaced, or are being.
func (rf *refresh) started(c census) int { return rf.total - c.remaining() }

// budget is how many instances may be replaced before the next checkpoint.
func (rf *refresh) budget() int {
	if rf.status == refreshRollingBack || rf.checkpoint >= len(rf.checkpoints) {
		return rf.total + 1 // the total grows when others launch or attach instances
	}
	if p := rf.checkpoints[rf.checkpoint]; p < 100 {
		return (rf.total*p + 99) / 100
	}
	return rf.total + 1
}

// surge is how many units beyond the desired capacity the group keeps for the
// refresh.
func (rf *refresh) surge(g *group, now time.Time) int {
	spare := max(g.capacity()-g.desired, 0)
	switch {
	case rf.status == refreshCancelling:
		return spare // what is in flight is waited for
	case !rf.rolling() || rf.strategy == strategyRoot:
		return 0
	case g.isSuspended("InstanceRefresh") || rf.resumes.After(now):
		return spare
	}
	builds, f := g.region.builds(rf.wanted(g))
	if f != nil {
		return spare
	}
	c := rf.take(g, builds, now)
	return max(min(rf.extra(g.desired), rf.unitsToReplace(c)), 0)
}

// unitsToReplace is how much capacity may still be replaced before the next
// checkpoint.
func (rf *refresh) unitsToReplace(c census) int {
	units, left := 0, rf.budget()-rf.started(c)
	for n, i := range c.old {
		if n < left && i.state != standby {
			units += i.units
		}
	}
	return units
}

// stopped reports whether the refresh stands at a checkpoint.
func (rf *refresh) stopped(c census, now time.Time) bool {
	if rf.status != refreshRunning || rf.checkpoint >= len(rf.checkpoints) {
		return false
	}
	if rf.resumes.IsZero() && rf.reached(c, rf.checkpoint) {
		rf.resumes = now.Add(seconds(rf.delay))
		for rf.checkpoint+1 < len(rf.checkpoints) && rf.reached(c, rf.checkpoint+1) {
			rf.checkpoint++ // in a small group one instance can be worth several
		}
	}
	if rf.resumes.IsZero() {
		return false
	}
	if rf.resumes.After(now) {
		rf.say("")
		return true
	}
	rf.resumes = time.Time{}
	rf.checkpoint++
	return false
}

func (rf *refresh) reached(c census, checkpoint int) bool {
	return percent(rf.done(c), rf.total) >= rf.checkpoints[checkpoint]
}

// endsEarly reports whether the last checkpoint is passed and was below 100 %:
// the refresh ends there. UNCONFIRMED: that it then counts as successful, with
// all that follows.
func (rf *refresh) endsEarly() bool {
	n := len(rf.checkpoints)
	return rf.status == refreshRunning && n > 0 && rf.checkpoint == n && rf.checkpoints[n-1] < 100
}

// say sets the status reason, "" for that which follows from the state. It reports false, so that a step that only says
// something has not moved.
func (rf *refresh) say(reason string) bool {
	rf.reason = reason
	return false
}

// waiting says what the refresh waits for.
func (rf *refresh) waiting(c census) bool {
	switch {
	case rf.trouble != "":
		return rf.say("Unable to make progress at the moment: " + rf.trouble + ".")
	case c.warming != nil && c.warming.state == inService:
		return rf.say("Waiting for instances to warm up before continuing. For example: " + c.warming.id + " is warming up.")
	case c.warming != nil:
		return rf.say("Waiting for instances to enter the InService state before continuing. For example: " + c.warming.id + " is " + c.warming.state + ".")
	}
	return rf.say("")
}
