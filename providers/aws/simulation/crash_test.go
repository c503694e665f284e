package simulation

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// story is one thing that can happen, told without dice.
type story struct {
	name  string
	mixed bool
	tell  func(w *world)
}

// Images of a world, by number; see world.build.
const (
	imageA, imageB, imageC = 0, 1, 2
	imageBad               = 4
)

func (w *world) declare(n int, subject string) {
	w.set("web", w.images[n].id, subject)
}

// hours lets the story go on, in steps that let the agent be started again.
func (w *world) hours(n float64) { w.wait(time.Duration(n * float64(time.Hour))) }

func stories() []story {
	return []story{
		{"a merge", false, func(w *world) { w.declare(imageB, "merge"); w.hours(1) }},
		{"a merge of a mixed group", true, func(w *world) { w.declare(imageB, "merge"); w.hours(1) }},
		{"a broken image, and a revert", false, func(w *world) {
			w.declare(imageBad, "merge")
			w.hours(2)
			w.declare(imageA, "revert")
			w.hours(1)
		}},
		{"a revert in the middle", false, func(w *world) {
			w.declare(imageB, "merge")
			w.hours(0.1)
			w.declare(imageA, "revert")
			w.hours(1)
		}},
		{"a revert afterwards", false, func(w *world) {
			w.declare(imageB, "merge")
			w.hours(1)
			w.declare(imageA, "revert")
			w.hours(1)
		}},
		{"a newer commit in the middle", false, func(w *world) {
			w.declare(imageB, "merge")
			w.hours(0.1)
			w.declare(imageC, "merge")
			w.hours(1)
		}},
		{"a change by hand", false, func(w *world) {
			w.declare(imageB, "merge")
			w.hours(1)
			g, _ := w.person.look(w.ctx, w.fleet[0].asg())
			w.saveSpec(w.fleet[0], g, "1")
			terminate(w)
			w.hours(1)
		}},
		{"a newer commit while the last one is rolled back", false, func(w *world) {
			w.declare(imageBad, "merge")
			w.hours(1.2)
			w.declare(imageC, "merge")
			w.hours(1)
		}},
		{"somebody's own refresh", false, func(w *world) {
			g, _ := w.person.look(w.ctx, w.fleet[0].asg())
			w.refreshTo(w.fleet[0], g, w.handmade(*spec(g).LaunchTemplateId, w.images[imageC].id))
			w.hours(1)
		}},
		{"a group that follows $Latest", false, func(w *world) {
			g, _ := w.person.look(w.ctx, w.fleet[0].asg())
			w.saveSpec(w.fleet[0], g, "$Latest")
			w.declare(imageB, "merge")
			w.hours(1)
		}},
	}
}

// ending is what a story came to.
type ending struct {
	image               string // what the group would launch
	instances           string // what its instances run
	state               string
	versions, refreshes int
}

// crash says where an agent dies: at its nth call to AWS, before the call is
// served or after. Zero means never.
type crash struct {
	call  int
	after bool
}

// TestCrashAtEveryCall kills the agent at every call of every story in turn,
// before and after the call acts, starts another, and wants the same ending,
// with not one version or refresh more.
func TestCrashAtEveryCall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	points := 0
	t.Run("stories", func(t *testing.T) {
		for _, s := range stories() {
			t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				n := crashEverywhere(t, s)
				mu.Lock()
				defer mu.Unlock()
				points += n
			})
		}
	})
	t.Logf("%d crash points in %d stories", points, len(stories()))
}

func crashEverywhere(t *testing.T, s story) (points int) {
	want, calls, _ := s.run(t, crash{})
	step := 1
	if testing.Short() {
		step = 29
	}
	for n := 1; n <= calls; n += step {
		for _, after := range []bool{false, true} {
			got, _, told := s.run(t, crash{n, after})
			points++
			if got != want {
				t.Errorf("killed at call %d (after it acted: %v):\n got %+v\nwant %+v\n%s", n, after, got, want, told)
				return points
			}
		}
	}
	return points
}

// run tells the story in a bubble, with one crash.
func (s story) run(t *testing.T, at crash) (end ending, calls int, told string) {
	synctest.Test(t, func(t *testing.T) {
		w := newStage(t, s.mixed, "")
		w.mortal(at)
		w.wait(10 * time.Second) // it has seen the first commit by then
		s.tell(w)
		end, calls, told = w.ending(), w.agents[0].wire.count(), w.told()
		for _, a := range w.agents {
			a.kill()
		}
		if len(w.rules.breaches) > 0 {
			t.Errorf("killed at %+v: %s\n%s", at, strings.Join(w.rules.breaches, "\n"), told)
		}
	})
	return end, calls, told
}

// newStage is a world of one group of three, the same each time. With a role
// it is so no more to the call: when a session is renewed is a matter of dice.
func newStage(t *testing.T, mixed bool, role string) *world {
	w := &world{t: t, role: role, fleet: []member{{
		name: "web", capacity: 3, low: 100, mixed: mixed,
		rollout: "      min_healthy_percentage = 100\n      max_healthy_percentage = 150\n      instance_warmup = \"5m\"\n",
	}}}
	w.open(1)
	return w
}

// mortal starts an agent that dies at a call and is started again a little
// later.
func (w *world) mortal(at crash) {
	a := w.startAgent(3 * time.Minute)
	if at.call == 0 {
		return
	}
	dead := make(chan struct{})
	a.wire.cutAt(at, dead)
	go func() {
		select {
		case <-dead:
		case <-w.ctx.Done():
			return
		}
		w.tell("agent %s dies at call %d", a.name, at.call)
		a.kill()
		time.Sleep(30 * time.Second)
		w.startAgent(3 * time.Minute)
	}()
}

// cutAt ends the life of whoever uses the wire: from the nth call on, nothing
// is answered any more.
func (w *wire) cutAt(at crash, dead chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var once sync.Once
	w.cut = func(r *http.Request, served bool) error {
		n := w.count()
		if n < at.call || n == at.call && served != at.after {
			return nil
		}
		once.Do(func() { close(dead) })
		return hang(r.Context())
	}
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

// ending looks at what there is in the end.
func (w *world) ending() ending {
	m := w.fleet[0]
	g, _ := w.person.look(w.ctx, m.asg())
	s := spec(g)
	e := ending{image: w.person.imageOf(w.ctx, *s.LaunchTemplateId, *s.Version)}
	runs := map[string]int{}
	for _, i := range g.Instances {
		runs[w.person.imageOf(w.ctx, *i.LaunchTemplate.LaunchTemplateId, *i.LaunchTemplate.Version)]++
	}
	e.instances = fmt.Sprint(runs)
	answer, _ := w.answer(m.name)
	e.state = string(answer.State)
	for _, write := range w.server.Writes() {
		if write.Error != "" {
			continue
		}
		switch write.Action {
		case "CreateLaunchTemplateVersion":
			e.versions++
		case "StartInstanceRefresh":
			e.refreshes++
		}
	}
	return e
}
