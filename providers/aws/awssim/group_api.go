package awssim

import (
	"net/http"
	"strings"
	"time"
)

func createGroup(r *region, c *call) (any, *failure) {
	name := c.form.Get("AutoScalingGroupName")
	if f := r.refuseNewGroup(c, name); f != nil {
		return nil, f
	}
	s, f := newSettings(c.form, r.place.region)
	if f != nil {
		return nil, f
	}
	recipe, f := r.readRecipe(c.form)
	if f == nil && recipe.empty() {
		f = invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	if f = firstFailure(f, r.dryRunIf(f == nil, recipe)); f != nil {
		return nil, f
	}
	g := r.newGroup(name, s, recipe)
	for _, t := range c.structs("Tags") {
		g.setTag(readGroupTag(t))
	}
	for _, h := range c.structs("LifecycleHookSpecificationList") {
		g.setHook(readHook(h))
	}
	r.touch(g)
	return nil, nil
}

// newSettings are the settings of a new group: AWS's defaults, and what the
// request says.
func newSettings(f form, region string) (settings, *failure) {
	s := settings{cooldown: 300, healthCheckType: "EC2", terminationPolicies: []string{"Default"}}
	if least := f.number("MinSize"); least != nil {
		s.desired = *least
	}
	return s.read(f, region)
}

func (r *region) refuseNewGroup(c *call, name string) *failure {
	switch {
	case name == "":
		return missing("autoScalingGroupName")
	case len(name) > 255 || strings.Contains(name, ":"):
		return invalid("The group name must have 1 to 255 characters and no colon.")
	case r.groups[name] != nil:
		return &failure{http.StatusBadRequest, "AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name " + name + " already exists"}
	case c.form.text("MinSize") == nil:
		return missing("minSize")
	case c.form.text("MaxSize") == nil:
		return missing("maxSize")
	}
	return nil
}

// dryRunIf is the dry run of a recipe, if one is given.
func (r *region) dryRunIf(given bool, c recipe) *failure {
	if !given || c.empty() {
		return nil
	}
	return r.dryRun(c)
}

// newGroup makes a group. Its instances come when it is touched.
func (r *region) newGroup(name string, s settings, c recipe) *group {
	g := &group{region: r, name: name, created: r.now, settings: s, recipe: c}
	g.arn = "arn:aws:autoscaling:" + r.place.region + ":" + r.place.account + ":autoScalingGroup:" + r.dice.uuid() + ":autoScalingGroupName/" + name
	r.addGroup(g)
	return g
}

func updateGroup(g *group, c *call) (any, *failure) {
	s, f := g.settings.fitted(c.form).read(c.form, g.region.place.region)
	if f != nil {
		return nil, f
	}
	recipe, f := g.region.readRecipe(c.form)
	if f != nil {
		return nil, f
	}
	if !recipe.empty() {
		if rf := g.active(); rf != nil && rf.desired != nil {
			return nil, invalid("An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.")
		}
		if f := g.region.dryRun(recipe); f != nil {
			return nil, f
		}
		g.recipe, g.retry = recipe, time.Time{}
	}
	g.settings = s
	return nil, nil
}

// fitted moves the desired capacity between a new minimum and maximum, as AWS
// does when the request does not set it.
func (s settings) fitted(f form) settings {
	if f.given("DesiredCapacity") {
		return s
	}
	least, most := s.min, s.max
	set(&least, f.number("MinSize"))
	set(&most, f.number("MaxSize"))
	s.desired = max(min(s.desired, most), least)
	return s
}

func deleteGroup(g *group, c *call) (any, *failure) {
	force := c.form.Get("ForceDelete") == "true"
	switch {
	case g.deletionProtection == "prevent-all-deletion", g.deletionProtection == "prevent-force-deletion" && force:
		return nil, invalid("The Auto Scaling group " + g.name + " has deletion protection.")
	case force:
		g.region.dropGroup(g)
		return nil, nil
	case len(g.instances) > 0 || len(g.warm) > 0:
		return nil, &failure{http.StatusBadRequest, "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."}
	case g.active() != nil:
		return nil, &failure{http.StatusBadRequest, "ScalingActivityInProgress", "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."}
	}
	g.region.dropGroup(g)
	return nil, nil
}
