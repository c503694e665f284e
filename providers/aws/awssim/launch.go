package awssim

import (
	"fmt"
	"net/http"
	"time"
)

// launchRecipe is what the group launches from at this moment: scale-outs
// during a refresh already take its desired configuration. While a refresh is
// Pending, or on its way back, it is the group's own.
func (g *group) launchRecipe() recipe {
	if rf := g.active(); rf != nil && rf.desired != nil && (rf.status == refreshRunning || rf.status == refreshBaking) {
		return *rf.desired
	}
	return g.recipe
}

// launch starts one instance, from the warm pool if it has a fitting one. It
// reports true: either an instance or a failed activity has come of it.
func (g *group) launch(have int, now time.Time) bool {
	builds, f := g.region.builds(g.launchRecipe())
	if f != nil {
		g.failLaunch(have, f, now)
		return true
	}
	if g.launchWarm(builds, have, now) {
		return true
	}
	b := builds[g.launches%len(builds)]
	if f := g.region.refuseLaunch(b); f != nil {
		g.failLaunch(have, f, now)
		return true
	}
	i := g.newInstance(b, now)
	i.state, i.until = pending, now.Add(g.region.bootTime(i))
	i.activity = g.begin(now, "Launching a new EC2 instance: "+i.id, change("an instance was started", have, have+i.units)).in(i.zone)
	g.instances = append(g.instances, i)
	g.failed, g.retry = 0, time.Time{}
	return true
}

// refuseLaunch is why EC2 would not launch, nil when it would.
func (r *region) refuseLaunch(b build) *failure {
	if f := r.launchable(b.imageID, b.instanceType); f != nil {
		return f
	}
	if does := r.behaviourOf(b.imageID); does.kind == behaviourFail {
		return &failure{http.StatusInternalServerError, "Client.InternalError", does.failReason()}
	}
	return nil
}

// behaviourOf is how instances of an image turn out.
func (r *region) behaviourOf(imageID string) imageBehaviour {
	if im := r.image(imageID); im != nil {
		return im.behaviour
	}
	return imageBehaviour{}
}

func (r *region) bootTime(i *instance) time.Duration {
	if i.behaviour.kind == behaviourSlow {
		return i.behaviour.after
	}
	return r.pace.Boot
}

func (g *group) newInstance(b build, now time.Time) *instance {
	r := g.region
	i := &instance{
		id: r.newID("i-"), seq: g.launches, zone: g.emptiestZone(), launched: now,
		instanceType: b.instanceType, imageID: b.imageID, imageChosen: b.imageChosen,
		template: b.template, launchConfig: b.launchConfig, units: b.units, weighted: b.units > 1,
		protected: g.protectNew, tags: g.instanceTags(b),
	}
	i.behaviour = r.behaviourOf(b.imageID)
	g.launches++
	return i
}

// failLaunch notes a launch that failed, and makes the group wait before it
// tries again, longer each time.
func (g *group) failLaunch(have int, f *failure, now time.Time) {
	reason := f.message + " Launching EC2 instance failed."
	a := g.begin(now, "Launching a new EC2 instance.  Status Reason: "+reason, change("an instance was started", have, have+1))
	a.fail(now, reason)
	g.retry = now.Add(g.region.pace.LaunchRetry << min(g.failed, 4))
	g.failed++
	if rf := g.active(); rf != nil {
		rf.stall(now, fmt.Sprintf("launching instances fails: %s", f.message))
	}
}

// instanceTags are those of the template version, of the group where they
// propagate, and AWS's own. The group's win over the template's. Tag sets are
// never changed in place, so instances that are launched alike share one.
func (g *group) instanceTags(b build) tagSet {
	if g.launchTags.set != nil && g.launchTags.of == b.version {
		return g.launchTags.set
	}
	tags := tagSet{}
	if b.version != nil {
		tags = tagsFor(b.version.data.tagSpecs, "instance")
		tags["aws:ec2launchtemplate:id"] = b.template.id
		tags["aws:ec2launchtemplate:version"] = b.template.version
	}
	for _, t := range g.tags {
		if t.propagate {
			tags[t.key] = t.value
		}
	}
	tags["aws:autoscaling:groupName"] = g.name
	g.launchTags.of, g.launchTags.set = b.version, tags
	return tags
}
