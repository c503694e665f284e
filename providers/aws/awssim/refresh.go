package awssim

import (
	"math"
	"time"
)

// Statuses of an instance refresh.
const (
	refreshPending     = "Pending"
	refreshRunning     = "InProgress"
	refreshBaking      = "Baking"
	refreshSuccessful  = "Successful"
	refreshFailed      = "Failed"
	refreshCancelling  = "Cancelling"
	refreshCancelled   = "Cancelled"
	refreshRollingBack = "RollbackInProgress"
	refreshRolledBack  = "RollbackSuccessful"
	refreshNotBack     = "RollbackFailed"
)

// Strategies of an instance refresh.
const (
	strategyRolling = "Rolling"
	strategyRoot    = "ReplaceRootVolume"
)

// What a refresh does with instances that are protected from scale-in, or in
// standby.
const (
	policyWait      = "Wait"
	policyIgnore    = "Ignore"
	policyRefresh   = "Refresh"   // protected ones
	policyTerminate = "Terminate" // ones in standby
)

const (
	// patience is how long a refresh tries without getting on before it fails.
	patience = time.Hour
	// longest is how long a refresh may take.
	longest = 14 * 24 * time.Hour
)

// refresh is one instance refresh of a group.
type refresh struct {
	id       string
	strategy string
	desired  *recipe // nil: the group's own
	preferences
	status string
	reason string // "" for that which follows from the state: see statusReason
	start  time.Time
	end    time.Time

	firstLaunch int       // seq of the first instance that can be of this refresh
	begins      time.Time // Pending until then
	total       int       // instances to replace, when it began
	live, pool  progress  // of the group, and of its warm pool
	best        int       // the most instances that were ever done: to see whether it gets on
	checkpoint  int       // index of the next one
	resumes     time.Time // stopped at a checkpoint until then
	bakes       time.Time // baking until then
	stalled     time.Time // has not got on since then, zero while it does
	trouble     string    // why not
	rollback    *rollback
	awaited     []*instance // by a cancellation
}

// progress is how far the instances of a group, or of its warm pool, are.
type progress struct{ percent, toUpdate int }

// rollback is what a refresh remembers of the moment at which it turned back.
type rollback struct {
	reason string
	start  time.Time
	live   progress
	pool   progress
}

// preferences are a refresh's preferences, with the defaults filled in.
type preferences struct {
	min, max      int
	maxGiven      bool // an explicit 100 launches first, no maximum terminates first
	warmup        *int // as given; see group.warmupOf
	checkpoints   []int
	delay         int // seconds
	skipMatching  bool
	autoRollback  bool
	onProtected   string
	onStandby     string
	alarms        []string
	alarmsGiven   bool
	bakeTime      *int // seconds
	delayGiven    bool
	warmupSeconds int
}

// over reports whether the refresh has ended, one way or another.
func (rf *refresh) over() bool {
	switch rf.status {
	case refreshSuccessful, refreshFailed, refreshCancelled, refreshRolledBack, refreshNotBack:
		return true
	}
	return false
}

// rolling reports whether the refresh replaces instances, forwards or back.
func (rf *refresh) rolling() bool {
	return rf.status == refreshRunning || rf.status == refreshRollingBack
}

// warmupTime is how long a new instance must serve before it counts.
func (rf *refresh) warmupTime() time.Duration { return seconds(rf.warmupSeconds) }

// minHealthy is how much capacity must stay in service, in units: the
// percentage of what is desired, rounded up.
func (rf *refresh) minHealthy(desired int) int {
	return int(math.Ceil(float64(desired) * float64(rf.min) / 100))
}

// extra is how much more than desired the refresh may have, in units. Rounding
// down is UNCONFIRMED. When the two percentages leave no room at this size, an
// explicit maximum is exceeded by one, so that an instance can be launched
// before another is terminated; without an explicit maximum there is none, and
// one instance is terminated and launched at a time.
func (rf *refresh) extra(desired int) int {
	if !rf.maxGiven {
		return 0
	}
	extra := desired*rf.max/100 - desired
	if extra == 0 && rf.minHealthy(desired) >= desired {
		return 1
	}
	return extra
}

// stall notes that something stops the refresh from getting on.
func (rf *refresh) stall(now time.Time, trouble string) {
	if !rf.rolling() {
		return
	}
	rf.trouble = trouble
	if rf.stalled.IsZero() {
		rf.stalled = now
	}
}

// gotOn notes that it gets on.
func (rf *refresh) gotOn() { rf.stalled, rf.trouble = time.Time{}, "" }

// nextEvents is when the refresh has to be looked at next.
func (rf *refresh) nextEvents(g *group, now time.Time, next *soonest) {
	next.after(now, rf.begins)
	next.after(now, rf.resumes)
	next.after(now, rf.bakes)
	next.after(now, rf.start.Add(longest))
	if !rf.stalled.IsZero() {
		next.after(now, rf.stalled.Add(patience))
	}
	for _, i := range g.instances {
		if i.state == inService {
			next.after(now, i.since.Add(rf.warmupTime()))
		}
	}
}

// finish ends the refresh.
func (rf *refresh) finish(now time.Time, status, reason string) {
	rf.status, rf.reason, rf.end = status, reason, now
	rf.resumes, rf.bakes, rf.stalled = time.Time{}, time.Time{}, time.Time{}
}
