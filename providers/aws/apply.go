package aws

import (
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// change is one action being carried out on one group, as the group is now.
type change struct {
	*site
	action reconcile.Action
	author author
	scope  scope
	group  astypes.AutoScalingGroup
	saved  reconcile.Saved // of the group now: names and numbers only
}

// apply carries out an action. The group is read again first: between plan and
// action a person may have changed it, and then the plan is void.
func (s *site) apply(ctx context.Context, action reconcile.Action) (reconcile.Receipt, error) {
	c := &change{site: s, action: action, author: s.author(action.Commit)}
	steps := map[reconcile.Verb]func(context.Context) (reconcile.Receipt, error){
		reconcile.Roll: c.roll, reconcile.Pin: c.pin, reconcile.Cancel: c.cancel, reconcile.RollBack: c.rollBack,
	}
	step := steps[action.Verb]
	if step == nil {
		return reconcile.Receipt{}, fmt.Errorf("apply to %s: %w: unknown verb %q", action.Group, reconcile.ErrInvalid, action.Verb)
	}
	err := c.readGroup(ctx)
	if err == nil {
		var receipt reconcile.Receipt
		if receipt, err = step(ctx); err == nil {
			return receipt, nil
		}
	}
	return reconcile.Receipt{}, failed(fmt.Sprintf("%s %s", doing(action.Verb), action.Group), err)
}

func doing(verb reconcile.Verb) string {
	switch verb {
	case reconcile.Roll:
		return "start refresh of"
	case reconcile.Pin:
		return "pin the launch template of"
	case reconcile.Cancel:
		return "cancel the refresh of"
	}
	return "roll back the refresh of"
}

// readGroup reads the group as it is now.
func (c *change) readGroup(ctx context.Context) error {
	out, err := c.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{c.action.AutoScalingGroup}, IncludeInstances: awssdk.Bool(false),
	})
	if err != nil {
		return failed("describe the group", err)
	}
	if len(out.AutoScalingGroups) == 0 {
		return fmt.Errorf("%w: Auto Scaling group %s is gone", reconcile.ErrConflict, c.action.AutoScalingGroup)
	}
	c.group = out.AutoScalingGroups[0]
	if operator := operatorOf(&c.group); operator != "" {
		return fmt.Errorf("%w: %s operates Auto Scaling group %s, and only it may change it", reconcile.ErrInvalid, operator, c.action.AutoScalingGroup)
	}
	c.scope = scopeOf(awssdk.ToString(c.group.AutoScalingGroupARN))
	c.saved = savedOf(c.group.LaunchTemplate, c.group.MixedInstancesPolicy, words{})
	return nil
}

// unchanged fails when the group has not saved any more what the plan was made
// for.
func (c *change) unchanged() error {
	if same(c.saved, c.action.Saved) {
		return nil
	}
	return fmt.Errorf("%w: the group now has %s saved, not %s", reconcile.ErrConflict, describe(c.saved), describe(c.action.Saved))
}

// same reports whether two configurations name the same versions and images,
// in the group and in its overrides.
func same(a, b reconcile.Saved) bool {
	if !sameVersion(a.Version, b.Version) || a.Floating != b.Floating || len(a.Overrides) != len(b.Overrides) {
		return false
	}
	for n, o := range a.Overrides {
		p := b.Overrides[n]
		if o.InstanceType != p.InstanceType || o.Image != p.Image || o.Floating != p.Floating || !sameVersion(o.Version, p.Version) {
			return false
		}
	}
	return true
}

func sameVersion(a, b reconcile.Version) bool {
	return a.Template == b.Template && a.Number == b.Number
}

func describe(saved reconcile.Saved) string {
	text := fmt.Sprintf("version %d of %s", saved.Number, saved.Template)
	if saved.Floating != "" {
		text = fmt.Sprintf("%s of %s", saved.Floating, saved.Template)
	}
	if len(saved.Overrides) > 0 {
		text += fmt.Sprintf(" with %d overrides", len(saved.Overrides))
	}
	return text
}

// versionNow is what a version holds, from memory or from AWS.
func (c *change) versionNow(ctx context.Context, ref versionRef) (reconcile.Version, error) {
	if err := c.learn(ctx, c.scope, map[versionRef]bool{ref: true})[ref.template]; err != nil {
		return reconcile.Version{}, err
	}
	k, ok := c.known.get(c.scope, ref)
	if !ok {
		return reconcile.Version{}, fmt.Errorf("%w: version %d of %s does not exist; set the group to a version that does",
			reconcile.ErrInvalid, ref.number, ref.template)
	}
	return k.Version, nil
}
