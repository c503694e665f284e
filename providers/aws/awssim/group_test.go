package awssim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// plainFleet is the scenarios' fleet with a group of some attributes.
func plainFleet(attributes string) string { return fmt.Sprintf(scenarioFleet, "unhealthy", attributes) }

// only is the one group that there is, as the SDK sees it.
func (w *world) only() types.AutoScalingGroup {
	w.Helper()
	out := must[*autoscaling.DescribeAutoScalingGroupsOutput](w.T)(w.as.DescribeAutoScalingGroups(w.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}}))
	if len(out.AutoScalingGroups) != 1 {
		w.Fatalf("got %d groups", len(out.AutoScalingGroups))
	}
	return out.AutoScalingGroups[0]
}

func TestGroupComesBackAsItWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet(""))
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("shop <&> "), MinSize: whole(1), MaxSize: whole(9), DesiredCapacity: whole(4),
		AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}, VPCZoneIdentifier: aws.String("subnet-1,subnet-2"),
		DefaultCooldown: whole(12), DefaultInstanceWarmup: whole(34), HealthCheckGracePeriod: whole(56), HealthCheckType: aws.String("ELB"),
		TargetGroupARNs: []string{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/a/1"}, TerminationPolicies: []string{"OldestInstance", "Default"},
		MaxInstanceLifetime: whole(86400), NewInstancesProtectedFromScaleIn: aws.Bool(true), CapacityRebalance: aws.Bool(true),
		InstanceMaintenancePolicy:    &types.InstanceMaintenancePolicy{MinHealthyPercentage: whole(90), MaxHealthyPercentage: whole(120)},
		InstanceLifecyclePolicy:      &types.InstanceLifecyclePolicy{RetentionTriggers: &types.RetentionTriggers{TerminateHookAbandon: types.RetentionActionRetain}},
		AvailabilityZoneDistribution: &types.AvailabilityZoneDistribution{CapacityDistributionStrategy: types.CapacityDistributionStrategyBalancedOnly},
		Tags:                         []types.Tag{{Key: aws.String("env"), Value: aws.String("dev"), PropagateAtLaunch: aws.Bool(true)}},
		MixedInstancesPolicy: &types.MixedInstancesPolicy{
			InstancesDistribution: &types.InstancesDistribution{OnDemandBaseCapacity: whole(1), SpotAllocationStrategy: aws.String("price-capacity-optimized")},
			LaunchTemplate: &types.LaunchTemplate{
				LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: aws.String("1")},
				Overrides: []types.LaunchTemplateOverrides{
					{InstanceType: aws.String("m5.large"), WeightedCapacity: aws.String("2")},
					{InstanceType: aws.String("m5.xlarge"), WeightedCapacity: aws.String("4"), ImageId: aws.String(secondImage),
						LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: aws.String("$Latest")}},
				},
			},
		},
	}
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(w.as.CreateAutoScalingGroup(t.Context(), in))
	out := must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{*in.AutoScalingGroupName}}))
	got := out.AutoScalingGroups[0]

	id := got.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId
	in.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId = id
	in.MixedInstancesPolicy.LaunchTemplate.Overrides[1].LaunchTemplateSpecification.LaunchTemplateId = id
	want := types.AutoScalingGroup{
		AutoScalingGroupName: in.AutoScalingGroupName, MinSize: in.MinSize, MaxSize: in.MaxSize, DesiredCapacity: in.DesiredCapacity,
		AvailabilityZones: in.AvailabilityZones, VPCZoneIdentifier: in.VPCZoneIdentifier, DefaultCooldown: in.DefaultCooldown,
		DefaultInstanceWarmup: in.DefaultInstanceWarmup, HealthCheckGracePeriod: in.HealthCheckGracePeriod, HealthCheckType: in.HealthCheckType,
		TargetGroupARNs: in.TargetGroupARNs, TerminationPolicies: in.TerminationPolicies, MaxInstanceLifetime: in.MaxInstanceLifetime,
		NewInstancesProtectedFromScaleIn: in.NewInstancesProtectedFromScaleIn, CapacityRebalance: in.CapacityRebalance,
		InstanceMaintenancePolicy: in.InstanceMaintenancePolicy, InstanceLifecyclePolicy: in.InstanceLifecyclePolicy,
		AvailabilityZoneDistribution: in.AvailabilityZoneDistribution, MixedInstancesPolicy: in.MixedInstancesPolicy,
		Tags: []types.TagDescription{{Key: aws.String("env"), Value: aws.String("dev"), PropagateAtLaunch: aws.Bool(true), ResourceId: in.AutoScalingGroupName, ResourceType: aws.String("auto-scaling-group")}},
	}
	ignore := cmp.Options{cmpopts.IgnoreFields(types.AutoScalingGroup{}, "AutoScalingGroupARN", "CreatedTime", "Instances"), unexported(types.AutoScalingGroup{})}
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("group (-sent +described):\n%s", diff)
	}
	if !strings.HasPrefix(*got.AutoScalingGroupARN, "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:") {
		t.Errorf("got ARN %s", *got.AutoScalingGroupARN)
	}
	if len(got.Instances) != 2 || *got.Instances[0].WeightedCapacity != "2" || *got.Instances[1].ImageId != secondImage || *got.Instances[1].LaunchTemplate.Version != "3" {
		t.Errorf("got instances %+v", got.Instances)
	}
}

