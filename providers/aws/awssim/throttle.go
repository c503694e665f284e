package awssim

import (
	"net/http"
	"time"
)

// Limits are the token buckets of an account in a region. They run on the
// clock, not on simulated time: a simulation that is sped up must not become
// more patient with its callers.
type Limits struct {
	// Off lets every call pass.
	Off bool
	// AutoScaling is the one bucket that all Auto Scaling actions share. Its
	// real size is not published (UNCONFIRMED); zero means 100 with a refill
	// of 20 a second.
	AutoScaling Rate
}

// Rate is a token bucket: how many calls at once, and how many more a second.
type Rate struct{ Burst, PerSecond float64 }

// Published defaults of EC2, "Request throttling for the Amazon EC2 API".
var (
	ec2Read     = Rate{100, 20}
	ec2Mutating = Rate{50, 5}
	ec2Special  = map[string]Rate{
		"CreateLaunchTemplateVersion": {100, 5},
		"ModifyLaunchTemplate":        {100, 5},
		"CreateTags":                  {100, 10},
		"DeleteTags":                  {100, 10},
		"DeregisterImage":             {100, 5},
		"ModifyImageAttribute":        {100, 5},
		"CopyImage":                   {100, 1},
		"RunInstances":                {5, 2},
		"TerminateInstances":          {100, 5},
	}
	autoScalingShared = Rate{100, 20}
)

// bucket is a token bucket that fills as it is looked at.
type bucket struct {
	rate   Rate
	tokens float64
	filled time.Time // clock
}

func (b *bucket) take(wall time.Time) bool {
	b.tokens = min(b.rate.Burst, b.tokens+wall.Sub(b.filled).Seconds()*b.rate.PerSecond)
	b.filled = wall
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// throttle takes a token for the call, and refuses it when there is none.
// The caller holds s.mu.
func (s *Server) throttle(r *region, c *call) *failure {
	if s.Limits.Off {
		return nil
	}
	name, rate, limited := s.Limits.of(c)
	if !limited {
		return nil
	}
	wall := time.Now()
	b := r.buckets[name]
	if b == nil {
		b = &bucket{rate: rate, tokens: rate.Burst, filled: wall}
		r.buckets[name] = b
	}
	if b.take(wall) {
		return nil
	}
	return throttled(c)
}

// of is the bucket that a call draws from. Only EC2 and Auto Scaling are
// limited: the rates of the others are far above what a rollout asks.
func (l Limits) of(c *call) (name string, rate Rate, limited bool) {
	switch c.service {
	case "autoscaling":
		if l.AutoScaling != (Rate{}) {
			return "autoscaling", l.AutoScaling, true
		}
		return "autoscaling", autoScalingShared, true
	case "ec2":
		if special, ok := ec2Special[c.action]; ok {
			return c.action, special, true
		}
		if c.writes() {
			return c.action, ec2Mutating, true
		}
		return c.action, ec2Read, true
	}
	return "", Rate{}, false
}

// throttled is the refusal of a call for want of tokens, as each service words
// it on the wire.
func throttled(c *call) *failure {
	if c.service == "ec2" {
		return &failure{http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded."}
	}
	return &failure{http.StatusBadRequest, "Throttling", "Rate exceeded"}
}
