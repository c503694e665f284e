package awssim

import (
	"fmt"
	"slices"
	"strings"
)

// read lays what a request says over the settings. What it does not say stays.
func (s settings) read(f form, region string) (settings, *failure) {
	s.numbers(f)
	s.texts(f)
	if f.given("AvailabilityZones") {
		s.zones = f.list("AvailabilityZones")
	}
	if f.given("VPCZoneIdentifier") && !f.given("AvailabilityZones") {
		s.zones = zonesOfSubnets(s.subnets, region)
	}
	if f.given("TerminationPolicies") {
		s.terminationPolicies = f.list("TerminationPolicies")
	}
	if f.given("LoadBalancerNames") {
		s.loadBalancers = f.list("LoadBalancerNames")
	}
	if f.given("TargetGroupARNs") {
		s.targetGroups = f.list("TargetGroupARNs")
	}
	if v := f.truth("CapacityRebalance"); v != nil {
		s.capacityRebalance = v
	}
	set(&s.protectNew, f.truth("NewInstancesProtectedFromScaleIn"))
	s.keep(f)
	if fail := f.malformed(); fail != nil {
		return s, fail
	}
	return s, s.wrong()
}

// numbers reads the numbers. Minus one clears those that may be absent.
func (s *settings) numbers(f form) {
	set(&s.min, f.number("MinSize"))
	set(&s.max, f.number("MaxSize"))
	set(&s.desired, f.number("DesiredCapacity"))
	set(&s.cooldown, f.number("DefaultCooldown"))
	set(&s.gracePeriod, f.number("HealthCheckGracePeriod"))
	policy := f.under("InstanceMaintenancePolicy")
	for p, n := range map[**int]*int{
		&s.warmup:          f.number("DefaultInstanceWarmup"),
		&s.maxLifetime:     f.number("MaxInstanceLifetime"),
		&s.maintenance.min: policy.number("MinHealthyPercentage"),
		&s.maintenance.max: policy.number("MaxHealthyPercentage"),
	} {
		switch {
		case n == nil:
		case *n == -1:
			*p = nil
		default:
			*p = n
		}
	}
}

func (s *settings) texts(f form) {
	set(&s.healthCheckType, f.text("HealthCheckType"))
	set(&s.subnets, f.text("VPCZoneIdentifier"))
	set(&s.placementGroup, f.text("PlacementGroup"))
	set(&s.context, f.text("Context"))
	set(&s.desiredCapacityType, f.text("DesiredCapacityType"))
	set(&s.serviceRole, f.text("ServiceLinkedRoleARN"))
	set(&s.deletionProtection, f.text("DeletionProtection"))
	set(&s.retention, f.text("InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon"))
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// onlyKept are the settings that mean nothing to the simulation.
var onlyKept = []string{"AvailabilityZoneDistribution", "AvailabilityZoneImpairmentPolicy", "CapacityReservationSpecification", "TrafficSources"}

func (s *settings) keep(f form) {
	kept := &member{named: map[string]*member{}}
	if s.kept != nil {
		for name, m := range s.kept.named {
			kept.named[name] = m
		}
	}
	for _, name := range onlyKept {
		if f.given(name) {
			kept.named[name] = memberTree(f.under(name).flat())
		}
	}
	s.kept = kept
}

// wrong is why the settings contradict each other, nil when they do not.
func (s settings) wrong() *failure {
	switch {
	case s.min < 0 || s.max < 0:
		return invalid("MinSize and MaxSize must not be negative")
	case s.min > s.max:
		return invalid(fmt.Sprintf("Max bound, %d, must be greater than or equal to min bound, %d", s.max, s.min))
	case s.desired < s.min:
		return invalid(fmt.Sprintf("Desired capacity:%d must be between the specified min size:%d and max size:%d", s.desired, s.min, s.max))
	case s.desired > s.max:
		return invalid(fmt.Sprintf("Desired capacity:%d must be between the specified min size:%d and max size:%d", s.desired, s.min, s.max))
	case len(s.zones) == 0:
		return invalid("At least one Availability Zone or VPC Subnet is required.")
	}
	return firstFailure(
		oneOf("healthCheckType", s.healthCheckType, "EC2", "ELB", "EBS", "VPC_LATTICE"),
		oneOf("deletionProtection", s.deletionProtection, "none", "prevent-force-deletion", "prevent-all-deletion"),
		s.maintenance.wrong(),
	)
}

// wrong is why a pair of percentages cannot be: both or neither, and no more
// than 100 apart.
func (b bounds) wrong() *failure {
	switch {
	case b.min == nil && b.max == nil:
		return nil
	case b.min == nil || b.max == nil:
		return invalid("You must specify both MinHealthyPercentage and MaxHealthyPercentage.")
	case *b.max-*b.min > 100:
		return invalid("The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than 100.")
	}
	return firstFailure(inRange("minHealthyPercentage", b.min, 0, 100), inRange("maxHealthyPercentage", b.max, 100, 200))
}

// zonesOfSubnets spreads subnets over the zones of the region, in order:
// subnets themselves are not simulated.
func zonesOfSubnets(subnets, region string) []string {
	var zones []string
	for n, s := range strings.Split(subnets, ",") {
		zone := region + string(rune('a'+n%3))
		if strings.TrimSpace(s) != "" && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	return zones
}
