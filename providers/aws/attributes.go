package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"moult/reconcile"
)

// Groups that select instance types by attributes (InstanceRequirements) take
// neither a desired configuration nor skip matching ("Considerations", instance
// refresh overview, Auto Scaling user guide). Their way is another, and worse:
//
//   - The version is saved in the group first, so that the old one is gone from
//     there: AWS cannot roll such a refresh back, by itself or when asked.
//   - Every instance is replaced, those that run the image already included.
//   - The refresh does not say what it is for. One that is found running after
//     a lost reply is taken for ours if the group has our version saved, and
//     what the newest one was for is remembered until the agent restarts.
//
// What is left of the rules is kept: numbered versions, literal images, no
// capacity, no running instance changed.

func (c *change) byAttributes() bool {
	return c.action.Shape == reconcile.ShapeAttributes || shapeOf(&c.group) == reconcile.ShapeAttributes
}

// saveFirst saves the target in the group, unless an earlier try got as far as
// that, and takes out of the refresh what AWS refuses here.
func (c *change) saveFirst(ctx context.Context, t target, input *autoscaling.StartInstanceRefreshInput) error {
	input.DesiredConfiguration = nil
	input.Preferences.SkipMatching, input.Preferences.AutoRollback = awssdk.Bool(false), awssdk.Bool(false)
	if same(c.saved, t.saved()) {
		return nil
	}
	return c.save(ctx, t)
}

// save writes the target into the group, and nothing else of the group:
// whatever is left out of UpdateAutoScalingGroup stays as it is.
func (c *change) save(ctx context.Context, t target) error {
	_, err := c.groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &c.action.AutoScalingGroup, LaunchTemplate: t.template, MixedInstancesPolicy: t.policy,
	}, c.author.autoScaling)
	if err != nil {
		return failed("save the version in the group", err)
	}
	return nil
}
