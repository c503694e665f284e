package awssim

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"
)

// DefaultAccount is the account of every access key that the simulated STS
// did not issue itself.
const DefaultAccount = "111122223333"

// Server is the simulated AWS. Its zero value is ready to use; set the
// exported fields before the first request.
type Server struct {
	// Speed is how many simulated seconds pass in one second of the clock.
	// Zero means 1.
	Speed float64
	// Start is the simulated time of the first request. Zero means the time
	// of the clock at the first request.
	Start time.Time
	// Seed makes ids and every random choice repeatable.
	Seed uint64
	// Pace is how long things take, in simulated time.
	Pace Pace
	// Limits are the request rates that are allowed, in clock time.
	Limits Limits
	// KeepWrites is how many of the newest writes are remembered, for a server
	// that runs for long. Zero means all.
	KeepWrites int
	// OnWrite is told every write when it was served, in order. The world waits
	// for it: it must not take long, nor call the server.
	OnWrite func(Write)

	mu       sync.Mutex
	timeline timeline // begun by the first request
	regions  map[place]*region
	roles    map[roleName]string // what a role's trust policy says of source identities, where a fleet says it
	calls    map[string]int      // by "service:Action"
	count    uint64              // of all calls: makes request ids
	writes   []Write
	faults   []*plannedFault
	dice     *dice // for faults with a probability
}

// place is where a request goes: one account's view of one region.
type place struct{ account, region string }

// now is the simulated time. The caller holds s.mu.
func (s *Server) now() time.Time {
	wall := time.Now()
	if len(s.timeline.legs) == 0 {
		start := s.Start
		if start.IsZero() {
			start = wall
		}
		s.timeline = timeline{cmp.Or(s.Speed, 1), []leg{{start.Round(0).UTC(), wall}}} // without the monotonic reading, which is the clock's
	}
	return s.timeline.simulated(wall)
}

// at is the region of a place, made when it is first asked for.
// The caller holds s.mu.
func (s *Server) at(p place) *region {
	if s.regions == nil {
		s.regions = map[place]*region{}
	}
	r := s.regions[p]
	if r == nil {
		r = newRegion(p, s)
		s.regions[p] = r
	}
	return r
}

// ServeHTTP answers one API call, or a request below /_sim/ (see admin.go).
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if s.serveAdmin(w, req) {
		return
	}
	c, refused := readCall(req)
	fault := s.receive(c)
	if err := fault.wait(req.Context()); err != nil {
		panic(http.ErrAbortHandler) // the caller has hung up
	}
	if fault.lost(beforeAct) {
		panic(http.ErrAbortHandler)
	}
	var answer reply
	s.answer(&answer, c, firstFailure(refused, fault.failure(c)))
	if fault.lost(afterAct) {
		panic(http.ErrAbortHandler)
	}
	answer.copyTo(w)
}

// receive counts a call, gives it its request id and takes the fault that is
// planned for it, nil for none.
func (s *Server) receive(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	c.id = requestID(s.Seed, s.count)
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[c.service+":"+c.action]++
	return s.takeFault(c)
}

// answer lets time pass, acts, and writes the reply. The result of an
// operation may alias the state of the region, so it is encoded before the
// lock is released.
func (s *Server) answer(w http.ResponseWriter, c *call, refused *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now, c.clock = s.now(), s.timeline.clock
	r := s.at(place{c.account, c.region})
	r.advance(c.now)
	var result any
	if refused == nil {
		result, refused = s.act(r, c)
	}
	if refused != nil {
		c.wire.failure(w, c, refused)
		return
	}
	c.wire.result(w, c, result)
}

// act looks the operation up and runs it, unless its token bucket is empty.
func (s *Server) act(r *region, c *call) (any, *failure) {
	op, ok := operations[c.service+":"+c.action]
	if !ok {
		return nil, unknownAction(c)
	}
	if f := s.throttle(r, c); f != nil {
		return nil, f
	}
	if !c.writes() {
		return op(r, c)
	}
	result, f := op(r, c)
	s.record(c, f)
	if c.service == "monitoring" {
		r.stir()
	}
	return result, f
}

func unknownAction(c *call) *failure {
	return &failure{http.StatusBadRequest, "InvalidAction", "The action " + c.action + " is not valid for this web service."}
}

func firstFailure(all ...*failure) *failure {
	for _, f := range all {
		if f != nil {
			return f
		}
	}
	return nil
}

// operation is one API action. It returns a value that encodes as the reply
// (see wire.go), or why AWS would refuse.
type operation func(r *region, c *call) (any, *failure)

// operations is every action that is simulated, keyed "service:Action".
var operations = merge(autoScalingOperations, ec2Operations, stsOperations, ssmOperations, cloudWatchOperations)

func merge(sets ...map[string]operation) map[string]operation {
	all := map[string]operation{}
	for _, set := range sets {
		for name, op := range set {
			all[name] = op
		}
	}
	return all
}

// Calls is how many requests each action has had, keyed "service:Action"
// (for example "autoscaling:DescribeAutoScalingGroups"), refused ones
// included.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.calls))
	for k, v := range s.calls {
		out[k] = v
	}
	return out
}

// Now is the simulated time. Timestamps in replies to API calls are not
// simulated but of the clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Skip lets simulated time jump ahead; what would have happened meanwhile
// happens. By the clock, and so in replies to API calls, all of it happens at
// once. Time does not go back: d must not be negative.
func (s *Server) Skip(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now() // the first request may be yet to come
	s.timeline.skip(d, time.Now())
}

// reply holds an answer until the server's lock is released: a slow reader
// must not stop the world.
type reply struct {
	header http.Header
	status int
	body   []byte
}

func (a *reply) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

func (a *reply) WriteHeader(status int) { a.status = status }

func (a *reply) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

func (a *reply) copyTo(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	w.Write(a.body)
}

// sleep waits in clock time, or until the caller hangs up.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
