package aws

import (
	"slices"
	"sort"
	"strconv"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// words keeps one copy of each text that repeats: 100,000 instances share a
// handful of images, templates, types and states.
type words map[string]string

func (w words) of(text *string) string {
	if text == nil {
		return ""
	}
	if kept, ok := w[*text]; ok {
		return kept
	}
	w[*text] = *text
	return *text
}

// observedOf is a group as the cloud describes it. Versions have their
// template and number only, or none while they follow a symbol; what they hold
// is looked up later, for many groups at once.
func observedOf(g *astypes.AutoScalingGroup, w words) reconcile.Observed {
	o := reconcile.Observed{
		Exists: true, ARN: awssdk.ToString(g.AutoScalingGroupARN), Shape: shapeOf(g),
		Operator: operatorOf(g), Deleting: awssdk.ToString(g.Status) != "",
		Saved:    savedOf(g.LaunchTemplate, g.MixedInstancesPolicy, w),
		Capacity: number(g.DesiredCapacity), Min: number(g.MinSize), Max: number(g.MaxSize),
		Weighted: weighted(g), Suspended: suspended(g),
		Maintenance: maintenanceOf(g.InstanceMaintenancePolicy),
		Grace:       reconcile.Span(time.Duration(number(g.HealthCheckGracePeriod)) * time.Second),
	}
	if g.DefaultInstanceWarmup != nil {
		warmup := reconcile.Span(time.Duration(*g.DefaultInstanceWarmup) * time.Second)
		o.Warmup = &warmup
	}
	o.Instances = instancesOf(g.Instances, false, w)
	return o
}

func shapeOf(g *astypes.AutoScalingGroup) reconcile.Shape {
	switch {
	case g.MixedInstancesPolicy != nil && selectsByAttributes(g.MixedInstancesPolicy):
		return reconcile.ShapeAttributes
	case g.MixedInstancesPolicy != nil:
		return reconcile.ShapeMixed
	case g.LaunchTemplate != nil:
		return reconcile.ShapePlain
	case awssdk.ToString(g.LaunchConfigurationName) != "":
		return reconcile.ShapeOld
	}
	return reconcile.ShapeNone
}

func selectsByAttributes(policy *astypes.MixedInstancesPolicy) bool {
	return policy.LaunchTemplate != nil && slices.ContainsFunc(policy.LaunchTemplate.Overrides, func(o astypes.LaunchTemplateOverrides) bool {
		return o.InstanceRequirements != nil
	})
}

// typeless reports whether the group names no instance types and leaves them to
// its template.
func typeless(g *astypes.AutoScalingGroup) bool {
	p := g.MixedInstancesPolicy
	return p == nil || p.LaunchTemplate == nil || len(p.LaunchTemplate.Overrides) == 0
}

// savedOf is what a launch template or a mixed instances policy says, of a
// group or of the desired configuration of a refresh.
func savedOf(template *astypes.LaunchTemplateSpecification, policy *astypes.MixedInstancesPolicy, w words) reconcile.Saved {
	var saved reconcile.Saved
	if policy == nil {
		saved.Version, saved.Floating = pinOf(template, w)
		return saved
	}
	if policy.LaunchTemplate == nil {
		return saved
	}
	saved.Version, saved.Floating = pinOf(policy.LaunchTemplate.LaunchTemplateSpecification, w)
	for i := range policy.LaunchTemplate.Overrides {
		o := &policy.LaunchTemplate.Overrides[i]
		if o.LaunchTemplateSpecification == nil && awssdk.ToString(o.ImageId) == "" {
			continue
		}
		override := reconcile.Override{InstanceType: w.of(o.InstanceType), Image: w.of(o.ImageId)}
		override.Version, override.Floating = pinOf(o.LaunchTemplateSpecification, w)
		saved.Overrides = append(saved.Overrides, override)
	}
	return saved
}

// pinOf is which version a group, an override or an instance names: a number,
// or the symbol that it follows. One that names none follows $Default
// (LaunchTemplateSpecification, Auto Scaling API).
func pinOf(spec *astypes.LaunchTemplateSpecification, w words) (reconcile.Version, string) {
	if spec == nil {
		return reconcile.Version{}, ""
	}
	v := reconcile.Version{Template: w.of(spec.LaunchTemplateId)}
	version := awssdk.ToString(spec.Version)
	if n, err := strconv.ParseInt(version, 10, 64); err == nil {
		v.Number = n
		return v, ""
	}
	if version == "$Latest" {
		return v, "$Latest"
	}
	return v, "$Default"
}

func instancesOf(all []astypes.Instance, warm bool, w words) []reconcile.Instance {
	if len(all) == 0 {
		return nil
	}
	instances := make([]reconcile.Instance, len(all))
	for n := range all {
		i := &all[n]
		version, _ := pinOf(i.LaunchTemplate, w)
		instances[n] = reconcile.Instance{
			ID: awssdk.ToString(i.InstanceId), Type: w.of(i.InstanceType), Image: w.of(i.ImageId),
			Template: version.Template, Version: version.Number,
			Lifecycle: w.of((*string)(&i.LifecycleState)), Healthy: awssdk.ToString(i.HealthStatus) == "Healthy",
			Protected: awssdk.ToBool(i.ProtectedFromScaleIn), Warm: warm,
		}
	}
	return instances
}

func operatorOf(g *astypes.AutoScalingGroup) string {
	if g.Operator == nil {
		return ""
	}
	return awssdk.ToString(g.Operator.Principal)
}

func weighted(g *astypes.AutoScalingGroup) bool {
	if p := g.MixedInstancesPolicy; p != nil && p.LaunchTemplate != nil {
		for i := range p.LaunchTemplate.Overrides {
			if awssdk.ToString(p.LaunchTemplate.Overrides[i].WeightedCapacity) != "" {
				return true
			}
		}
	}
	return false
}

func suspended(g *astypes.AutoScalingGroup) []string {
	var names []string
	for _, p := range g.SuspendedProcesses {
		names = append(names, awssdk.ToString(p.ProcessName))
	}
	sort.Strings(names)
	return names
}

// maintenanceOf leaves out a policy that has been cleared: AWS clears one with
// -1 for both values (InstanceMaintenancePolicy, Auto Scaling API).
func maintenanceOf(p *astypes.InstanceMaintenancePolicy) *reconcile.Maintenance {
	if p == nil || p.MinHealthyPercentage == nil || p.MaxHealthyPercentage == nil || *p.MinHealthyPercentage < 0 {
		return nil
	}
	return &reconcile.Maintenance{MinHealthyPercentage: number(p.MinHealthyPercentage), MaxHealthyPercentage: number(p.MaxHealthyPercentage)}
}

// typesOf is the instance types that a group may launch or runs, as far as
// the group says.
func typesOf(g *astypes.AutoScalingGroup, w words) []string {
	seen := map[string]bool{}
	for i := range g.Instances {
		seen[w.of(g.Instances[i].InstanceType)] = true
	}
	if p := g.MixedInstancesPolicy; p != nil && p.LaunchTemplate != nil {
		for i := range p.LaunchTemplate.Overrides {
			seen[w.of(p.LaunchTemplate.Overrides[i].InstanceType)] = true
		}
	}
	delete(seen, "")
	return sortedKeys(seen)
}

func number(n *int32) int {
	return int(awssdk.ToInt32(n))
}
