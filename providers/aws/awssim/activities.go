package awssim

import (
	"fmt"
	"slices"
	"time"
)

// history is how long Auto Scaling remembers activities and refreshes.
const history = 6 * 7 * 24 * time.Hour

// Status codes of a scaling activity.
const (
	activityRunning   = "InProgress"
	activitySucceeded = "Successful"
	activityFailed    = "Failed"
	activityCancelled = "Cancelled"
)

// activity is one scaling activity of a group.
type activity struct {
	id, description, cause, status, message string
	start, end                              time.Time
	details                                 string
}

// begin notes an activity that has begun. The cause reads on from
// "At 2026-11-23T15:04:05Z ", and has no full stop.
func (g *group) begin(now time.Time, description, cause string) *activity {
	g.forget(now)
	a := &activity{
		id: g.region.dice.uuid(), description: description, status: activityRunning, start: now,
		cause: cause, details: "{}",
	}
	g.activities = append(g.activities, a)
	return a
}

// forget drops what is older than Auto Scaling's memory.
func (g *group) forget(now time.Time) {
	old := now.Add(-history)
	if len(g.activities) > 0 && g.activities[0].start.Before(old) {
		g.activities = slices.DeleteFunc(g.activities, func(a *activity) bool { return a.start.Before(old) })
	}
	if len(g.refreshes) > 0 && g.refreshes[0].start.Before(old) {
		g.refreshes = slices.DeleteFunc(g.refreshes, func(rf *refresh) bool { return rf.over() && rf.start.Before(old) })
	}
}

// in says where the activity is.
func (a *activity) in(zone string) *activity {
	a.details = `{"Availability Zone":"` + zone + `"}`
	return a
}

func (a *activity) succeed(now time.Time) { a.finish(now, activitySucceeded, "") }

func (a *activity) fail(now time.Time, message string) { a.finish(now, activityFailed, message) }

// finish ends an activity. An instance that a fleet file put in service has
// none.
func (a *activity) finish(now time.Time, status, message string) {
	if a == nil || a.status != activityRunning {
		return
	}
	a.status, a.message, a.end = status, message, now
}

// progress is how far an activity is, in percent.
func (a *activity) progress() int {
	if a.status == activityRunning {
		return 50
	}
	return 100
}

// change words the cause of a launch or a termination by capacity.
func change(verb string, from, to int) string {
	word := map[bool]string{true: "increasing", false: "shrinking"}[to > from]
	return fmt.Sprintf("%s in response to a difference between desired and actual capacity, %s the capacity from %d to %d", verb, word, from, to)
}
