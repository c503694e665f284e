package awssim

import "time"

// Lifecycle states of an instance, as Auto Scaling names them.
const (
	pending            = "Pending"
	pendingWait        = "Pending:Wait"
	inService          = "InService"
	terminating        = "Terminating"
	terminatingWait    = "Terminating:Wait"
	terminatingProceed = "Terminating:Proceed"
	terminatingKept    = "Terminating:Retained"
	terminated         = "Terminated"
	detached           = "Detached"
	standby            = "Standby"
	swappingRoot       = "ReplacingRootVolume"
	warmPending        = "Warmed:Pending"
	warmPendingWait    = "Warmed:Pending:Wait"
	warmStopped        = "Warmed:Stopped"
	warmRunning        = "Warmed:Running"
	warmHibernated     = "Warmed:Hibernated"
	warmTerminating    = "Warmed:Terminating"
)

// instance is one machine.
type instance struct {
	id           string
	seq          int // order of launch within its group
	zone         string
	instanceType string
	imageID      string
	imageChosen  bool         // the group chose the image, so its listing shows it
	template     *templateRef // nil when launched from a launch configuration, or by hand
	launchConfig string
	launched     time.Time
	tags         tagSet
	behaviour    imageBehaviour
	units        int
	weighted     bool // units came from a weight, so the listing shows them

	state      string
	until      time.Time // when the state ends by itself; zero: it does not
	waits      []hookWait
	since      time.Time // in service since; zero: not yet
	failsAt    time.Time // health checks see it fail from then on; zero: never
	unhealthy  bool
	protected  bool
	registered bool   // with the group's load balancers
	swappedBy  string // id of the refresh that replaced its root volume
	activity   *activity
}

// counts reports whether the instance is part of the group's capacity.
func (i *instance) counts() bool {
	switch i.state {
	case pending, pendingWait, inService, swappingRoot:
		return true
	}
	return false
}

// healthy reports whether the instance serves.
func (i *instance) healthy() bool { return i.state == inService && !i.unhealthy }

// leaving reports whether the instance is on its way out.
func (i *instance) leaving() bool {
	switch i.state {
	case terminating, terminatingWait, terminatingProceed, warmTerminating:
		return true
	}
	return false
}

// starting reports whether the instance is on its way in.
func (i *instance) starting() bool { return i.state == pending || i.state == pendingWait }

// enter puts the instance into service.
func (i *instance) enter(g *group, now time.Time) {
	i.state, i.until, i.since, i.unhealthy = inService, time.Time{}, now, false
	i.registered = !g.isSuspended("AddToLoadBalancer")
	i.failsAt = i.failure(g, now)
	i.activity.succeed(now)
}

// failure is when health checks will begin to see the instance fail: the first
// check after the grace period that finds it bad. Zero means never.
func (i *instance) failure(g *group, now time.Time) time.Time {
	bad := now
	switch i.behaviour.kind {
	case behaviourUnhealthy:
	case behaviourCrash:
		bad = now.Add(i.behaviour.after)
	default:
		return time.Time{}
	}
	bad = latest(bad, now.Add(g.grace()))
	interval := g.region.pace.HealthCheck
	checks := bad.Sub(now)/interval + 1
	return now.Add(checks * interval)
}
