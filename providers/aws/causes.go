package aws

import (
	"context"
	"slices"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// rollout is what is remembered of a group's newest refresh between passes:
// whether it moves, and the causes that were read.
type rollout struct {
	id      string
	active  bool
	percent int
	left    int
	moved   time.Time // when percent or left last changed, by our clock
	asked   time.Time // when causes were last read, by our clock
	causes  []string
	// target is what it was started for, of a refresh that AWS was not told a
	// target of (attributes.go).
	target reconcile.Version
}

// stuckAfter is for how long a refresh may stand still before its failed
// activities are read, and for how long they are taken as read.
const stuckAfter = time.Minute

// causesKept bounds how many different failures are told.
const causesKept = 5

// isRolling reports whether a refresh of the group was active when last seen.
// It is seen to its end even if no instance differs yet: git may have gone
// back before the first was replaced.
func (s *site) isRolling(group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory.rollouts[group].active
}

func (s *site) rollout(group string) rollout {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory.rollouts[group]
}

func (s *site) remember(group string, r rollout) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory.rollouts == nil {
		s.memory.rollouts = map[string]rollout{}
	}
	s.memory.rollouts[group] = r
}

// follow notes how the newest refresh of a group goes and, when it broke or
// stands still, reads the failed scaling activities behind it. They explain;
// nothing is decided by them, so that a refusal to show them is only logged.
func (l *look) follow(ctx context.Context, i int) {
	group, newest, now := l.desired[i].AutoScalingGroup, &l.observed[i].Refreshes[0], time.Now()
	r := l.rollout(group)
	if r.id != newest.ID {
		r = rollout{id: newest.ID, moved: now}
	}
	if r.percent != newest.Percent || r.left != newest.Left {
		r.moved = now
	}
	r.active, r.percent, r.left = newest.Status.Active(), newest.Percent, newest.Left
	if puzzling(newest.Status, now.Sub(r.moved)) && r.due(now) {
		causes, err := l.readCauses(ctx, group, newest)
		if err != nil {
			l.log.Warn("scaling activities unreadable", "auto_scaling_group", group, "error", err)
		}
		r.causes, r.asked = causes, now
	}
	newest.Causes = r.causes
	if !newest.Targeted && r.target.Number > 0 {
		newest.Version, newest.Image = r.target, r.target.Image
	}
	l.remember(group, r)
}

// puzzling reports whether a refresh needs explaining.
func puzzling(status reconcile.Status, still time.Duration) bool {
	switch status {
	case reconcile.Failed, reconcile.RollbackFailed, reconcile.RollbackSuccessful, reconcile.RollbackInProgress:
		return true
	case reconcile.InProgress, reconcile.Pending:
		return still >= stuckAfter
	}
	return false
}

// due reports whether causes are to be read: once for a refresh that has
// ended, again and again for one that goes on.
func (r rollout) due(now time.Time) bool {
	if r.asked.IsZero() {
		return true
	}
	return (r.active || len(r.causes) == 0) && now.Sub(r.asked) >= stuckAfter
}

// readCauses reads why launches failed while a refresh ran, newest first, each
// reason once.
func (l *look) readCauses(ctx context.Context, group string, r *reconcile.Refresh) ([]string, error) {
	out, err := l.groups.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &group,
		Filters: []astypes.Filter{
			{Name: awssdk.String("StartTimeLowerBound"), Values: []string{r.Started.UTC().Format(time.RFC3339)}},
			{Name: awssdk.String("Status"), Values: []string{string(astypes.ScalingActivityStatusCodeFailed)}},
		},
	})
	if err != nil {
		return nil, failed("describe scaling activities", err)
	}
	var causes []string
	for _, a := range out.Activities {
		cause := causeOf(&a)
		if !r.Ended.IsZero() && awssdk.ToTime(a.StartTime).After(r.Ended) || cause == "" || slices.Contains(causes, cause) {
			continue
		}
		if causes = append(causes, cause); len(causes) == causesKept {
			break
		}
	}
	return causes, nil
}

// causeOf is the part of an activity that says why.
func causeOf(a *astypes.Activity) string {
	text := awssdk.ToString(a.StatusMessage)
	if text == "" {
		text = awssdk.ToString(a.Description)
	}
	return strings.Join(strings.Fields(text), " ")
}
