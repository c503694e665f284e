package reconcile

import (
	"math"
	"time"
)

// Estimate is how much a Roll replaces and about how long it takes. The time
// counts warm-up, checkpoints and bake, which are known, and [bootGuess] for
// each batch, which is a guess.
type Estimate struct {
	Replace   int  `json:"replace"`   // instances that will be replaced
	Instances int  `json:"instances"` // of so many
	Batches   int  `json:"batches"`
	About     Span `json:"about"`
}

// bootGuess is how long an instance is taken to need from launch to service.
const bootGuess = time.Minute

// AWS's defaults, for a group that has no instance maintenance policy of its
// own: all capacity stays in service, and one in ten is launched on top.
const (
	defaultMinHealthy = 100
	defaultMaxHealthy = 110
)

func (s subject) estimate() Estimate {
	e := Estimate{}
	for _, i := range s.Observed.Instances {
		if i.Leaving() || i.Warm {
			continue
		}
		e.Instances++
		if s.replaced(i) && !s.skipped(i) {
			e.Replace++
		}
	}
	p := s.preferences()
	if e.Replace == 0 {
		return e
	}
	e.Batches = ceilDiv(e.Replace, s.batch(p, e.Instances))
	e.About = Span(time.Duration(e.Batches)*(bootGuess+s.warmup(p)) + pauses(p))
	return e
}

// replaced reports whether a refresh towards the declared image would replace
// the instance. AWS compares template versions and not images, so an instance
// that runs the right image from another base is replaced as well; and where
// it cannot skip matching instances it replaces all.
func (s subject) replaced(i Instance) bool {
	if s.Observed.Shape == ShapeAttributes || i.Image != s.Image {
		return true
	}
	saved := s.Observed.Saved
	return i.Base != 0 && (i.Base != saved.Base || i.Template != saved.Template)
}

// batch is how many instances are replaced at a time: as many as may be
// missing plus as many as may be launched on top, and never less than one.
func (s subject) batch(p Preferences, instances int) int {
	low, high := s.healthy(p)
	missing := instances - int(math.Ceil(float64(instances)*float64(low)/100))
	surplus := int(float64(instances) * float64(high-100) / 100)
	return max(1, missing+surplus)
}

// healthy is the range that the number of healthy instances may move in, in
// percent of the desired capacity.
func (s subject) healthy(p Preferences) (low, high int) {
	low, high = defaultMinHealthy, defaultMaxHealthy
	if m := s.Observed.Maintenance; m != nil {
		low, high = m.MinHealthyPercentage, m.MaxHealthyPercentage
	}
	if p.MinHealthyPercentage != nil {
		low = *p.MinHealthyPercentage
	}
	if p.MaxHealthyPercentage != nil {
		high = *p.MaxHealthyPercentage
	}
	return low, high
}

// warmup is how long an instance counts as warming after it is in service:
// what is declared, else the group's default warm-up, else its health check
// grace period, as AWS has it.
func (s subject) warmup(p Preferences) time.Duration {
	switch {
	case p.InstanceWarmup != nil:
		return time.Duration(*p.InstanceWarmup)
	case s.Observed.Warmup != nil:
		return time.Duration(*s.Observed.Warmup)
	}
	return time.Duration(s.Observed.Grace)
}

// pauses is the time that checkpoints and bake add. A checkpoint at 100 waits
// too; without a delay AWS waits an hour at each.
func pauses(p Preferences) time.Duration {
	delay := time.Hour
	if p.CheckpointDelay != nil {
		delay = time.Duration(*p.CheckpointDelay)
	}
	total := time.Duration(len(p.CheckpointPercentages)) * delay
	if p.BakeTime != nil {
		total += time.Duration(*p.BakeTime)
	}
	return total
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
