package awssim

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// everywhere is every region that there is, in order. The caller holds s.mu.
func (s *Server) everywhere() []*region {
	all := make([]*region, 0, len(s.regions))
	for _, r := range s.regions {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *region) int {
		return cmp.Or(cmp.Compare(a.place.account, b.place.account), cmp.Compare(a.place.region, b.place.region))
	})
	return all
}

// SetImageBehaviour says what instances of an image do that are launched from
// now on: "healthy", "unhealthy", "crash=120s", "slow=300s" or "fail=REASON".
func (s *Server) SetImageBehaviour(id, behaviour string) error {
	b, f := parseBehaviour(behaviour)
	if f != nil {
		return errors.New("set behaviour of " + id + ": " + f.message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for _, r := range s.everywhere() {
		if i := r.images[id]; i != nil {
			r.advance(s.now())
			i.behaviour, found = b, true
		}
	}
	if !found {
		return errors.New("set behaviour of " + id + ": there is no such image")
	}
	return nil
}

// SetAlarm puts an alarm into the state OK, ALARM or INSUFFICIENT_DATA.
func (s *Server) SetAlarm(name, state string) error {
	if !alarmStateName(state) {
		return errors.New("set alarm " + name + ": the state is one of OK, ALARM, INSUFFICIENT_DATA")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for _, r := range s.everywhere() {
		if a := r.alarms[name]; a != nil {
			r.advance(s.now())
			a.set(state, "Set by hand", r.now)
			r.stir()
			found = true
		}
	}
	if !found {
		return errors.New("set alarm " + name + ": there is no such alarm")
	}
	return nil
}

// GroupState is what runs in a group.
type GroupState struct {
	Account   string          `json:"account"`
	Region    string          `json:"region"`
	Name      string          `json:"name"`
	Desired   int             `json:"desired"`
	Template  string          `json:"template"` // saved: name and version, "" for a mixed policy's overrides alone
	Refresh   string          `json:"refresh"`  // status of the newest, "" for none
	Percent   int             `json:"percent"`  // of that refresh
	Reason    string          `json:"reason"`   // of that refresh; times in it are simulated
	Instances []InstanceState `json:"instances"`
}

// InstanceState is one instance of a group.
type InstanceState struct {
	ID         string    `json:"id"`
	State      string    `json:"state"` // lifecycle state
	Healthy    bool      `json:"healthy"`
	Image      string    `json:"image"`
	Version    string    `json:"version"`    // of its template
	Launched   time.Time `json:"launched"`   // simulated
	Registered bool      `json:"registered"` // with the group's load balancers
}

// Groups is what runs where, in all accounts and regions, by account, region
// and name.
func (s *Server) Groups() []GroupState {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var out []GroupState
	for _, r := range s.everywhere() {
		r.advance(now)
		for _, name := range r.names {
			out = append(out, r.groups[name].state())
		}
	}
	return out
}

func (g *group) state() GroupState {
	out := GroupState{Account: g.region.place.account, Region: g.region.place.region, Name: g.name, Desired: g.desired}
	switch {
	case g.recipe.template != nil:
		out.Template = g.recipe.template.name + ":" + g.recipe.template.version
	case g.recipe.mixed != nil:
		out.Template = g.recipe.mixed.template.name + ":" + g.recipe.mixed.template.version
	}
	if n := len(g.refreshes); n > 0 {
		rf := g.refreshes[n-1]
		out.Refresh, out.Percent, out.Reason = rf.status, rf.live.percent, rf.statusReason(simulatedTime)
	}
	for _, i := range g.instances {
		one := InstanceState{ID: i.id, State: i.state, Healthy: !i.unhealthy, Image: i.imageID, Launched: i.launched, Registered: i.registered}
		if i.template != nil {
			one.Version = i.template.version
		}
		out.Instances = append(out.Instances, one)
	}
	return out
}

// simulatedTime tells times as the simulation has them.
func simulatedTime(t time.Time) time.Time { return t }
