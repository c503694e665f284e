package awssim

import (
	"cmp"
	"slices"
	"time"
)

// census is what a refresh sees when it looks at its group.
type census struct {
	old     []*instance // to be replaced, the first to go first
	blocked []*instance // to be replaced, but protected or in standby, and waited for
	fresh   int         // in the group and of the refresh, but not ready yet
	warming *instance   // one of those, to name in the status reason
	healthy int         // units in service and healthy, fresh ones only when warmed up
	spare   int         // units beyond what is desired; negative: missing
	root    int         // root volumes being replaced
}

// take counts the group for the refresh. Builds are what the refresh wants
// instances to be.
func (rf *refresh) take(g *group, builds []build, now time.Time) census {
	var c census
	for _, i := range g.instances {
		switch {
		case i.state == standby || i.counts():
			rf.count(&c, g, i, builds, now)
		}
	}
	c.spare = g.capacity() - g.desired
	slices.SortStableFunc(c.old, func(a, b *instance) int {
		return cmp.Compare(rf.rank(a, now), rf.rank(b, now))
	})
	return c
}

func (rf *refresh) count(c *census, g *group, i *instance, builds []build, now time.Time) {
	if i.state == swappingRoot {
		c.root++
		return
	}
	outdated := rf.outdated(i, builds)
	switch {
	case outdated && rf.waitsFor(i):
		c.blocked = append(c.blocked, i)
	case outdated && !rf.ignores(i):
		c.old = append(c.old, i)
	}
	switch {
	case rf.ready(i, now):
		c.healthy += i.units
	case !outdated && i.state != standby:
		c.fresh++
		if c.warming == nil || i.state == inService {
			c.warming = i
		}
	}
}

// ready reports whether an instance counts as capacity: it serves, and if it is
// of this refresh, its warm-up is over.
func (rf *refresh) ready(i *instance, now time.Time) bool {
	return i.healthy() && (i.seq < rf.firstLaunch || !now.Before(i.since.Add(rf.warmupTime())))
}

// rank orders the instances to be replaced: those that do not count go first,
// for they cost no capacity; then the oldest.
func (rf *refresh) rank(i *instance, now time.Time) int {
	if rf.ready(i, now) {
		return 1
	}
	return 0
}

// outdated reports whether the refresh has to replace the instance.
func (rf *refresh) outdated(i *instance, builds []build) bool {
	fits := anyMakes(builds, i)
	if rf.strategy == strategyRoot {
		fits = anyHasImage(builds, i)
	}
	replaced := i.seq >= rf.firstLaunch || i.swappedBy == rf.id
	if rf.status == refreshRollingBack {
		return replaced && !fits // only what the refresh itself replaced is replaced again
	}
	return !fits || !replaced && !rf.skipMatching
}

func anyHasImage(builds []build, i *instance) bool {
	return slices.ContainsFunc(builds, func(b build) bool { return b.imageID == i.imageID })
}

func (rf *refresh) waitsFor(i *instance) bool {
	return i.protected && rf.onProtected == policyWait || i.state == standby && rf.onStandby == policyWait
}

func (rf *refresh) ignores(i *instance) bool {
	return i.protected && rf.onProtected == policyIgnore || i.state == standby && rf.onStandby == policyIgnore
}

// remaining is how many instances have still to be replaced.
func (c census) remaining() int { return len(c.old) + len(c.blocked) }

// done is how many of the total are replaced, in service and warmed up. A
// replacement that is launched before its predecessor is terminated does not
// count against it.
func (rf *refresh) done(c census) int {
	missing := max(-c.spare, 0)
	busy := max(c.fresh-max(c.spare, 0), 0)
	return min(max(rf.total-c.remaining()-c.root-busy-missing, 0), rf.total)
}

// measure notes how far the refresh is.
func (rf *refresh) measure(c census, now time.Time) {
	done := rf.done(c)
	rf.live = progress{percent: percent(done, rf.total), toUpdate: max(c.remaining()-max(c.spare, 0), 0)}
	if rf.status == refreshRollingBack {
		rf.live = rf.backwards(c)
	}
	if done > rf.best {
		rf.best = done
		rf.gotOn()
	}
}

// backwards is the progress during a rollback: the percentage falls towards 0,
// and what is left to update is what never was, and need not be rolled back.
func (rf *refresh) backwards(c census) progress {
	at := rf.rollback.live
	return progress{percent: at.percent * c.remaining() / max(rf.total, 1), toUpdate: at.toUpdate}
}

func percent(done, total int) int {
	if total == 0 {
		return 100
	}
	return done * 100 / total
}
