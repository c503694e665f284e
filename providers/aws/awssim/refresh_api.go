package awssim

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// refreshID is the result of the operations that change a refresh.
type refreshID struct {
	ID string `xml:"InstanceRefreshId"`
}

func startRefresh(g *group, c *call) (any, *failure) {
	if g.active() != nil {
		// UNCONFIRMED: that this is also the answer while one is Cancelling.
		return nil, &failure{http.StatusBadRequest, "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."}
	}
	rf, f := g.readRefresh(c)
	if f = firstFailure(f, g.refuseRefresh(rf)); f != nil {
		return nil, f
	}
	r := g.region
	rf.id, rf.start, rf.begins = r.dice.uuid(), r.now, r.now.Add(r.pace.Start)
	rf.status, rf.firstLaunch = refreshPending, g.launches
	g.forget(r.now)
	g.refreshes = append(g.refreshes, rf)
	return refreshID{rf.id}, nil
}

func (g *group) readRefresh(c *call) (*refresh, *failure) {
	p, f := g.readPreferences(c.under("Preferences"))
	if f != nil {
		return nil, f
	}
	rf := &refresh{preferences: p, strategy: cmp.Or(c.form.Get("Strategy"), strategyRolling)}
	if f := oneOf("strategy", rf.strategy, strategyRolling, strategyRoot); f != nil {
		return nil, f
	}
	desired, f := g.region.readRecipe(c.under("DesiredConfiguration"))
	if f != nil {
		return nil, f
	}
	if !desired.empty() {
		rf.desired = &desired
	}
	return rf, nil
}

// refuseRefresh is why AWS would not start the refresh, nil when it would.
func (g *group) refuseRefresh(rf *refresh) *failure {
	if rf == nil {
		return nil
	}
	wanted := g.recipe
	if rf.desired != nil {
		wanted = *rf.desired
	}
	return firstFailure(
		g.refuseAttributes(rf),
		g.refuseAutoRollback(rf),
		rf.refuseAlarms(g.region),
		g.refuseRootSwap(rf, wanted),
		g.region.dryRun(wanted),
	)
}

// refuseAttributes is for groups that select instance types by attributes.
func (g *group) refuseAttributes(rf *refresh) *failure {
	byAttributes := g.recipe.byAttributes() || rf.desired != nil && rf.desired.byAttributes()
	switch {
	case byAttributes && rf.desired != nil:
		return invalid("A desired configuration cannot be used with an Auto Scaling group that uses InstanceRequirements.")
	case byAttributes && rf.skipMatching:
		return invalid("SkipMatching cannot be used with an Auto Scaling group that uses InstanceRequirements.")
	}
	return nil
}

func (g *group) refuseAutoRollback(rf *refresh) *failure {
	switch {
	case !rf.autoRollback:
		return nil
	case rf.desired == nil:
		return invalid("The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty.")
	case !g.region.canReturn(g.recipe):
		return invalid("The AutoRollback parameter cannot be set to true when the Auto Scaling group uses the $Latest or $Default launch template version, or an AWS Systems Manager parameter as its AMI ID.")
	}
	return nil
}

// number is a launch template version that is pinned.
var number = regexp.MustCompile(`^[0-9]+$`)

// canReturn reports whether a configuration can be rolled back to: numbered
// versions, and literal images.
func (r *region) canReturn(c recipe) bool {
	var specs []templateSpec
	switch {
	case c.template != nil:
		specs = append(specs, *c.template)
	case c.mixed != nil:
		specs = append(specs, c.mixed.template)
		for _, o := range c.mixed.overrides {
			if o.template != nil {
				specs = append(specs, *o.template)
			}
		}
	}
	for _, spec := range specs {
		v, f := r.resolve(spec.byID())
		if !number.MatchString(spec.version) || f == nil && strings.HasPrefix(v.data.imageID, "resolve:") {
			return false
		}
	}
	return true
}

// refuseAlarms wants every alarm to be there and in the state OK.
func (rf *refresh) refuseAlarms(r *region) *failure {
	for _, name := range rf.alarms {
		switch state := r.alarmState(name); state {
		case "OK":
		case "":
			return invalid("The following CloudWatch alarm does not exist: " + name)
		default:
			return invalid("The instance refresh cannot be started while a specified CloudWatch alarm is in the " + state + " state: " + name)
		}
	}
	return nil
}

// refuseRootSwap is what replacing root volumes asks of a group: a mixed
// instances policy as desired configuration in which every override has an
// image, and no load balancer.
func (g *group) refuseRootSwap(rf *refresh, wanted recipe) *failure {
	switch {
	case rf.strategy != strategyRoot:
		return nil
	case rf.desired == nil || wanted.mixed == nil || len(wanted.mixed.overrides) == 0 || g.recipe.mixed == nil:
		return invalid("The ReplaceRootVolume strategy requires an Auto Scaling group with a mixed instances policy and a desired configuration with one.")
	case slices.ContainsFunc(wanted.mixed.overrides, func(o override) bool { return o.imageID == "" }):
		return invalid("The ReplaceRootVolume strategy requires an ImageId in every override of the mixed instances policy.")
	case len(g.loadBalancers)+len(g.targetGroups) > 0:
		return invalid("The ReplaceRootVolume strategy is not supported for Auto Scaling groups with Elastic Load Balancing.")
	}
	return nil
}

func cancelRefresh(g *group, c *call) (any, *failure) {
	rf := g.active()
	if rf == nil || rf.status == refreshCancelling {
		return nil, noActiveRefresh(g)
	}
	wait := c.form.truth("WaitForTransitioningInstances")
	if f := c.form.malformed(); f != nil {
		return nil, f
	}
	rf.startCancel(g)
	if wait != nil && !*wait {
		rf.awaited = nil
	}
	return refreshID{rf.id}, nil
}

func noActiveRefresh(g *group) *failure {
	return &failure{http.StatusBadRequest, "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group " + g.name}
}

func rollbackRefresh(g *group, _ *call) (any, *failure) {
	rf := g.active()
	switch {
	case rf == nil || rf.status == refreshCancelling || rf.status == refreshRollingBack:
		return nil, noActiveRefresh(g)
	case rf.desired == nil:
		return nil, irreversible("The instance refresh does not have a desired configuration.")
	case !g.region.canReturn(g.recipe):
		return nil, irreversible("The Auto Scaling group uses the $Latest or $Default launch template version, or an AWS Systems Manager parameter as its AMI ID.")
	}
	// UNCONFIRMED: that a manual rollback is possible while Baking.
	rf.startRollback(g, g.region.now, "Rollback initiated by user request.")
	return refreshID{rf.id}, nil
}

func irreversible(message string) *failure {
	return &failure{http.StatusBadRequest, "IrreversibleInstanceRefresh", message}
}
