package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// twoDays is the longest checkpoint delay and bake time, in seconds.
const twoDays = 172800

// readPreferences takes the preferences of a refresh out of a request, and
// fills in the defaults.
func (g *group) readPreferences(f form) (preferences, *failure) {
	p := preferences{
		warmup: f.number("InstanceWarmup"), bakeTime: f.number("BakeTime"),
		onProtected: cmp.Or(f.Get("ScaleInProtectedInstances"), policyWait),
		onStandby:   cmp.Or(f.Get("StandbyInstances"), policyWait),
		alarms:      f.under("AlarmSpecification").list("Alarms"),
		alarmsGiven: f.given("AlarmSpecification"),
		delay:       3600,
	}
	set(&p.skipMatching, f.truth("SkipMatching"))
	set(&p.autoRollback, f.truth("AutoRollback"))
	if delay := f.number("CheckpointDelay"); delay != nil {
		p.delay, p.delayGiven = *delay, true
	}
	for _, text := range f.list("CheckpointPercentages") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return p, invalid("CheckpointPercentages must be whole numbers")
		}
		p.checkpoints = append(p.checkpoints, n)
	}
	healthy := bounds{f.number("MinHealthyPercentage"), f.number("MaxHealthyPercentage")}
	p.setBounds(healthy, g.maintenance)
	p.warmupSeconds = g.warmupOf(p)
	return p, firstFailure(f.malformed(), healthy.wrongOfRefresh(), p.wrongNumbers(), p.wrongTexts())
}

// setBounds fills in the healthy percentages: from the request, else from the
// group's maintenance policy, else 90 and no explicit maximum.
func (p *preferences) setBounds(given, policy bounds) {
	p.min, p.max = 90, 100
	if policy.min != nil {
		p.min, p.max, p.maxGiven = *policy.min, *policy.max, true
	}
	if given.min != nil {
		p.min = *given.min
	}
	if given.max != nil {
		p.max, p.maxGiven = *given.max, true
	}
}

// warmupOf is how long a new instance must serve before it counts, in seconds.
func (g *group) warmupOf(p preferences) int {
	switch {
	case p.warmup != nil:
		return *p.warmup
	case g.warmup != nil:
		return *g.warmup
	}
	return g.gracePeriod
}

// wrongOfRefresh is why the percentages of a refresh cannot be. Unlike those
// of a maintenance policy, the minimum may be given alone.
func (b bounds) wrongOfRefresh() *failure {
	if f := firstFailure(inRange("preferences.minHealthyPercentage", b.min, 0, 100), inRange("preferences.maxHealthyPercentage", b.max, 100, 200)); f != nil {
		return f
	}
	switch {
	case b.max == nil:
		return nil
	case b.min == nil:
		return invalid("You must specify MinHealthyPercentage when you specify MaxHealthyPercentage.")
	case *b.max-*b.min > 100:
		return invalid("The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than 100.")
	}
	return nil
}

func (p preferences) wrongNumbers() *failure {
	if p.delayGiven && len(p.checkpoints) == 0 {
		return invalid("You must specify CheckpointPercentages when you specify CheckpointDelay.")
	}
	for n, at := range p.checkpoints {
		if f := inRange("preferences.checkpointPercentages", &at, 1, 100); f != nil {
			return f
		}
		if n > 0 && at <= p.checkpoints[n-1] {
			return invalid("CheckpointPercentages must be unique and in ascending order.")
		}
	}
	return firstFailure(
		inRange("preferences.checkpointDelay", &p.delay, 0, twoDays),
		inRange("preferences.bakeTime", p.bakeTime, 0, twoDays),
		inRange("preferences.instanceWarmup", p.warmup, 0, 1<<31-1),
	)
}

func (p preferences) wrongTexts() *failure {
	if len(p.alarms) > 10 {
		return invalid(fmt.Sprintf("You can specify up to 10 alarms, %d are given.", len(p.alarms)))
	}
	if slices.ContainsFunc(p.alarms, func(name string) bool { return name == "" || len(name) > 255 }) {
		return invalid("The name of an alarm must have 1 to 255 characters.")
	}
	return firstFailure(
		oneOf("preferences.scaleInProtectedInstances", p.onProtected, policyRefresh, policyIgnore, policyWait),
		oneOf("preferences.standbyInstances", p.onStandby, policyTerminate, policyIgnore, policyWait),
	)
}
