package awssim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// before is how long the instances of a fleet have been in service.
const before = 24 * time.Hour

func (m fleetMaker) group(v Group) error {
	r := m.region(v.Place)
	for n := range max(v.Count, 1) {
		one := v
		one.Name, one.Template = numbered(v.Name, v.Count, n), numbered(v.Template, v.Count, n)
		if f := r.makeGroup(one); f != nil {
			return fmt.Errorf("make group %s: %s", one.Name, f.message)
		}
	}
	return nil
}

// makeGroup makes one group and its instances.
func (r *region) makeGroup(v Group) *failure {
	if r.groups[v.Name] != nil {
		return invalid("there is a group of that name already")
	}
	s := v.settings(r.place.region)
	c, f := r.recipeOf(v)
	if f = firstFailure(f, s.wrong()); f != nil {
		return f
	}
	builds, f := r.builds(c)
	if f != nil {
		return f
	}
	g := r.newGroup(v.Name, s, c)
	g.created, g.operator = r.now.Add(-before), v.Operator
	for _, key := range slices.Sorted(maps.Keys(v.Tags)) {
		g.setTag(groupTag{key: key, value: v.Tags[key], propagate: true})
	}
	for _, process := range v.Suspended {
		g.suspend(process, r.now)
	}
	for _, h := range v.Hooks {
		g.setHook(hook{name: h.Name, transition: h.Transition, heartbeat: cmp.Or(h.Heartbeat, 3600), result: cmp.Or(h.Result, hookAbandon)})
	}
	g.populate(v, builds)
	r.touch(g)
	return nil
}

// settings of a group that only says how many instances it wants.
func (v Group) settings(region string) settings {
	desired := 1
	set(&desired, v.Desired)
	s := settings{
		min: v.MinSize, max: v.MaxSize, desired: desired, cooldown: 300,
		gracePeriod: v.GracePeriod, warmup: v.Warmup, healthCheckType: cmp.Or(v.HealthCheckType, "EC2"),
		zones: v.Zones, targetGroups: v.TargetGroups, terminationPolicies: v.TerminationPolicies,
		maintenance: bounds{v.MinHealthyPercentage, v.MaxHealthyPercentage},
	}
	if s.max == 0 {
		s.max = max(2*desired, 2)
	}
	if len(s.zones) == 0 {
		s.zones = []string{region + "a", region + "b", region + "c"}
	}
	if len(s.terminationPolicies) == 0 {
		s.terminationPolicies = []string{"Default"}
	}
	return s
}

func (r *region) recipeOf(v Group) (recipe, *failure) {
	if v.LaunchConfiguration != "" {
		return recipe{launchConfiguration: v.LaunchConfiguration}, nil
	}
	spec, f := r.completed(templateSpec{name: v.Template, version: cmp.Or(v.Version, "1")})
	if v.Mixed == nil || f != nil {
		return recipe{template: &spec}, f
	}
	p := &mixedPolicy{template: spec}
	for _, o := range v.Mixed.Overrides {
		row := override{instanceType: o.InstanceType, weight: o.Weight, imageID: o.ImageID}
		if len(o.Requirements) > 0 {
			row.requirements = memberTree(o.Requirements)
		}
		if o.Template != "" {
			own, f := r.completed(templateSpec{name: o.Template, version: cmp.Or(o.Version, "1")})
			if f != nil {
				return recipe{}, f
			}
			row.template = &own
		}
		p.overrides = append(p.overrides, row)
	}
	return recipe{mixed: p}, nil
}

// populate puts the instances of a fleet in service, as if they had been for a
// day. Whatever their image does, these serve.
func (g *group) populate(v Group, builds []build) {
	long := g.region.now.Add(-before)
	add := func(b build) *instance {
		i := g.newInstance(b, long)
		i.state, i.since, i.registered = inService, long, true
		g.instances = append(g.instances, i)
		return i
	}
	for have := 0; have < g.desired; {
		i := add(builds[g.launches%len(builds)])
		i.protected = len(g.instances) <= v.Protected
		have += i.units
	}
	for range v.Standby {
		add(builds[0]).state = standby
	}
	if v.WarmPool == nil {
		return
	}
	g.warmPool = &warmPool{minSize: v.WarmPool.MinSize, maxPrepared: v.WarmPool.MaxPrepared, state: cmp.Or(v.WarmPool.State, "Stopped")}
	for range g.warmSize() {
		i := g.newInstance(builds[0], long)
		g.settleWarm(i, long)
		g.warm = append(g.warm, i)
	}
}
