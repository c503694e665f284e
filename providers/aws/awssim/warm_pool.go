package awssim

import (
	"slices"
	"time"
)

// warmPool is the warm pool of a group: instances that have booted once and
// wait.
type warmPool struct {
	minSize     int
	maxPrepared *int   // at most this many in the group and the pool together; nil: the group's maximum
	state       string // Stopped, Running or Hibernated
	reuse       bool   // instances return to the pool on scale-in; kept and returned only
	deleting    bool
}

// warmSize is how many instances the pool should hold.
func (g *group) warmSize() int {
	p := g.warmPool
	if p == nil || p.deleting {
		return 0
	}
	prepared := g.max
	if p.maxPrepared != nil {
		prepared = *p.maxPrepared
	}
	return max(p.minSize, prepared-g.desired, 0)
}

// settled reports whether an instance of the pool waits for use.
func (i *instance) settled() bool {
	return i.state == warmStopped || i.state == warmRunning || i.state == warmHibernated
}

// keepWarmPool launches or terminates one instance of the pool if it holds too
// few or too many. It reports whether it did.
func (g *group) keepWarmPool(now time.Time) bool {
	if g.warmPool == nil {
		return false
	}
	var held []*instance
	for _, i := range g.warm {
		if !i.leaving() {
			held = append(held, i)
		}
	}
	want := g.warmSize()
	switch {
	case len(held) < want && !g.isSuspended("Launch") && !g.retry.After(now):
		return g.fillWarmPool(len(held), now)
	case len(held) > want && !g.isSuspended("Terminate"):
		g.terminate(held[0], now, change("an instance was taken out of the warm pool", len(held), len(held)-1))
		return true
	case g.warmPool.deleting && len(g.warm) == 0:
		g.warmPool = nil
	}
	return false
}

func (g *group) fillWarmPool(have int, now time.Time) bool {
	builds, f := g.region.builds(g.launchRecipe())
	if f == nil {
		f = g.region.refuseLaunch(builds[0])
	}
	if f != nil {
		g.failLaunch(have, f, now)
		return true
	}
	i := g.newInstance(builds[0], now)
	i.state, i.until = warmPending, now.Add(g.region.bootTime(i))
	i.activity = g.begin(now, "Launching a new EC2 instance into warm pool: "+i.id, change("an instance was started", have, have+1)).in(i.zone)
	g.warm = append(g.warm, i)
	return true
}

// settleWarm ends the preparation of an instance of the pool.
func (g *group) settleWarm(i *instance, now time.Time) {
	i.state, i.until = warmStopped, time.Time{}
	switch g.warmPool.state {
	case "Running":
		i.state = warmRunning
	case "Hibernated":
		i.state = warmHibernated
	}
	i.activity.succeed(now)
}

// launchWarm takes a fitting instance out of the pool instead of launching
// one. It reports whether there was one.
func (g *group) launchWarm(builds []build, have int, now time.Time) bool {
	n := slices.IndexFunc(g.warm, func(i *instance) bool { return i.settled() && g.usable(i, builds) })
	if n < 0 {
		return false
	}
	i := g.warm[n]
	g.warm = slices.Delete(g.warm, n, n+1)
	i.seq = g.launches
	g.launches++
	i.state, i.until = pending, now.Add(g.region.pace.WarmStart)
	i.activity = g.begin(now, "Launching a new EC2 instance from warm pool: "+i.id, change("an instance was started", have, have+i.units)).in(i.zone)
	g.instances = append(g.instances, i)
	return true
}

// usable reports whether an instance of the pool is what the group would
// launch now: during a refresh, not one that is to be replaced itself.
func (g *group) usable(i *instance, builds []build) bool {
	rf := g.active()
	return anyMakes(builds, i) && (rf == nil || !rf.rolling() || !rf.outdated(i, builds))
}

// replacePool replaces one instance of the pool, after those of the group. It
// reports whether there is more to do before the refresh is complete.
func (rf *refresh) replacePool(g *group, builds []build, now time.Time) bool {
	rf.pool = rf.poolProgress(g, builds)
	for _, i := range g.warm {
		if i.settled() && rf.outdated(i, builds) {
			g.terminate(i, now, "an instance was taken out of service in response to an instance refresh")
			return true
		}
	}
	return false
}

// poolBusy reports whether instances of the pool are on their way.
func (g *group) poolBusy() bool {
	return slices.ContainsFunc(g.warm, func(i *instance) bool { return !i.settled() })
}

func (rf *refresh) poolProgress(g *group, builds []build) progress {
	var old, busy int
	for _, i := range g.warm {
		switch {
		case !i.settled():
			busy++
		case rf.outdated(i, builds):
			old++
		}
	}
	all := len(g.warm)
	return progress{percent: percent(all-old-busy, all), toUpdate: old}
}
