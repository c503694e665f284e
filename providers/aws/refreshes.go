package aws

import (
	"context"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// refreshesRead is how much of a group's history is read: one call's worth,
// enough to find the last try of an image among newer ones of others.
const refreshesRead = 20

// attempt is one refresh with what it was started to launch.
type attempt struct {
	reconcile.Refresh
	target reconcile.Saved
}

// readRefreshes reads the refreshes of groups that are not converged, and of
// those where one was active when last seen: AWS has no call for many groups
// at once.
func (l *look) readRefreshes(ctx context.Context) {
	attempts := make([][]attempt, len(l.observed))
	for i := range l.observed {
		if !l.worthReading(i) {
			continue
		}
		err := l.down.unless(func() error {
			var err error
			attempts[i], err = l.attemptsOf(ctx, l.desired[i].AutoScalingGroup, refreshesRead)
			return err
		})
		if err != nil {
			l.fail(i, err)
		}
	}
	failure := l.readTargets(ctx, attempts)
	for i, tried := range attempts {
		if len(tried) == 0 || l.observed[i].Problem != nil {
			continue
		}
		if failure != nil {
			l.fail(i, failure)
			continue
		}
		l.observed[i].Refreshes = l.refreshesOf(tried)
		l.follow(ctx, i)
	}
}

func (l *look) worthReading(i int) bool {
	o := &l.observed[i]
	if !l.visible(i) || o.Operator != "" || o.Deleting {
		return false
	}
	return l.isRolling(l.desired[i].AutoScalingGroup) || !atRest(o, l.desired[i].Image)
}

// attemptsOf reads the newest refreshes of a group, newest first.
func (s *site) attemptsOf(ctx context.Context, group string, atMost int32) ([]attempt, error) {
	out, err := s.groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
		AutoScalingGroupName: &group, MaxRecords: awssdk.Int32(atMost),
	})
	if err != nil {
		return nil, failed("describe instance refreshes", err)
	}
	attempts := make([]attempt, len(out.InstanceRefreshes))
	for n := range out.InstanceRefreshes {
		attempts[n] = attemptOf(&out.InstanceRefreshes[n])
	}
	return attempts, nil
}

func attemptOf(r *astypes.InstanceRefresh) attempt {
	a := attempt{Refresh: reconcile.Refresh{
		ID: awssdk.ToString(r.InstanceRefreshId), Status: reconcile.Status(r.Status), Reason: reasonOf(r),
		Started: awssdk.ToTime(r.StartTime), Ended: awssdk.ToTime(r.EndTime),
		Percent: number(r.PercentageComplete), Left: number(r.InstancesToUpdate),
		Mutates: r.Strategy != "" && r.Strategy != astypes.RefreshStrategyRolling,
	}}
	if d := r.DesiredConfiguration; d != nil && (d.LaunchTemplate != nil || d.MixedInstancesPolicy != nil) {
		a.Targeted = true
		a.target = savedOf(d.LaunchTemplate, d.MixedInstancesPolicy, words{})
	}
	return a
}

// reasonOf is AWS's sentence about the status, and about the rollback when
// that is another.
func reasonOf(r *astypes.InstanceRefresh) string {
	reason := awssdk.ToString(r.StatusReason)
	if r.RollbackDetails == nil {
		return reason
	}
	rollback := awssdk.ToString(r.RollbackDetails.RollbackReason)
	switch {
	case rollback == "" || strings.Contains(reason, rollback):
		return reason
	case reason == "":
		return rollback
	}
	return strings.TrimRight(reason, ". ") + "; " + rollback
}

// readTargets learns what the refreshes launch, for all groups at once.
// Somebody's refresh to $Latest or $Default is resolved only while it is
// active: what the symbol meant for an older one cannot be told any more.
func (l *look) readTargets(ctx context.Context, attempts [][]attempt) error {
	if err := l.readTargetSymbols(ctx, attempts); err != nil {
		return err
	}
	wanted := map[versionRef]bool{}
	for _, tried := range attempts {
		for n := range tried {
			wantSaved(&tried[n].target, func(ref versionRef) { wanted[ref] = true })
		}
	}
	for _, err := range l.learn(ctx, l.scope, wanted) {
		return err
	}
	for _, tried := range attempts {
		for n := range tried {
			l.fillSaved(&tried[n].target)
		}
	}
	return nil
}

func (l *look) readTargetSymbols(ctx context.Context, attempts [][]attempt) error {
	templates := map[string]bool{}
	follow := func(do func(v *reconcile.Version, symbol string)) {
		for _, tried := range attempts {
			for n := range tried {
				if tried[n].Status.Active() {
					floats(&tried[n].target, do)
				}
			}
		}
	}
	follow(func(v *reconcile.Version, _ string) { templates[v.Template] = true })
	if len(templates) == 0 {
		return nil
	}
	meaning, err := l.symbolsOf(ctx, sortedKeys(templates))
	follow(func(v *reconcile.Version, symbol string) { v.Number = meaning[v.Template].number(symbol) })
	return err
}

func (l *look) refreshesOf(tried []attempt) []reconcile.Refresh {
	refreshes := make([]reconcile.Refresh, len(tried))
	for n, a := range tried {
		a.Version, a.Image = a.target.Version, launches(a.target)
		refreshes[n] = a.Refresh
	}
	return refreshes
}

// launches is the one image that a configuration launches, or "" when it is
// not one, or not known.
func launches(saved reconcile.Saved) string {
	if saved.Alias() {
		return ""
	}
	for _, o := range saved.Overrides {
		image := o.Image
		if image == "" {
			image = o.Version.Image
		}
		if image != saved.Image {
			return ""
		}
	}
	return saved.Image
}
