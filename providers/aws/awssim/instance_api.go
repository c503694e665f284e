package awssim

import (
	"fmt"
	"slices"
	"strconv"
)

// instancePage is the reply of DescribeAutoScalingInstances.
type instancePage struct {
	instances []placedInstance
	next      string
}

// placedInstance is an instance and its group.
type placedInstance struct {
	*instance
	group string
}

func (p instancePage) appendXML(b *xmlText) {
	b.open("AutoScalingInstances")
	for _, i := range p.instances {
		b.instance(i.instance, i.group)
	}
	b.close("AutoScalingInstances")
	b.text("NextToken", p.next)
}

func describeInstances(r *region, c *call) (any, *failure) {
	ids := c.list("InstanceIds")
	var all []placedInstance
	for _, name := range r.names {
		g := r.groups[name]
		for _, i := range slices.Concat(g.instances, g.warm) {
			if len(ids) == 0 || slices.Contains(ids, i.id) {
				all = append(all, placedInstance{i, name})
			}
		}
	}
	page, next, f := pageOf(c, all, func(i placedInstance) string { return i.id }, 50)
	return instancePage{page, next}, f
}

// asked is the instances that a request names. All must be of the group.
func (g *group) asked(c *call) ([]*instance, *failure) {
	var found []*instance
	for _, id := range c.list("InstanceIds") {
		i := g.find(id)
		if i == nil {
			return nil, invalid("The instance " + id + " is not part of Auto Scaling group " + g.name + ".")
		}
		found = append(found, i)
	}
	if len(found) == 0 {
		return nil, missing("instanceIds")
	}
	return found, nil
}

func setInstanceProtection(g *group, c *call) (any, *failure) {
	all, f := g.asked(c)
	protect := c.form.truth("ProtectedFromScaleIn")
	if f = firstFailure(f, c.form.malformed()); f != nil {
		return nil, f
	}
	if protect == nil {
		return nil, missing("protectedFromScaleIn")
	}
	for _, i := range all {
		i.protected = *protect
	}
	return struct{}{}, nil
}

// inGroup finds the group of an instance, for the operations that name only
// the instance.
func (r *region) inGroup(c *call) (*group, *instance, *failure) {
	id := c.form.Get("InstanceId")
	for _, name := range r.names {
		g := r.groups[name]
		if i := g.find(id); i != nil {
			return g, i, g.refuseStrangers(c)
		}
	}
	return nil, nil, invalid("Instance Id not found - No managed instance found for instance ID: " + id)
}

func setInstanceHealth(r *region, c *call) (any, *failure) {
	g, i, f := r.inGroup(c)
	if f != nil {
		return nil, f
	}
	switch status := c.form.Get("HealthStatus"); status {
	case "Healthy":
		i.unhealthy = false
	case "Unhealthy":
		respect := c.form.Get("ShouldRespectGracePeriod") != "false"
		if !respect || !r.now.Before(i.since.Add(g.grace())) {
			g.markUnhealthy(i, r.now)
		}
	default:
		return nil, invalid("Invalid health status: " + status + ". Valid values are Healthy and Unhealthy.")
	}
	r.touch(g)
	return nil, nil
}

type activityResult struct {
	Activity activityView `xml:"Activity"`
}

func terminateInstance(r *region, c *call) (any, *failure) {
	g, i, f := r.inGroup(c)
	if f != nil {
		return nil, f
	}
	decrement := c.form.truth("ShouldDecrementDesiredCapacity")
	switch {
	case decrement == nil:
		return nil, missing("shouldDecrementDesiredCapacity")
	case *decrement && g.desired-i.units < g.min:
		return nil, belowMinimum(g)
	case *decrement:
		g.desired -= i.units
	}
	if !i.leaving() {
		g.terminate(i, r.now, "instance "+i.id+" was taken out of service in response to a user request")
	}
	a := i.activity
	r.touch(g)
	return activityResult{g.view(a)}, nil
}

func belowMinimum(g *group) *failure {
	return invalid(fmt.Sprintf("Currently, desiredSize equals minSize (%d). Decrementing it would take the Auto Scaling group %s below its minimum.", g.min, g.name))
}

