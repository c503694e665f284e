package aws

import (
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"moult/reconcile"
)

// cancel stops the action's refresh. AWS cancels whatever runs in the group,
// so it is looked first that this is still the one. That it has ended by now
// is success.
func (c *change) cancel(ctx context.Context) (reconcile.Receipt, error) {
	receipt := reconcile.Receipt{RefreshID: c.action.RefreshID}
	now, err := c.activeNow(ctx)
	if err != nil || now.ID == "" || now.Status == reconcile.Cancelling {
		return receipt, err
	}
	_, err = c.groups.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{
		AutoScalingGroupName: &c.action.AutoScalingGroup,
	}, c.author.autoScaling)
	if err != nil && !hasCode(err, "ActiveInstanceRefreshNotFound") {
		return reconcile.Receipt{}, failed("ask AWS", err)
	}
	return receipt, nil
}

// rollBack undoes the action's refresh. One that has ended cannot be undone
// any more: the next pass sees where it ended.
func (c *change) rollBack(ctx context.Context) (reconcile.Receipt, error) {
	now, err := c.activeNow(ctx)
	switch {
	case err != nil:
		return reconcile.Receipt{}, err
	case now.ID == "":
		return reconcile.Receipt{}, fmt.Errorf("%w: refresh %s has ended", reconcile.ErrConflict, c.action.RefreshID)
	case now.Status == reconcile.RollbackInProgress:
		return reconcile.Receipt{RefreshID: now.ID}, nil
	}
	out, err := c.groups.RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{
		AutoScalingGroupName: &c.action.AutoScalingGroup,
	}, c.author.autoScaling)
	if err != nil {
		return reconcile.Receipt{}, failed("ask AWS", err)
	}
	return reconcile.Receipt{RefreshID: awssdk.ToString(out.InstanceRefreshId)}, nil
}

// activeNow is the action's refresh if it is still active, and the zero
// attempt if nothing is. Another one being active is a conflict.
func (c *change) activeNow(ctx context.Context) (attempt, error) {
	attempts, err := c.attemptsOf(ctx, c.action.AutoScalingGroup, attemptsSettled)
	if err != nil {
		return attempt{}, err
	}
	for _, a := range attempts {
		switch {
		case !a.Status.Active():
		case a.ID == c.action.RefreshID:
			return a, nil
		default:
			return attempt{}, fmt.Errorf("%w: refresh %s is in progress by now, not %s", reconcile.ErrConflict, a.ID, c.action.RefreshID)
		}
	}
	return attempt{}, nil
}
