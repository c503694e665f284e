package awssim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupPage is the reply of DescribeAutoScalingGroups. It can be large and is
// asked for often, so it writes itself.
type groupPage struct {
	groups        []*group
	next          string
	withInstances bool
}

// About how large groups and instances are on the wire, in bytes. Too small a
// guess only costs time.
const (
	groupBytes    = 1200
	instanceBytes = 480
)

func (p groupPage) appendXML(b *xmlText) {
	size := 0
	for _, g := range p.groups {
		size += groupBytes + len(g.instances)*instanceBytes
	}
	b.bytes = slices.Grow(b.bytes, size)
	b.open("AutoScalingGroups")
	for _, g := range p.groups {
		b.group(g, p.withInstances)
	}
	b.close("AutoScalingGroups")
	b.text("NextToken", p.next)
}

func describeGroups(r *region, c *call) (any, *failure) {
	names, most := c.list("AutoScalingGroupNames"), 50
	set(&most, c.form.number("MaxRecords"))
	if len(names) > most {
		return nil, invalid(fmt.Sprintf("The number of group names that may be passed in is limited to %d", most))
	}
	found, f := r.groupsAsked(c, names)
	if f != nil {
		return nil, f
	}
	page, next, f := pageOf(c, found, func(g *group) string { return g.name }, 100)
	if f != nil {
		return nil, f
	}
	return groupPage{page, next, c.form.Get("IncludeInstances") != "false"}, nil
}

// groupsAsked is the groups of a request, by name. Names that do not exist are
// left out.
func (r *region) groupsAsked(c *call, names []string) ([]*group, *failure) {
	all := r.names
	if len(names) > 0 {
		all = slices.Compact(slices.Sorted(slices.Values(names)))
	}
	matches, f := groupFilter(c)
	if f != nil {
		return nil, f
	}
	managed := c.form.Get("IncludeManagedResources") != "false"
	found := make([]*group, 0, len(all))
	for _, name := range all {
		if g := r.groups[name]; g != nil && matches(g) && (managed || g.operator == "") {
			found = append(found, g)
		}
	}
	return found, nil
}

// groupFilter is the filters of a request: any of the values of a filter, and
// all filters (UNCONFIRMED: that several are all to match).
func groupFilter(c *call) (func(*group) bool, *failure) {
	var tests []func(groupTag) bool
	for _, f := range c.structs("Filters") {
		name, values := f.Get("Name"), f.list("Values")
		key, isTag := strings.CutPrefix(name, "tag:")
		switch {
		case isTag:
			tests = append(tests, func(t groupTag) bool { return t.key == key && slices.Contains(values, t.value) })
		case name == "tag-key":
			tests = append(tests, func(t groupTag) bool { return slices.Contains(values, t.key) })
		case name == "tag-value":
			tests = append(tests, func(t groupTag) bool { return slices.Contains(values, t.value) })
		default:
			return nil, invalid("Filter type " + name + " is not correct. Allowed Filter types are: tag-key tag-value tag:<key>")
		}
	}
	return func(g *group) bool {
		for _, test := range tests {
			if !slices.ContainsFunc(g.tags, test) {
				return false
			}
		}
		return true
	}, nil
}

func (b *xmlText) group(g *group, withInstances bool) {
	b.open("member")
	b.text("AutoScalingGroupName", g.name)
	b.text("AutoScalingGroupARN", g.arn)
	b.time("CreatedTime", g.created)
	b.recipe(g.recipe)
	b.settings(&g.settings)
	b.warmPool(g)
	b.suspensions(g.suspended)
	b.groupTags(g)
	if g.operator != "" {
		b.raw("<Operator><Managed>true</Managed>")
		b.text("Principal", g.operator)
		b.close("Operator")
	}
	b.open("Instances")
	if withInstances {
		for _, i := range g.instances {
			b.instance(i, "")
		}
	}
	b.close("Instances")
	b.close("member")
}

