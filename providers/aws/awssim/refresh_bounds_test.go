package awssim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestRefreshKeepsItsBounds runs refreshes of random sizes and percentages,
// event by event, and looks at the group after every event.
func TestRefreshKeepsItsBounds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		dice := rand.New(rand.NewPCG(seed, 1))
		p := preferences{min: dice.IntN(101), max: 100, onProtected: policyWait, onStandby: policyWait, skipMatching: true, warmupSeconds: dice.IntN(60)}
		if dice.IntN(2) == 0 {
			p.maxGiven, p.max = true, min(100+dice.IntN(101), 100+p.min)
		}
		if dice.IntN(3) == 0 {
			p.checkpoints, p.delay = []int{1 + dice.IntN(50), 100}, 60
		}
		desired := 1 + dice.IntN(12)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { watchBounds(t, desired, p) })
	}
}

func watchBounds(t *testing.T, desired int, p preferences) {
	g := bareGroup(t, desired)
	to := recipe{template: &templateSpec{id: g.recipe.template.id, name: "web", version: "2"}}
	rf := &refresh{id: "r", strategy: strategyRolling, preferences: p, desired: &to, status: refreshPending, start: g.region.now, begins: g.region.now, firstLaunch: g.launches}
	g.refreshes = append(g.refreshes, rf)
	g.region.touch(g)
	least := rf.minHealthy(desired)
	if !p.maxGiven && least == desired {
		least-- // there is no room, and one is terminated at a time
	}
	for events := 0; !rf.over(); events++ {
		serving := 0
		for _, i := range g.instances {
			if rf.ready(i, g.region.now) {
				serving++
			}
		}
		if serving < least {
			t.Fatalf("%d of %d serve at %d%%, at least %d must: %s", serving, desired, p.min, least, g.tell())
		}
		if most := desired + rf.extra(desired); g.capacity() > most {
			t.Fatalf("capacity is %d of %d at %d%%: %s", g.capacity(), desired, p.max, g.tell())
		}
		if g.due.IsZero() || events > 1000 {
			t.Fatalf("the refresh does not end: %+v %s", p, g.tell())
		}
		g.region.advance(g.due)
	}
	if rf.status != refreshSuccessful || g.recipe.template.version != "2" || rf.live.percent != 100 {
		t.Fatalf("got %s", g.tell())
	}
	for _, i := range g.instances {
		if !i.leaving() && i.template.version != "2" {
			t.Fatalf("an old instance is left: %s", g.tell())
		}
	}
}

// bareGroup is a group of the scenario fleet without a server around it.
func bareGroup(t *testing.T, desired int) *group {
	t.Helper()
	s := &Server{Start: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Speed: 1e-9}
	f, err := ParseFleet("fleet.hcl", fmt.Appendf(nil, scenarioFleet, "unhealthy", fmt.Sprintf("desired_capacity = %d", desired)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(f); err != nil {
		t.Fatal(err)
	}
	return s.at(place{DefaultAccount, "eu-west-1"}).groups["web"]
}
