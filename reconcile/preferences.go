package reconcile

// preferences are those of the refresh that would be started: what is
// declared, then the group's maintenance policy, then defaults that are always
// said aloud, because AWS's console, API and guides do not share theirs.
func (s subject) preferences() Preferences {
	r := s.Rollout
	p := Preferences{
		MinHealthyPercentage: r.MinHealthyPercentage, MaxHealthyPercentage: r.MaxHealthyPercentage,
		InstanceWarmup: r.InstanceWarmup, CheckpointPercentages: r.CheckpointPercentages,
		CheckpointDelay: r.CheckpointDelay, BakeTime: r.BakeTime, Alarms: r.Alarms,
		AutoRollback:              s.canRollBack() && (r.AutoRollback == nil || *r.AutoRollback),
		ScaleInProtectedInstances: orDefault(r.ScaleInProtectedInstances, "ignore"),
		StandbyInstances:          orDefault(r.StandbyInstances, "ignore"),
		SkipMatching:              s.Observed.Shape != ShapeAttributes,
	}
	s.fillHealthy(&p)
	return p
}

// fillHealthy makes the percentages explicit, unless the group has a
// maintenance policy that speaks for it. AWS wants both or neither, and
// treats a maximum that is left out differently from one of 100.
func (s subject) fillHealthy(p *Preferences) {
	silent := p.MinHealthyPercentage == nil && p.MaxHealthyPercentage == nil
	if silent && s.Observed.Maintenance != nil {
		return
	}
	low, high := s.healthy(*p)
	high = min(high, low+widestRange)
	p.MinHealthyPercentage, p.MaxHealthyPercentage = &low, &high
}

// canRollBack reports whether AWS could bring the group back: it has
// somewhere to go back to, through a number and a literal image, and the
// refresh takes a desired configuration.
func (s subject) canRollBack() bool {
	saved := s.Observed.Saved
	return s.Observed.Shape != ShapeAttributes && !saved.Floats() && !saved.Pins(s.Image)
}

// widestRange is how far AWS lets the two healthy percentages be apart
// (RefreshPreferences, MaxHealthyPercentage).
const widestRange = 100

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
