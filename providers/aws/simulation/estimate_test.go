package simulation

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"moult/reconcile"
)

// TestEstimate holds what a plan says of a rollout against what the simulated
// AWS makes of it: how many instances are replaced exactly, how many batches
// within one, and the time within a factor of two. The time that an instance
// takes to boot is a guess, and AWS decides.
func TestEstimate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		capacity  int32
		low, high int
		warmup    string
		pauses    string
	}{
		{1, 100, 110, "1m", ""}, {3, 100, 110, "5m", ""}, {4, 50, 100, "1m", ""}, {10, 90, 100, "2m", ""},
		{20, 100, 125, "2m", ""}, {20, 50, 150, "1m", ""}, {8, 100, 125, "2m", "bake_time = \"10m\"\n"},
		{8, 50, 100, "2m", "checkpoint_percentages = [50, 100]\ncheckpoint_delay = \"20m\"\n"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d instances %d-%d%% warm-up %s %s", c.capacity, c.low, c.high, c.warmup, c.pauses), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t, fleet: []member{{name: "web", capacity: c.capacity, rollout: fmt.Sprintf(
					"min_healthy_percentage = %d\nmax_healthy_percentage = %d\ninstance_warmup = %q\n%s", c.low, c.high, c.warmup, c.pauses)}}}
				w.open(1)
				w.startAgent(0)
				w.declare(imageB, "merge")
				estimate, took, replaced := w.measure()
				if estimate.Replace != replaced {
					t.Errorf("estimated %d instances replaced, %d were", estimate.Replace, replaced)
				}
				if about := time.Duration(estimate.About); took < about/2 || took > 2*about {
					t.Errorf("estimated %s, took %s (%s)", estimate.About, took, estimate)
				}
				w.agents[0].kill()
			})
		})
	}
}

// measure waits for a rollout to begin and to end.
func (w *world) measure() (estimate reconcile.Estimate, took time.Duration, replaced int) {
	began := time.Now()
	for time.Since(began) < 24*time.Hour {
		w.wait(10 * time.Second)
		a, ok := w.answer("web")
		if ok && a.Estimate != nil {
			estimate = *a.Estimate
		}
		if refreshes := w.person.refreshes(w.ctx, "web-asg"); len(refreshes) > 0 && refreshes[0].EndTime != nil {
			return estimate, refreshes[0].EndTime.Sub(*refreshes[0].StartTime), w.launched()
		}
	}
	return estimate, 0, 0
}

// launched counts the instances that run the declared image.
func (w *world) launched() int {
	g, _ := w.person.look(w.ctx, "web-asg")
	n := 0
	for _, i := range g.Instances {
		if w.person.imageOf(w.ctx, *i.LaunchTemplate.LaunchTemplateId, *i.LaunchTemplate.Version) == w.declared["web"] {
			n++
		}
	}
	return n
}
