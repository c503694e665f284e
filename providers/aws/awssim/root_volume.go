package awssim

import "time"

// startSwap begins to replace the root volume of an instance: it keeps its id,
// and serves again with another image after a while. A small model of the
// ReplaceRootVolume strategy: lifecycle hooks for it are not simulated.
func (g *group) startSwap(i *instance, builds []build, now time.Time) {
	i.state, i.until = swappingRoot, now.Add(g.region.pace.SwapRoot)
	i.activity = g.begin(now, "Replacing root volume of EC2 instance: "+i.id, "an instance's root volume was replaced in response to an instance refresh")
	i.imageID, i.imageChosen = builds[0].imageID, true
	for _, b := range builds {
		if b.instanceType == i.instanceType {
			i.imageID = b.imageID
		}
	}
	i.behaviour = g.region.behaviourOf(i.imageID)
	if rf := g.active(); rf != nil {
		i.swappedBy = rf.id
	}
}

// endSwap puts the instance back into service. An image that cannot be
// launched fails the swap, and the instance is replaced.
func (g *group) endSwap(i *instance, now time.Time) {
	i.enter(g, now)
	if i.behaviour.kind == behaviourFail {
		g.markUnhealthy(i, now)
	}
}
