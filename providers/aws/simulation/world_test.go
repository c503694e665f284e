package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"moult/providers/aws/awssim"
	"moult/reconcile"
)

// image is one baked image and how it behaves.
type image struct{ id, kind string }

// world is one simulated day or two: AWS, git, people and agents.
type world struct {
	t        *testing.T
	ctx      context.Context
	dice     *rand.Rand
	server   *awssim.Server
	repo     *repository
	person   person
	fleet    []member
	images   []image
	agents   []*agent
	around   wrap         // what is broken on purpose between loop and provider, nil for nothing
	sabotage func(*agent) // what is broken on purpose elsewhere, nil for nothing
	calm     bool         // nobody but git touches anything
	role     string       // ARN of the role that agents assume, "" for none

	declared map[string]string // what the newest commit declares
	began    time.Time
	lives    int // agents started so far
	rules    *rules

	mu    sync.Mutex
	story []string
	cover coverage
}

// coverage is what a schedule exercised.
type coverage struct {
	steps, commits, faults, crashes, refreshes int
	virtual                                    time.Duration
	converged, held                            int
}

func (c *coverage) add(o coverage) {
	c.steps += o.steps
	c.commits += o.commits
	c.faults += o.faults
	c.crashes += o.crashes
	c.refreshes += o.refreshes
	c.virtual += o.virtual
	c.converged += o.converged
	c.held += o.held
}

func newWorld(t *testing.T, seed uint64, around wrap) *world {
	dice := rand.New(rand.NewPCG(seed, 7))
	calm := dice.IntN(3) == 0
	w := &world{t: t, dice: dice, around: around, calm: calm, fleet: randomFleet(dice, calm)}
	w.open(seed)
	return w
}

// open fills in what every world has, and builds its fleet.
func (w *world) open(seed uint64) {
	if w.dice == nil {
		w.dice = rand.New(rand.NewPCG(seed, 7))
	}
	w.ctx, w.began = w.t.Context(), time.Now()
	w.server, w.repo, w.declared = &awssim.Server{Seed: seed}, &repository{role: w.role}, map[string]string{}
	w.person = newPerson(&wire{server: w.server})
	w.rules = newRules(w)
	w.build()
}

// build bakes the images, makes the groups, and lands the first commit, which
// declares what runs already.
func (w *world) build() {
	for n, kind := range []string{"good", "good", "good", "slow", "unhealthy", "crash", "fail"} {
		w.images = append(w.images, image{w.person.bake(w.ctx, w.t, fmt.Sprintf("image-%d", n), kind), kind})
	}
	for _, m := range w.fleet {
		w.person.make(w.ctx, w.t, m, w.images[0].id)
		w.declared[m.name] = w.images[0].id
	}
	w.person.make(w.ctx, w.t, member{name: foreign, capacity: 2}, w.images[0].id)
	settle()
	w.land("first")
}

// tell adds a line to the story, which a failing seed prints.
func (w *world) tell(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, fmt.Sprintf("%9s  ", time.Since(w.began).Round(time.Second))+fmt.Sprintf(format, args...))
}

func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.story, "\n")
}

// kind is how an image behaves.
func (w *world) kind(id string) string {
	for _, i := range w.images {
		if i.id == id {
			return i.kind
		}
	}
	return "unknown"
}

// land commits what is declared now.
func (w *world) land(subject string) {
	w.repo.commit(subject, w.fleet, w.declared)
	w.cover.commits++
	w.tell("commit %q: %s", subject, w.declares())
}

func (w *world) declares() string {
	var parts []string
	for _, m := range w.fleet {
		parts = append(parts, fmt.Sprintf("%s=%s(%s)", m.name, short(w.declared[m.name]), w.kind(w.declared[m.name])))
	}
	return strings.Join(parts, " ")
}

func short(id string) string {
	if len(id) > 10 {
		return id[len(id)-4:]
	}
	return id
}

// startAgent begins an agent's life. Busy is how often it looks while
// something moves.
func (w *world) startAgent(busy time.Duration) *agent {
	w.lives++
	name := fmt.Sprintf("a%d", w.lives)
	a := &agent{
		name: name, clone: &clone{origin: w.repo}, wire: &wire{server: w.server}, busy: busy, odd: time.Duration(7*w.lives+3) * 1013 * time.Microsecond,
		onPass: w.rules.onReport, observe: w.rules.onApply,
	}
	if w.sabotage != nil {
		w.sabotage(a)
	}
	a.start(w.ctx, w.around)
	w.mu.Lock()
	w.agents = append(w.agents, a)
	w.mu.Unlock()
	w.tell("agent %s starts", name)
	return a
}

func (w *world) killAgent(n int) {
	w.tell("agent %s dies", w.agents[n].name)
	w.agents[n].kill()
	w.agents = append(w.agents[:n], w.agents[n+1:]...)
	w.cover.crashes++
}

// wait lets virtual time pass.
func (w *world) wait(d time.Duration) { time.Sleep(d) }

// member is a random group of the fleet.
func (w *world) member() member { return w.fleet[w.dice.IntN(len(w.fleet))] }

// image is a random image of one of the kinds.
func (w *world) image(kinds ...string) string {
	for {
		i := w.images[w.dice.IntN(len(w.images))]
		for _, k := range kinds {
			if i.kind == k {
				return i.id
			}
		}
	}
}

// answer is what the youngest agent says of a group.
func (w *world) answer(name string) (reconcile.Answer, bool) {
	w.mu.Lock()
	youngest := w.agents[len(w.agents)-1]
	w.mu.Unlock()
	for _, answer := range youngest.last().Plan.Answers {
		if answer.Group.Group == name {
			return answer, true
		}
	}
	return reconcile.Answer{}, false
}
