package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const region = "eu-west-1"

// member is one group of the simulated fleet.
type member struct {
	name     string
	capacity int32
	low      int // min_healthy_percentage
	mixed    bool
	rollout  string // the lines of its rollout block
}

// asg is the name of the member's Auto Scaling group.
func (m member) asg() string { return m.name + "-asg" }

// foreign is a group that nobody declares.
const foreign = "foreign"

// randomFleet is two or three groups, no two alike. A careful fleet warms up
// for longer than its health checks are put off: without that, AWS counts a
// broken instance as replaced before anybody has looked at it.
func randomFleet(dice *rand.Rand, careful bool) []member {
	warmups := []string{"0s", "30s", "5m"}
	if careful {
		warmups = []string{"5m"}
	}
	fleet := []member{
		{name: "web", capacity: 2 + dice.Int32N(5)},
		{name: "api", capacity: 1 + dice.Int32N(3), mixed: true},
		{name: "batch", capacity: dice.Int32N(4)},
	}[:2+dice.IntN(2)]
	for i := range fleet {
		fleet[i].low = pick(dice, 0, 50, 90, 100)
		high := pick(dice, 100, 110, 150, 200)
		high = min(high, fleet[i].low+100)
		fleet[i].rollout = fmt.Sprintf("      min_healthy_percentage = %d\n      max_healthy_percentage = %d\n      instance_warmup = %q\n",
			fleet[i].low, high, pick(dice, warmups...))
		if dice.IntN(4) == 0 {
			fleet[i].rollout += fmt.Sprintf("      checkpoint_percentages = [50, 100]\n      checkpoint_delay = %q\n", pick(dice, "1m", "20m"))
		}
		if dice.IntN(4) == 0 {
			fleet[i].rollout += "      bake_time = \"10m\"\n"
		}
		if dice.IntN(4) == 0 {
			fleet[i].rollout += "      auto_rollback = false\n"
		}
	}
	return fleet
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

// person is somebody with the AWS console: clients that are not the agent's.
type person struct {
	groups  *autoscaling.Client
	compute *ec2.Client
}

func newPerson(w *wire) person {
	cfg := awssdk.Config{
		Region: region, HTTPClient: w, BaseEndpoint: awssdk.String("http://aws.test"),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAPERSON", "secret", ""),
		Retryer: func() awssdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = steady })
		},
	}
	return person{groups: autoscaling.NewFromConfig(cfg), compute: ec2.NewFromConfig(cfg)}
}

// kinds of image, and what the simulated AWS is told about each.
var behaviours = map[string]string{"good": "", "unhealthy": "unhealthy", "slow": "slow=400s", "crash": "crash=100s", "fail": "fail=InsufficientInstanceCapacity"}

// bake registers an image that behaves as its kind says.
func (p person) bake(ctx context.Context, t *testing.T, name, kind string) string {
	t.Helper()
	in := &ec2.RegisterImageInput{Name: awssdk.String(name), Architecture: ec2types.ArchitectureValuesX8664, RootDeviceName: awssdk.String("/dev/xvda")}
	if behaviours[kind] != "" {
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeImage, Tags: []ec2types.Tag{
			{Key: awssdk.String("awssim:behaviour"), Value: awssdk.String(behaviours[kind])},
		}}}
	}
	out, err := p.compute.RegisterImage(ctx, in)
	if err != nil {
		t.Fatalf("register image: %v", err)
	}
	return *out.ImageId
}

// make builds a group on an image and returns its launch template.
func (p person) make(ctx context.Context, t *testing.T, m member, image string) {
	t.Helper()
	template, err := p.compute.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: awssdk.String(m.name),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image, InstanceType: ec2types.InstanceTypeM5Large, UserData: awssdk.String("I2Nsb3VkLWNvbmZpZw==")},
	})
	if err != nil {
		t.Fatalf("create launch template: %v", err)
	}
	spec := &astypes.LaunchTemplateSpecification{LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, Version: awssdk.String("1")}
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: awssdk.String(m.asg()), MinSize: awssdk.Int32(0), MaxSize: awssdk.Int32(20), DesiredCapacity: &m.capacity,
		AvailabilityZones: []string{region + "a", region + "b"}, HealthCheckGracePeriod: awssdk.Int32(60),
	}
	if m.mixed {
		in.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
			LaunchTemplateSpecification: spec,
			Overrides:                   []astypes.LaunchTemplateOverrides{{InstanceType: awssdk.String("m5.large")}, {InstanceType: awssdk.String("c5.large")}},
		}}
	} else {
		in.LaunchTemplate = spec
	}
	if _, err := p.groups.CreateAutoScalingGroup(ctx, in); err != nil {
		t.Fatalf("create group: %v", err)
	}
}

// look is what AWS says a group is.
func (p person) look(ctx context.Context, asg string) (astypes.AutoScalingGroup, bool) {
	out, err := p.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{asg}})
	if err != nil || len(out.AutoScalingGroups) == 0 {
		return astypes.AutoScalingGroup{}, false
	}
	return out.AutoScalingGroups[0], true
}

// spec is the template that a group has saved, wherever it keeps it.
func spec(g astypes.AutoScalingGroup) *astypes.LaunchTemplateSpecification {
	if g.MixedInstancesPolicy != nil {
		return g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}

// imageOf is the image of a template version.
func (p person) imageOf(ctx context.Context, template, version string) string {
	out, err := p.compute.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template, Versions: []string{version}})
	if err != nil || len(out.LaunchTemplateVersions) == 0 {
		return ""
	}
	return awssdk.ToString(out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId)
}

// refreshes are a group's refreshes, newest first.
func (p person) refreshes(ctx context.Context, asg string) []astypes.InstanceRefresh {
	out, err := p.groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &asg, MaxRecords: awssdk.Int32(100)})
	if err != nil {
		return nil
	}
	return out.InstanceRefreshes
}

// settle waits until every group is at its capacity, as after creation.
func settle() { time.Sleep(10 * time.Minute) }