func (b *xmlText) settings(s *settings) {
	b.number("MinSize", s.min)
	b.number("MaxSize", s.max)
	b.number("DesiredCapacity", s.desired)
	b.number("DefaultCooldown", s.cooldown)
	b.number("HealthCheckGracePeriod", s.gracePeriod)
	b.maybe("DefaultInstanceWarmup", s.warmup)
	b.text("HealthCheckType", s.healthCheckType)
	b.list("AvailabilityZones", s.zones)
	b.text("VPCZoneIdentifier", s.subnets)
	b.list("LoadBalancerNames", s.loadBalancers)
	b.list("TargetGroupARNs", s.targetGroups)
	b.list("TerminationPolicies", s.terminationPolicies)
	b.maybe("MaxInstanceLifetime", s.maxLifetime)
	b.truth("NewInstancesProtectedFromScaleIn", s.protectNew)
	b.maybeTruth("CapacityRebalance", s.capacityRebalance)
	b.text("PlacementGroup", s.placementGroup)
	b.text("Context", s.context)
	b.text("DesiredCapacityType", s.desiredCapacityType)
	b.text("ServiceLinkedRoleARN", s.serviceRole)
	b.text("DeletionProtection", s.deletionProtection)
	if s.maintenance.min != nil {
		b.open("InstanceMaintenancePolicy")
		b.maybe("MinHealthyPercentage", s.maintenance.min)
		b.maybe("MaxHealthyPercentage", s.maintenance.max)
		b.close("InstanceMaintenancePolicy")
	}
	if s.retention != "" {
		b.raw("<InstanceLifecyclePolicy><RetentionTriggers>")
		b.text("TerminateHookAbandon", s.retention)
		b.raw("</RetentionTriggers></InstanceLifecyclePolicy>")
	}
	for _, name := range onlyKept {
		if s.kept != nil {
			b.tree(name, s.kept.named[name])
		}
	}
}

func (b *xmlText) suspensions(all []suspension) {
	if len(all) == 0 {
		return
	}
	b.open("SuspendedProcesses")
	for _, s := range all {
		b.open("member")
		b.text("ProcessName", s.process)
		b.text("SuspensionReason", "User suspended at "+b.clock(s.since).Format(time.RFC3339))
		b.close("member")
	}
	b.close("SuspendedProcesses")
}

func (b *xmlText) groupTags(g *group) {
	if len(g.tags) == 0 {
		return
	}
	b.open("Tags")
	for _, t := range g.tags {
		b.groupTag(g.name, t)
	}
	b.close("Tags")
}

func (b *xmlText) groupTag(group string, t groupTag) {
	b.open("member")
	b.text("ResourceId", group)
	b.text("ResourceType", "auto-scaling-group")
	b.text("Key", t.key)
	b.open("Value")
	b.escaped(t.value)
	b.close("Value")
	b.truth("PropagateAtLaunch", t.propagate)
	b.close("member")
}

// instance is one instance in a reply; with the name of its group where the
// reply is not about one.
func (b *xmlText) instance(i *instance, group string) {
	b.open("member")
	b.text("AutoScalingGroupName", group)
	b.text("InstanceId", i.id)
	b.text("InstanceType", i.instanceType)
	b.text("AvailabilityZone", i.zone)
	b.text("LifecycleState", i.state)
	b.text("HealthStatus", i.health(group != ""))
	b.truth("ProtectedFromScaleIn", i.protected)
	b.text("LaunchConfigurationName", i.launchConfig)
	if i.template != nil {
		b.templateSpec("LaunchTemplate", templateSpec(*i.template))
	}
	if i.imageChosen {
		b.text("ImageId", i.imageID)
	}
	if i.weighted {
		b.text("WeightedCapacity", strconv.Itoa(i.units))
	}
	b.close("member")
}

// health is the health status: DescribeAutoScalingInstances has it in capitals.
func (i *instance) health(capitals bool) string {
	status := "Healthy"
	if i.unhealthy {
		status = "Unhealthy"
	}
	if capitals {
		return strings.ToUpper(status)
	}
	return status
}
