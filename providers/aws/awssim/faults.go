package awssim

import (
	"context"
	"net/http"
	"time"
)

// Fault is a trouble that [Server.Inject] plans for some calls. Empty
// selectors match everything, so Fault{Kind: Outage, Region: "eu-west-1"} takes
// a whole region away.
type Fault struct {
	Service string `json:"service"` // "autoscaling", "ec2", "sts", "ssm", "monitoring"
	Action  string `json:"action"`
	Region  string `json:"region"`
	Account string `json:"account"`

	Kind FaultKind `json:"kind"`
	// Code and Status are the error of a Refuse fault, and replace the usual
	// ones of a Throttle or an Error fault. Message is optional.
	Code    string `json:"code"`
	Status  int    `json:"status"`
	Message string `json:"message"`
	// Delay is how long a Slow call waits, in clock time, before anything else.
	// In JSON it is a number of nanoseconds.
	Delay time.Duration `json:"delay"`

	// Times is how many calls are hit; zero means until the fault is removed.
	Times int `json:"times"`
	// Probability is the share of matching calls that are hit, from the
	// server's seed; zero means all.
	Probability float64 `json:"probability"`
}

// FaultKind is what happens to a call.
type FaultKind string

// The kinds of fault.
const (
	Throttle   FaultKind = "throttle"    // Auto Scaling: Throttling 400; EC2: RequestLimitExceeded 503
	Error      FaultKind = "error"       // InternalFailure 500
	Refuse     FaultKind = "refuse"      // Code and Status
	LostBefore FaultKind = "lost_before" // the connection breaks before the call acts
	LostAfter  FaultKind = "lost_after"  // the call acts, and the connection breaks before the reply
	Outage     FaultKind = "outage"      // ServiceUnavailable 503
	Slow       FaultKind = "slow"        // Delay, then as usual
)

func (k FaultKind) known() bool {
	switch k {
	case Throttle, Error, Refuse, LostBefore, LostAfter, Outage, Slow:
		return true
	}
	return false
}

// Short names for the two moments at which a reply can be lost.
const (
	beforeAct = LostBefore
	afterAct  = LostAfter
)

type plannedFault struct {
	Fault
	left int // hits still to come; ignored when Times is zero
}

// Inject plans a fault. It stays until it has hit Times calls, or until the
// returned function is called. When several match a call, the first planned
// hits it.
func (s *Server) Inject(f Fault) (remove func()) {
	p := &plannedFault{Fault: f, left: f.Times}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, p)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.dropFault(p)
	}
}

// dropFault removes one planned fault. The caller holds s.mu.
func (s *Server) dropFault(p *plannedFault) {
	var kept []*plannedFault
	for _, other := range s.faults {
		if other != p {
			kept = append(kept, other)
		}
	}
	s.faults = kept
}

// takeFault is the fault that hits the call, nil for none. The caller holds
// s.mu.
func (s *Server) takeFault(c *call) *Fault {
	for _, p := range s.faults {
		if !p.matches(c) || (p.Probability > 0 && s.roll() >= p.Probability) {
			continue
		}
		if p.Times > 0 {
			if p.left--; p.left == 0 {
				s.dropFault(p)
			}
		}
		f := p.Fault
		return &f
	}
	return nil
}

func (s *Server) roll() float64 {
	if s.dice == nil {
		s.dice = newDice(s.Seed, "faults")
	}
	return s.dice.float()
}

func (f *Fault) matches(c *call) bool {
	same := func(want, is string) bool { return want == "" || want == is }
	return same(f.Service, c.service) && same(f.Action, c.action) && same(f.Region, c.region) && same(f.Account, c.account)
}

// wait is the delay of a slow call.
func (f *Fault) wait(ctx context.Context) error {
	if f == nil {
		return nil
	}
	return sleep(ctx, f.Delay)
}

// lost reports whether the connection breaks at this moment.
func (f *Fault) lost(when FaultKind) bool { return f != nil && f.Kind == when }

// failure is the error that the fault answers with, nil when it lets the call
// act.
func (f *Fault) failure(c *call) *failure {
	if f == nil {
		return nil
	}
	var out failure
	switch f.Kind {
	case Throttle:
		out = *throttled(c)
	case Error:
		out = failure{http.StatusInternalServerError, "InternalFailure", "An internal error has occurred."}
	case Outage:
		out = failure{http.StatusServiceUnavailable, "ServiceUnavailable", "Service is unable to handle request."}
	case Refuse:
		out = failure{http.StatusBadRequest, "ValidationError", "refused"}
	default:
		return nil
	}
	return f.reworded(out)
}

// reworded is the failure with whatever the fault says of it instead.
func (f *Fault) reworded(out failure) *failure {
	if f.Code != "" {
		out.code = f.Code
	}
	if f.Status != 0 {
		out.status = f.Status
	}
	if f.Message != "" {
		out.message = f.Message
	}
	return &out
}
