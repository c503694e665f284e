package awssim

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// region is everything that one account has in one region.
type region struct {
	server *Server // to find the regions of other accounts
	place  place
	now    time.Time // simulated time, while a call is served
	pace   Pace
	dice   *dice // ids and every choice among equals

	templates     map[string]*launchTemplate // by id
	images        map[string]*image          // by id
	groups        map[string]*group          // by name
	names         []string                   // of the groups, sorted
	alarms        map[string]*alarm          // by name
	params        map[string]*parameter      // SSM parameters by name
	loose         []*instance                // instances outside of groups: detached, or not yet attached
	buckets       map[string]*bucket         // token buckets by action (EC2) or "autoscaling" (shared)
	launchConfigs map[string]*launchConfiguration
	ec2           ec2State // what only the EC2 part keeps

	agenda agenda // when which group moves next
}

func newRegion(p place, s *Server) *region {
	return &region{
		server: s, place: p, pace: s.Pace.orDefault(),
		dice:          newDice(s.Seed, p.account+"/"+p.region),
		templates:     map[string]*launchTemplate{},
		images:        map[string]*image{},
		groups:        map[string]*group{},
		alarms:        map[string]*alarm{},
		params:        map[string]*parameter{},
		buckets:       map[string]*bucket{},
		launchConfigs: map[string]*launchConfiguration{},
	}
}

// newID is a fresh id such as newID("i-") = "i-0a1b2c3d4e5f60718".
func (r *region) newID(prefix string) string {
	return strings.TrimSuffix(prefix, "-") + "-0" + fmt.Sprintf("%016x", r.dice.next())
}

// advance lets everything happen that is due by now, in the order in which it
// is due.
func (r *region) advance(now time.Time) {
	for {
		g := r.agenda.next(now)
		if g == nil {
			break
		}
		r.now = latest(r.now, g.due)
		g.step(r.now)
		r.plan(g)
	}
	r.now = latest(r.now, now)
}

// plan puts a group on the agenda for its next event.
func (r *region) plan(g *group) { r.agenda.put(g, g.nextEvent()) }

// touch makes a group look at itself now: something about it was changed.
func (r *region) touch(g *group) {
	g.step(r.now)
	r.plan(g)
}

// stir makes every group with a refresh under way look at itself: an alarm that
// it depends on may have changed. Other changes are noticed when the next
// thing happens in a group.
func (r *region) stir() {
	for _, name := range r.names {
		if g := r.groups[name]; g.active() != nil {
			r.touch(g)
		}
	}
}

// addGroup puts a new group in its place among the others.
func (r *region) addGroup(g *group) {
	i := sort.SearchStrings(r.names, g.name)
	r.names = append(r.names, "")
	copy(r.names[i+1:], r.names[i:])
	r.names[i] = g.name
	r.groups[g.name] = g
}

func (r *region) dropGroup(g *group) {
	i := sort.SearchStrings(r.names, g.name)
	r.names = append(r.names[:i], r.names[i+1:]...)
	delete(r.groups, g.name)
	r.agenda.drop(g)
}

// eachInstance calls f for every instance there is: those of groups in the
// order of the groups' names, then those outside of groups.
func (r *region) eachInstance(f func(*instance)) {
	for _, name := range r.names {
		g := r.groups[name]
		for _, i := range g.instances {
			f(i)
		}
		for _, i := range g.warm {
			f(i)
		}
	}
	for _, i := range r.loose {
		f(i)
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