// unexported ignores what the SDK keeps for itself in its types.
func unexported(v any) cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && field.Name() == "noSmithyDocumentSerde"
	}, cmp.Ignore())
}

func TestGroupsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet("")+`
group "many-%03d" {
  count            = 120
  template         = "web"
  desired_capacity = 0
  tags             = { env = "dev" }
}`)
	for _, c := range []struct {
		in    autoscaling.DescribeAutoScalingGroupsInput
		pages []int
	}{
		{autoscaling.DescribeAutoScalingGroupsInput{}, []int{50, 50, 21}},
		{autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: whole(100)}, []int{100, 21}},
		{autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: whole(60), Filters: []types.Filter{{Name: aws.String("tag:env"), Values: []string{"dev"}}}}, []int{60, 60}},
		{autoscaling.DescribeAutoScalingGroupsInput{Filters: []types.Filter{{Name: aws.String("tag:env"), Values: []string{"prod"}}}}, []int{0}},
		{autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"many-001", "web", "nowhere"}}, []int{2}},
	} {
		var pages []int
		p := autoscaling.NewDescribeAutoScalingGroupsPaginator(w.as, &c.in)
		for p.HasMorePages() {
			out := must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(p.NextPage(t.Context()))
			pages = append(pages, len(out.AutoScalingGroups))
		}
		if diff := cmp.Diff(c.pages, pages); diff != "" {
			t.Errorf("pages of %+v (-want +got):\n%s", c.in, diff)
		}
	}
	var names []string
	for n := range 51 {
		names = append(names, fmt.Sprintf("many-%03d", n))
	}
	_, err := w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names})
	refused(t, err, 400, "ValidationError")
	_, err = w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: whole(101)})
	refused(t, err, 400, "ValidationError")
	_, err = w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{NextToken: aws.String("bogus")})
	refused(t, err, 400, "InvalidNextToken")
}

func TestGroupsWithoutInstancesOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet("desired_capacity = 2"))
	out := must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{IncludeInstances: aws.Bool(false)}))
	if n := len(out.AutoScalingGroups[0].Instances); n != 0 {
		t.Errorf("got %d instances", n)
	}
}

func TestUpdateChangesOnlyWhatIsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet("desired_capacity = 2\nmax_size = 8\nhealth_check_grace_period = 60"))
	before := w.only()
	must[*autoscaling.UpdateAutoScalingGroupOutput](t)(w.as.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MinSize: whole(3)}))
	after := w.only()
	if *after.MinSize != 3 || *after.DesiredCapacity != 3 {
		t.Errorf("got minimum %d and desired %d, want the desired capacity to follow the minimum", *after.MinSize, *after.DesiredCapacity)
	}
	before.MinSize, before.DesiredCapacity = after.MinSize, after.DesiredCapacity
	ignore := cmp.Options{cmpopts.IgnoreFields(types.AutoScalingGroup{}, "Instances"), unexported(types.AutoScalingGroup{})}
	if diff := cmp.Diff(before, after, ignore); diff != "" {
		t.Errorf("other settings (-before +after):\n%s", diff)
	}
	must[*autoscaling.UpdateAutoScalingGroupOutput](t)(w.as.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: aws.String("2")},
	}))
	if got := w.only(); *got.LaunchTemplate.Version != "2" || *got.Instances[0].LaunchTemplate.Version != "1" {
		t.Error("an update must change the template and leave running instances alone")
	}
}

