package awssim

import (
	"time"
)

// group is an Auto Scaling group.
type group struct {
	region  *region
	name    string
	arn     string
	created time.Time
	settings
	recipe    recipe
	operator  string // principal of the AWS service that operates the group, "" for none
	tags      []groupTag
	suspended []suspension
	hooks     []hook
	warmPool  *warmPool

	instances  []*instance // in order of launch
	warm       []*instance // of the warm pool
	refreshes  []*refresh  // in order of start
	activities []*activity // in order of start

	launchTags struct { // of the last launch
		of  *templateVersion
		set tagSet
	}
	launches int       // so far: the seq of the next instance
	failed   int       // launches that failed one after the other
	retry    time.Time // no launch before then

	due  time.Time // on the region's agenda
	slot int       // in the agenda's queue plus one; zero: not in it
}

// settings are what a group is told and repeats, apart from its recipe.
type settings struct {
	min, max, desired   int
	cooldown            int
	gracePeriod         int  // seconds
	warmup              *int // DefaultInstanceWarmup, seconds
	healthCheckType     string
	zones               []string
	subnets             string
	loadBalancers       []string
	targetGroups        []string
	terminationPolicies []string
	maxLifetime         *int
	protectNew          bool
	maintenance         bounds
	capacityRebalance   *bool
	placementGroup      string
	context             string
	desiredCapacityType string
	serviceRole         string
	deletionProtection  string
	retention           string  // TerminateHookAbandon of the instance lifecycle policy
	kept                *member // settings that are only kept and returned
}

// bounds are a minimum and a maximum healthy percentage; nil when not given.
type bounds struct{ min, max *int }

type groupTag struct {
	key, value string
	propagate  bool
}

type suspension struct {
	process string
	since   time.Time
}

func (g *group) grace() time.Duration { return seconds(g.gracePeriod) }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func (g *group) isSuspended(process string) bool {
	for _, s := range g.suspended {
		if s.process == process {
			return true
		}
	}
	return false
}

// capacity is what the group has, in units: in service or on the way there.
func (g *group) capacity() int {
	n := 0
	for _, i := range g.instances {
		if i.counts() {
			n += i.units
		}
	}
	return n
}

// active is the refresh under way, nil for none.
func (g *group) active() *refresh {
	if n := len(g.refreshes); n > 0 && !g.refreshes[n-1].over() {
		return g.refreshes[n-1]
	}
	return nil
}

// step lets everything happen in the group that is due by now.
func (g *group) step(now time.Time) {
	for g.transit(now) || g.check(now) || g.roll(now) || g.keepCapacity(now) || g.keepWarmPool(now) {
		continue
	}
}

// nextEvent is when something is due in the group next, zero for never.
func (g *group) nextEvent() time.Time {
	var next soonest
	now := g.region.now
	for _, i := range g.instances {
		i.nextEvents(now, &next)
	}
	for _, i := range g.warm {
		i.nextEvents(now, &next)
	}
	next.after(now, g.retry)
	if rf := g.active(); rf != nil {
		rf.nextEvents(g, now, &next)
	}
	return next.at
}

// soonest is the earliest of some moments.
type soonest struct{ at time.Time }

// after takes t into account if it is later than now.
func (s *soonest) after(now, t time.Time) {
	if t.After(now) && (s.at.IsZero() || t.Before(s.at)) {
		s.at = t
	}
}

func (i *instance) nextEvents(now time.Time, next *soonest) {
	next.after(now, i.until)
	for _, w := range i.waits {
		next.after(now, w.until)
	}
	if !i.unhealthy {
		next.after(now, i.failsAt)
	}
}

// find is the instance of the group with this id, nil for none.
func (g *group) find(id string) *instance {
	for _, i := range g.instances {
		if i.id == id {
			return i
		}
	}
	for _, i := range g.warm {
		if i.id == id {
			return i
		}
	}
	return nil
}
