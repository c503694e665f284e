package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// roll finds or makes the version that holds the image and starts a refresh
// towards it. The group's own template is left alone: AWS rewrites it when the
// refresh has succeeded, and goes back to it when it has not.
func (c *change) roll(ctx context.Context) (reconcile.Receipt, error) {
	if err := c.unchanged(); err != nil {
		return reconcile.Receipt{}, err
	}
	if c.action.Saved.Floats() {
		return reconcile.Receipt{}, fmt.Errorf("%w: the group follows $Latest, $Default or an SSM alias; pin it first", reconcile.ErrInvalid)
	}
	t, err := c.moveTo(ctx, holding(c.action.Image))
	if err != nil {
		return reconcile.Receipt{}, err
	}
	input := &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: &c.action.AutoScalingGroup,
		Strategy:             astypes.RefreshStrategyRolling,
		Preferences:          preferencesOf(c.action.Preferences),
		DesiredConfiguration: t.desired(),
	}
	if c.byAttributes() {
		if err := c.saveFirst(ctx, t, input); err != nil {
			return reconcile.Receipt{}, err
		}
	}
	return c.start(ctx, t, input)
}

// start sends StartInstanceRefresh once: the call has no token that would make
// it safe to repeat, so that a lost reply is settled by looking.
func (c *change) start(ctx context.Context, t target, input *autoscaling.StartInstanceRefreshInput) (reconcile.Receipt, error) {
	receipt := reconcile.Receipt{Version: t.version, Created: t.created}
	once := func(o *autoscaling.Options) { o.RetryMaxAttempts = 1 }
	out, err := c.groups.StartInstanceRefresh(ctx, input, c.author.autoScaling, once)
	switch {
	case err == nil:
		receipt.RefreshID = awssdk.ToString(out.InstanceRefreshId)
	case hasCode(err, "InstanceRefreshInProgress") || unanswered(err):
		if receipt.RefreshID, err = c.settle(ctx, t, input, err); err != nil {
			return reconcile.Receipt{}, err
		}
		receipt.Adopted = true
	case t.created && hasCode(err, "ValidationError") && errors.Is(classOf(err), reconcile.ErrInvalid):
		// Something made a moment ago is not seen everywhere at once. The next
		// pass finds the version made, and believes what AWS says of it then.
		return reconcile.Receipt{}, fmt.Errorf("%w: version %d was just made: %w", reconcile.ErrRetry, t.version.Number, refusal{err})
	default:
		return reconcile.Receipt{}, failed("ask AWS", err)
	}
	started := rollout{id: receipt.RefreshID, active: true, moved: time.Now()}
	if input.DesiredConfiguration == nil {
		started.target = t.version
	}
	c.remember(c.action.AutoScalingGroup, started)
	return receipt, nil
}

// settle looks what became of a start whose reply was lost, or that found a
// refresh in progress: that refresh may be ours. A refresh that has ended by
// now is left to the next pass, which judges it as it judges any other.
func (c *change) settle(ctx context.Context, t target, input *autoscaling.StartInstanceRefreshInput, cause error) (string, error) {
	attempts, err := c.attemptsOf(ctx, c.action.AutoScalingGroup, attemptsSettled)
	if err != nil {
		return "", failed("ask AWS", cause)
	}
	for _, a := range attempts {
		if !a.Status.Active() {
			continue
		}
		if a.Targeted == (input.DesiredConfiguration != nil) && (!a.Targeted || same(a.target, t.saved())) {
			return a.ID, nil
		}
		return "", fmt.Errorf("%w: refresh %s towards %s is in progress", reconcile.ErrConflict, a.ID, towards(a))
	}
	return "", failed("ask AWS", cause)
}

// attemptsSettled is how many refreshes are read to find the active one. AWS
// lists it first.
const attemptsSettled = 5

func towards(a attempt) string {
	if !a.Targeted {
		return "what the group has saved"
	}
	return describe(a.target)
}

// preferencesOf leaves nothing to defaults but what the plan leaves to the
// group itself.
func preferencesOf(p reconcile.Preferences) *astypes.RefreshPreferences {
	prefs := &astypes.RefreshPreferences{
		MinHealthyPercentage: int32Of(p.MinHealthyPercentage), MaxHealthyPercentage: int32Of(p.MaxHealthyPercentage),
		InstanceWarmup: secondsOf(p.InstanceWarmup), CheckpointDelay: secondsOf(p.CheckpointDelay), BakeTime: secondsOf(p.BakeTime),
		AutoRollback: awssdk.Bool(p.AutoRollback), SkipMatching: awssdk.Bool(p.SkipMatching),
		ScaleInProtectedInstances: protectedWords[p.ScaleInProtectedInstances],
		StandbyInstances:          standbyWords[p.StandbyInstances],
	}
	for _, percent := range p.CheckpointPercentages {
		prefs.CheckpointPercentages = append(prefs.CheckpointPercentages, int32(percent))
	}
	if len(p.Alarms) > 0 {
		prefs.AlarmSpecification = &astypes.AlarmSpecification{Alarms: p.Alarms}
	}
	return prefs
}

// AWS's words for the words of the declaration language. What is not declared
// is ignored rather than left out: left out, AWS waits for an hour and fails.
var (
	protectedWords = map[string]astypes.ScaleInProtectedInstances{
		"": astypes.ScaleInProtectedInstancesIgnore, "ignore": astypes.ScaleInProtectedInstancesIgnore,
		"refresh": astypes.ScaleInProtectedInstancesRefresh, "wait": astypes.ScaleInProtectedInstancesWait,
	}
	standbyWords = map[string]astypes.StandbyInstances{
		"": astypes.StandbyInstancesIgnore, "ignore": astypes.StandbyInstancesIgnore,
		"terminate": astypes.StandbyInstancesTerminate, "wait": astypes.StandbyInstancesWait,
	}
)

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	return awssdk.Int32(int32(*n))
}

func secondsOf(d *reconcile.Span) *int32 {
	if d == nil {
		return nil
	}
	return awssdk.Int32(int32(time.Duration(*d).Seconds()))
}