func TestChangesAreRefused(t *testing.T) {
	t.Parallel()
	web := aws.String("web")
	version := func(v string) *types.LaunchTemplateSpecification {
		return &types.LaunchTemplateSpecification{LaunchTemplateName: web, Version: &v}
	}
	for name, c := range map[string]struct {
		group string
		call  func(w *world) error
		code  string
		http  int
	}{
		"group that does not exist": {"", func(w *world) error {
			_, err := w.as.DescribeInstanceRefreshes(w.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String("nowhere")})
			return err
		}, "ValidationError", 400},
		"group that exists already": {"", func(w *world) error {
			_, err := w.as.CreateAutoScalingGroup(w.Context(), &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: web, MinSize: whole(0), MaxSize: whole(1), LaunchTemplate: version("1"), AvailabilityZones: []string{"eu-west-1a"}})
			return err
		}, "AlreadyExists", 400},
		"minimum above maximum": {"", func(w *world) error {
			_, err := w.as.UpdateAutoScalingGroup(w.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: web, MinSize: whole(5), MaxSize: whole(4)})
			return err
		}, "ValidationError", 400},
		"template that cannot be launched": {"", func(w *world) error {
			_, err := w.as.UpdateAutoScalingGroup(w.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: web, LaunchTemplate: version("9")})
			return err
		}, "ValidationError", 400},
		"template while a refresh has a desired configuration": {"", func(w *world) error {
			w.start("2")
			_, err := w.as.UpdateAutoScalingGroup(w.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: web, LaunchTemplate: version("2")})
			return err
		}, "ValidationError", 400},
		"second refresh": {"", func(w *world) error {
			w.start("2")
			_, err := w.as.StartInstanceRefresh(w.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "InstanceRefreshInProgress", 400},
		"cancel of nothing": {"", func(w *world) error {
			_, err := w.as.CancelInstanceRefresh(w.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "ActiveInstanceRefreshNotFound", 400},
		"rollback of nothing": {"", func(w *world) error {
			_, err := w.as.RollbackInstanceRefresh(w.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "ActiveInstanceRefreshNotFound", 400},
		"rollback without desired configuration": {"", func(w *world) error {
			must[*autoscaling.StartInstanceRefreshOutput](w.T)(w.as.StartInstanceRefresh(w.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web}))
			_, err := w.as.RollbackInstanceRefresh(w.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "IrreversibleInstanceRefresh", 400},
		"rollback to a floating version": {`version = "$Latest"`, func(w *world) error {
			w.start("2")
			_, err := w.as.RollbackInstanceRefresh(w.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "IrreversibleInstanceRefresh", 400},
		"deletion of a group with instances": {"", func(w *world) error {
			_, err := w.as.DeleteAutoScalingGroup(w.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: web})
			return err
		}, "ResourceInUse", 400},
		"group that a service operates": {`operator = "eks.amazonaws.com"`, func(w *world) error {
			_, err := w.as.StartInstanceRefresh(w.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
			return err
		}, "AccessDenied", 403},
		"desired capacity above maximum": {"max_size = 2", func(w *world) error {
			_, err := w.as.SetDesiredCapacity(w.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: whole(3)})
			return err
		}, "ValidationError", 400},
		"process that does not exist": {"", func(w *world) error {
			_, err := w.as.SuspendProcesses(w.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: web, ScalingProcesses: []string{"Sleep"}})
			return err
		}, "ValidationError", 400},
		"instance of no group": {"", func(w *world) error {
			_, err := w.as.SetInstanceHealth(w.Context(), &autoscaling.SetInstanceHealthInput{InstanceId: aws.String("i-00000000000000000"), HealthStatus: aws.String("Unhealthy")})
			return err
		}, "ValidationError", 400},
		"warm pool of a mixed group": {"mixed_instances_policy {}", func(w *world) error {
			_, err := w.as.PutWarmPool(w.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: web})
			return err
		}, "ValidationError", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainFleet(c.group))
			refused(t, c.call(w), c.http, c.code)
		})
	}
}

// start begins a refresh to a version of the template.
func (w *world) start(version string) string {
	w.Helper()
	in := toVersion(version, launchFirst())
	in.AutoScalingGroupName = aws.String("web")
	return *must[*autoscaling.StartInstanceRefreshOutput](w.T)(w.as.StartInstanceRefresh(w.Context(), &in)).InstanceRefreshId
}
