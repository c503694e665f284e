package awssim

import (
	"slices"
	"time"
)

// target is the capacity that the group keeps: what is desired, and what a
// refresh launches beyond that.
func (g *group) target(now time.Time) int {
	if rf := g.active(); rf != nil {
		return g.desired + rf.surge(g, now)
	}
	return g.desired
}

// keepCapacity launches or terminates one instance if the group has too few or
// too many. It reports whether it did.
func (g *group) keepCapacity(now time.Time) bool {
	have, want := g.capacity(), g.target(now)
	switch {
	case have < want && !g.isSuspended("Launch") && !g.retry.After(now):
		return g.launch(have, now)
	case have > want && !g.isSuspended("Terminate"):
		return g.shrink(have, want, now)
	}
	return false
}

// shrink terminates the instance that the termination policy picks, unless
// that would go below what is wanted.
func (g *group) shrink(have, want int, now time.Time) bool {
	var victims []*instance
	for _, i := range g.instances {
		if i.counts() && i.state != swappingRoot && !i.protected && have-i.units >= want {
			victims = append(victims, i)
		}
	}
	if len(victims) == 0 {
		return false
	}
	victim := g.firstToGo(victims)
	g.terminate(victim, now, change("an instance was taken out of service", have, have-victim.units))
	return true
}

// firstToGo picks by the group's termination policy. The policies that look at
// prices and billing are treated like Default.
func (g *group) firstToGo(all []*instance) *instance {
	policy := "Default"
	if len(g.terminationPolicies) > 0 {
		policy = g.terminationPolicies[0]
	}
	candidates := all
	if policy != "OldestInstance" && policy != "NewestInstance" {
		candidates = g.ofOldRecipe(g.inFullestZone(all))
	}
	if policy == "NewestInstance" {
		return candidates[len(candidates)-1]
	}
	return candidates[0]
}

func (g *group) inFullestZone(all []*instance) []*instance {
	count := g.zoneCounts()
	fullest := all[0].zone
	for _, i := range all {
		if count[i.zone] > count[fullest] {
			fullest = i.zone
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(i *instance) bool { return i.zone != fullest })
}

// ofOldRecipe is those that are not of the group's own recipe, or all when
// every one is.
func (g *group) ofOldRecipe(all []*instance) []*instance {
	builds, f := g.region.builds(g.recipe)
	if f != nil {
		return all
	}
	old := slices.DeleteFunc(slices.Clone(all), func(i *instance) bool { return anyMakes(builds, i) })
	if len(old) == 0 {
		return all
	}
	return old
}

func (g *group) zoneCounts() map[string]int {
	count := map[string]int{}
	for _, i := range g.instances {
		if i.counts() {
			count[i.zone]++
		}
	}
	return count
}

// emptiestZone is where the next instance goes.
func (g *group) emptiestZone() string {
	count := g.zoneCounts()
	best := g.firstZone()
	for _, z := range g.zones {
		if count[z] < count[best] {
			best = z
		}
	}
	return best
}

func (g *group) firstZone() string {
	if len(g.zones) == 0 {
		return g.region.place.region + "a"
	}
	return g.zones[0]
}