type activitiesResult struct {
	Activities []activityView `xml:"Activities>member"`
}

// leave takes instances out of the group's capacity, lowering what is desired
// if the request says so. Each is let go by a function that also says why.
func (g *group) leave(c *call, from string, letGo func(*instance) *activity) (any, *failure) {
	all, f := g.asked(c)
	if f != nil {
		return nil, f
	}
	units := 0
	for _, i := range all {
		if i.state != from && i.state != standby {
			return nil, invalid("The instance " + i.id + " is not in " + from + ".")
		}
		if i.state == inService {
			units += i.units
		}
	}
	decrement := c.form.truth("ShouldDecrementDesiredCapacity")
	switch {
	case decrement == nil:
		return nil, missing("shouldDecrementDesiredCapacity")
	case *decrement && g.desired-units < g.min:
		return nil, belowMinimum(g)
	case *decrement:
		g.desired -= units
	}
	var out activitiesResult
	for _, i := range all {
		a := letGo(i)
		a.succeed(g.region.now)
		out.Activities = append(out.Activities, g.view(a))
	}
	return out, nil
}

func enterStandby(g *group, c *call) (any, *failure) {
	return g.leave(c, inService, func(i *instance) *activity {
		i.state, i.registered = standby, false
		return g.begin(g.region.now, "Moving EC2 instance to Standby: "+i.id, "instance "+i.id+" was moved to standby in response to a user request")
	})
}

func exitStandby(g *group, c *call) (any, *failure) {
	all, f := g.asked(c)
	if f != nil {
		return nil, f
	}
	units := 0
	for _, i := range all {
		if i.state != standby {
			return nil, invalid("The instance " + i.id + " is not in Standby.")
		}
		units += i.units
	}
	if g.desired+units > g.max {
		return nil, invalid("The Auto Scaling group " + g.name + " would exceed its maximum size of " + strconv.Itoa(g.max) + ".")
	}
	g.desired += units
	var out activitiesResult
	for _, i := range all {
		i.activity = g.begin(g.region.now, "Moving EC2 instance out of Standby: "+i.id, "instance "+i.id+" was moved out of standby in response to a user request")
		i.enter(g, g.region.now)
		out.Activities = append(out.Activities, g.view(i.activity))
	}
	return out, nil
}

func detachInstances(g *group, c *call) (any, *failure) {
	return g.leave(c, inService, func(i *instance) *activity {
		i.state = detached
		g.instances = slices.DeleteFunc(g.instances, func(other *instance) bool { return other == i })
		g.region.loose = append(g.region.loose, i)
		return g.begin(g.region.now, "Detaching EC2 instance: "+i.id, "instance "+i.id+" was detached in response to a user request")
	})
}

// attachInstances takes instances that are in no group into this one, and
// raises its desired capacity by them.
func attachInstances(g *group, c *call) (any, *failure) {
	r := g.region
	var found []*instance
	for _, id := range c.list("InstanceIds") {
		n := slices.IndexFunc(r.loose, func(i *instance) bool { return i.id == id })
		if n < 0 {
			return nil, invalid("Invalid Instance ID(s): [" + id + "] specified")
		}
		found = append(found, r.loose[n])
	}
	if g.desired+len(found) > g.max {
		return nil, invalid(fmt.Sprintf("AutoScalingGroup: %s, would exceed its maximum size of %d.", g.name, g.max))
	}
	for _, i := range found {
		r.loose = slices.DeleteFunc(r.loose, func(other *instance) bool { return other == i })
		g.attach(i)
	}
	return nil, nil
}

// attach takes in an instance that the group did not launch, so that its
// listing does not say from what it was launched.
func (g *group) attach(i *instance) {
	i.seq, i.units, i.weighted = g.launches, 1, false
	i.template, i.launchConfig, i.imageChosen = nil, "", false
	g.launches++
	g.desired++
	g.instances = append(g.instances, i)
	i.activity = g.begin(g.region.now, "Attaching an existing EC2 instance: "+i.id, "an instance was attached in response to a user request, increasing the capacity")
	i.enter(g, g.region.now)
}
