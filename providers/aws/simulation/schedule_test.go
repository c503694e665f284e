package simulation

import (
	"flag"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	seeds = flag.Int("seeds", 200, "how many schedules to run")
	first = flag.Uint64("first", 1, "the first seed")
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// TestSchedules runs random schedules and holds the rules against them.
func TestSchedules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		*seeds = min(*seeds, 6)
	}
	var mu sync.Mutex
	var total coverage
	t.Run("seeds", func(t *testing.T) {
		for n := range *seeds {
			seed := *first + uint64(n)
			t.Run("seed="+strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				breaches, story, cover := runSchedule(t, seed, nil)
				if len(breaches) > 0 {
					t.Errorf("%s\n\nthe story of seed %d:\n%s", strings.Join(breaches, "\n"), seed, story)
				} else if testing.Verbose() && *seeds == 1 {
					t.Log("\n" + story)
				}
				mu.Lock()
				defer mu.Unlock()
				total.add(cover)
			})
		}
	})
	t.Logf("covered: %d schedules, %d steps, %d commits, %d faults, %d crashes, %d refreshes, %.0f simulated days; in the end %d groups converged, %d held",
		*seeds, total.steps, total.commits, total.faults, total.crashes, total.refreshes, total.virtual.Hours()/24, total.converged, total.held)
}

// runSchedule plays one seed in a bubble of its own.
func runSchedule(t *testing.T, seed uint64, around wrap) (breaches []string, story string, cover coverage) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, around)
		w.play()
		breaches, story, cover = w.rules.breaches, w.told(), w.cover
	})
	return breaches, story, cover
}

// play is a schedule: some events with pauses between them, a quiet night, and
// the reckoning.
func (w *world) play() {
	w.startAgent(0)
	for range 10 + w.dice.IntN(15) {
		w.wait(time.Duration(1+w.dice.IntN(40)) * time.Minute)
		w.next().happen(w)
		w.check()
	}
	w.goHome()
	for range 8 {
		w.wait(time.Hour)
		w.check()
	}
	w.rules.checkHistory()
	w.rules.checkEnd()
	w.cover.virtual = time.Since(w.began)
	for _, m := range w.fleet {
		w.cover.refreshes += len(w.person.refreshes(w.ctx, m.asg()))
	}
	for len(w.agents) > 0 {
		w.agents[0].kill()
		w.agents = w.agents[1:]
	}
}

// check holds the rules after a step.
func (w *world) check() {
	w.cover.steps++
	w.rules.checkWrites()
	if w.calm {
		w.rules.checkHealthy()
	}
}

// TestASeedReproducesARun plays some seeds twice and wants the same story, to
// the second and to the id.
func TestASeedReproducesARun(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 6; seed++ {
		t.Run("seed="+strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			_, once, _ := runSchedule(t, seed, nil)
			_, again, _ := runSchedule(t, seed, nil)
			if once != again {
				t.Errorf("two stories of one seed:\n%s", cmp.Diff(strings.Split(once, "\n"), strings.Split(again, "\n")))
			}
		})
	}
}
