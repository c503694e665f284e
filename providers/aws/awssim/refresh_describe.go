package awssim

import (
	"fmt"
	"slices"
	"time"
)

// refreshPage is the reply of DescribeInstanceRefreshes.
type refreshPage struct {
	group     *group
	refreshes []*refresh
	next      string
}

func describeRefreshes(r *region, c *call) (any, *failure) {
	g, f := r.groupOf(c)
	if f != nil {
		return nil, f
	}
	g.forget(r.now)
	ids := c.list("InstanceRefreshIds")
	var newestFirst []*refresh
	for _, rf := range slices.Backward(g.refreshes) {
		if len(ids) == 0 || slices.Contains(ids, rf.id) {
			newestFirst = append(newestFirst, rf)
		}
	}
	page, next, f := pageOf(c, newestFirst, func(rf *refresh) string { return rf.id }, 100)
	if f != nil {
		return nil, f
	}
	return refreshPage{g, page, next}, nil
}

func (p refreshPage) appendXML(b *xmlText) {
	b.open("InstanceRefreshes")
	for _, rf := range p.refreshes {
		b.refresh(p.group, rf)
	}
	b.close("InstanceRefreshes")
	b.text("NextToken", p.next)
}

func (b *xmlText) refresh(g *group, rf *refresh) {
	b.open("member")
	b.text("InstanceRefreshId", rf.id)
	b.text("AutoScalingGroupName", g.name)
	b.text("Status", rf.status)
	b.text("StatusReason", rf.statusReason(b.clock))
	b.text("Strategy", rf.strategy)
	b.time("StartTime", rf.start)
	b.time("EndTime", rf.end)
	if rf.status != refreshPending {
		b.number("PercentageComplete", rf.live.percent)
		b.number("InstancesToUpdate", rf.live.toUpdate)
	}
	if g.warmPool != nil {
		b.progressDetails("ProgressDetails", rf.live, rf.pool)
	}
	b.preferences(rf.preferences)
	if rf.desired != nil {
		b.open("DesiredConfiguration")
		b.recipe(*rf.desired)
		b.close("DesiredConfiguration")
	}
	b.rollback(g, rf.rollback)
	b.close("member")
}

// statusReason is what there is to say of the status. Moments in it are told by
// the clock that is given.
func (rf *refresh) statusReason(clock func(time.Time) time.Time) string {
	switch {
	case rf.reason != "":
		return rf.reason
	case !rf.resumes.IsZero():
		return fmt.Sprintf("Reached the checkpoint of %d%%. Waiting until %s before continuing.", rf.checkpoints[rf.checkpoint], clock(rf.resumes).Format(time.RFC3339))
	case !rf.bakes.IsZero():
		return "Waiting for the bake time to end at " + clock(rf.bakes).Format(time.RFC3339) + "."
	}
	return ""
}

func (b *xmlText) progressDetails(name string, live, pool progress) {
	b.open(name)
	b.progress("LivePoolProgress", live)
	b.progress("WarmPoolProgress", pool)
	b.close(name)
}

func (b *xmlText) progress(name string, p progress) {
	b.open(name)
	b.number("PercentageComplete", p.percent)
	b.number("InstancesToUpdate", p.toUpdate)
	b.close(name)
}

func (b *xmlText) rollback(g *group, back *rollback) {
	if back == nil {
		return
	}
	b.open("RollbackDetails")
	b.text("RollbackReason", back.reason)
	b.time("RollbackStartTime", back.start)
	b.number("PercentageCompleteOnRollback", back.live.percent)
	b.number("InstancesToUpdateOnRollback", back.live.toUpdate)
	if g.warmPool != nil {
		b.progressDetails("ProgressDetailsOnRollback", back.live, back.pool)
	}
	b.close("RollbackDetails")
}

func (b *xmlText) preferences(p preferences) {
	b.open("Preferences")
	b.number("MinHealthyPercentage", p.min)
	if p.maxGiven {
		b.number("MaxHealthyPercentage", p.max)
	}
	b.maybe("InstanceWarmup", p.warmup)
	b.maybe("BakeTime", p.bakeTime)
	if len(p.checkpoints) > 0 {
		b.open("CheckpointPercentages")
		for _, n := range p.checkpoints {
			b.number("member", n)
		}
		b.close("CheckpointPercentages")
		b.number("CheckpointDelay", p.delay)
	}
	b.truth("SkipMatching", p.skipMatching)
	b.truth("AutoRollback", p.autoRollback)
	b.text("ScaleInProtectedInstances", p.onProtected)
	b.text("StandbyInstances", p.onStandby)
	if p.alarmsGiven {
		b.open("AlarmSpecification")
		b.list("Alarms", p.alarms)
		b.close("AlarmSpecification")
	}
	b.close("Preferences")
}
