package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world is a provider and a source in one: groups that take ten minutes to
// replace their instances, and a git that a test can move.
type world struct {
	mu       sync.Mutex
	declared Declared
	down     error
	groups   map[ID]*worldGroup
	applied  []string
	refuse   error
	slow     map[Place]time.Duration // observing takes so long
	observed []int                   // how many groups each Observe asked for
	onApply  func()
}

type worldGroup struct {
	image   string
	rolling string
	until   time.Time
}

func (w *world) Read(context.Context) (Declared, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.declared, w.down
}

func (w *world) Resolve(_ context.Context, _ Place, declarations []Declaration) ([]Desired, error) {
	desired := make([]Desired, len(declarations))
	for i, d := range declarations {
		desired[i] = Desired{Declaration: d}
	}
	return desired, nil
}

func (w *world) Observe(ctx context.Context, place Place, desired []Desired) ([]Observed, error) {
	w.mu.Lock()
	pause := w.slow[place]
	w.mu.Unlock()
	if pause > 0 {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.observed = append(w.observed, len(desired))
	observed := make([]Observed, len(desired))
	for i, d := range desired {
		observed[i] = w.groups[d.ID].observe(d.ID)
	}
	return observed, nil
}

func (g *worldGroup) observe(id ID) Observed {
	if g == nil {
		return Observed{ID: id}
	}
	o := Observed{ID: id, Exists: true, Shape: ShapePlain, Capacity: 1, Max: 3, Grace: Span(time.Minute)}
	if g.rolling != "" && !time.Now().Before(g.until) {
		g.image, g.rolling = g.rolling, ""
	}
	if g.rolling != "" {
		o.Refreshes = []Refresh{{ID: "r", Status: InProgress, Image: g.rolling, Targeted: true, Version: Version{Commit: "x"}}}
	}
	o.Saved.Version = Version{Template: "lt", Number: 1, Image: g.image, Base: 1}
	o.Instances = []Instance{{ID: "i", Image: g.image, Lifecycle: "InService", Healthy: true}}
	return o
}

func (w *world) Apply(_ context.Context, a Action) (Receipt, error) {
	if err := w.apply(a); err != nil {
		return Receipt{}, err
	}
	if after := w.onApply; after != nil {
		w.onApply = nil
		after()
	}
	return Receipt{RefreshID: "r"}, nil
}

func (w *world) apply(a Action) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.applied = append(w.applied, fmt.Sprintf("%s %s %s", a.Verb, a.Group, a.Image))
	if w.refuse != nil {
		return w.refuse
	}
	g := w.groups[a.Group]
	switch a.Verb {
	case Roll:
		g.rolling, g.until = a.Image, time.Now().Add(10*time.Minute)
	case Cancel, RollBack:
		g.rolling = ""
	}
	return nil
}

// declare makes a commit that gives groups their images.
func (w *world) declare(hash string, images map[ID]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := Commit{Hash: hash, Time: time.Now()}
	d := Declared{Head: c}
	set := map[ID]Declaration{}
	for _, g := range w.declared.Groups {
		set[g.ID] = g
	}
	for id, image := range images {
		was, known := set[id]
		if known && was.Image == image {
			d.Groups = append(d.Groups, was)
			continue
		}
		var earlier []Earlier
		if known {
			earlier = []Earlier{{Image: was.Image, Commit: was.Commit}}
		}
		place := Place{Region: "eu-west-1"}
		if id.Environment == "far" {
			place.Region = "us-east-1"
		}
		d.Groups = append(d.Groups, Declaration{ID: id, Place: place, AutoScalingGroup: id.Group, Image: image, Drift: Heal, Commit: c, Changed: c, Earlier: earlier})
	}
	slices.SortFunc(d.Groups, func(a, b Declaration) int {
		if a.ID.Less(b.ID) {
			return -1
		}
		return 1
	})
	w.declared = d
}

var web, api, far = ID{"prod", "web"}, ID{"prod", "api"}, ID{"far", "web"}

func newWorld(ids ...ID) *world {
	w := &world{groups: map[ID]*worldGroup{}, slow: map[Place]time.Duration{}}
	for _, id := range ids {
		w.groups[id] = &worldGroup{image: "ami-a"}
	}
	return w
}

// started runs a loop in the bubble until the test ends.
func started(t *testing.T, w *world) *Loop {
	return startedWith(t, w, &Loop{Source: w, Provider: w})
}

func startedWith(t *testing.T, w *world, l *Loop) *Loop {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

func (w *world) did() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.applied)
}

func wantApplied(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := w.did(); !slices.Equal(got, want) {
		t.Errorf("applied %q, want %q", got, want)
	}
}

func TestRunRollsOnceAndRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web)
		w.declare("c1", map[ID]string{web: "ami-b"})
		l := started(t, w)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-b")
		if !l.board.report().Plan.Converged() {
			t.Errorf("not converged: %s", l.board.report().Plan.Text())
		}
	})
}

func TestPassPlansAndDoesNotActWhenDry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-b", api: "ami-a"})
		report, err := (&Loop{Source: w, Provider: w, DryRun: true}).Pass(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantApplied(t, w)
		if got := len(report.Plan.Actions()); got != 1 {
			t.Errorf("%d actions planned, want 1:\n%s", got, report.Plan.Text())
		}
	})
}

func TestNewestCommitWinsInTheMiddleOfAPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-b", api: "ami-b"})
		l := &Loop{Source: w, Provider: w}
		w.onApply = func() { // while the first group is being started, git moves on
			w.declare("c2", map[ID]string{web: "ami-c", api: "ami-c"})
			_ = l.feed.poll(t.Context(), w)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		time.Sleep(time.Hour)
		cancel()
		<-done
		for _, a := range w.did()[1:] {
			if a == "roll prod/web ami-b" {
				t.Errorf("an action for an older commit started after the newer one was seen: %q", w.did())
			}
		}
		if w.groups[web].image != "ami-c" || w.groups[api].image != "ami-c" {
			t.Errorf("not on the newest commit: %+v %+v", w.groups[web], w.groups[api])
		}
	})
}

func TestSlowPlaceDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, far)
		w.slow[Place{Region: "us-east-1"}] = time.Hour
		w.declare("c1", map[ID]string{web: "ami-b", far: "ami-b"})
		started(t, w)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-b")
		time.Sleep(time.Hour)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-b", "roll far/web ami-b")
	})
}

func TestLooksAtNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-a", api: "ami-a"})
		started(t, w)
		time.Sleep(time.Second)
		w.declare("c2", map[ID]string{web: "ami-b", api: "ami-a"})
		time.Sleep(30 * time.Second) // polled at 30 s: the changed group alone
		wantObserved(t, w, 2, 1)
		time.Sleep(15 * time.Second) // busy at 45 s: the moving group alone
		wantObserved(t, w, 2, 1, 1)
		time.Sleep(15 * time.Second) // the interval is over at 60 s: everything
		wantObserved(t, w, 2, 1, 1, 2)
	})
}

func wantObserved(t *testing.T, w *world, want ...int) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.observed, want) {
		t.Errorf("observed %v groups at a time, want %v", w.observed, want)
	}
}

// TestActsBeforeItLooksBack: a commit that changes every group of a place is
// acted upon before anybody asks whether it could be taken back.
func TestActsBeforeItLooksBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &checking{world: newWorld(web), gone: map[string]string{}}
		w.onCheck = func() { wantApplied(t, w.world, "roll prod/web ami-b") }
		w.declare("c1", map[ID]string{web: "ami-a"})
		l := &Loop{Source: w, Provider: w}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		time.Sleep(time.Second)
		w.declare("c2", map[ID]string{web: "ami-b"})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		cancel()
		<-done
		if w.checks == 0 {
			t.Error("never looked back")
		}
	})
}

func TestNewsBreaksOffALongLookButNotTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-a", api: "ami-a"})
		w.slow[Place{Region: "eu-west-1"}] = 40 * time.Second
		started(t, w)
		for n := range 20 { // a commit at every poll
			time.Sleep(30 * time.Second)
			w.declare(fmt.Sprint("n", n), map[ID]string{web: fmt.Sprint("ami-", n), api: "ami-a"})
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if !slices.Contains(w.observed, 2) {
			t.Errorf("everything was never looked at: %v", w.observed)
		}
		if w.groups[web].image != "ami-19" {
			t.Errorf("web is on %s, want ami-19", w.groups[web].image)
		}
	})
}

func TestUnreadableRepositoryChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web)
		w.down = errors.New("no route to host")
		started(t, w)
		time.Sleep(time.Hour)
		synctest.Wait()
		wantApplied(t, w)
		w.mu.Lock()
		w.down = nil
		w.mu.Unlock()
		w.declare("c1", map[ID]string{web: "ami-b"})
		time.Sleep(time.Minute)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-b")
	})
}

func TestRefusedActionIsTriedEverMoreRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web)
		w.refuse = fmt.Errorf("start refresh of prod/web: %w: no such profile", ErrInvalid)
		w.declare("c1", map[ID]string{web: "ami-b"})
		l := started(t, w)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(w.did()); n < 4 || n > 8 {
			t.Errorf("tried %d times in an hour, want about 6", n)
		}
		a := l.board.report().Plan.Answers[0]
		if a.State != StateHeld || a.Ends == "" || a.Since.IsZero() {
			t.Errorf("refused group is %+v, want held with since and ends", a)
		}
		w.mu.Lock()
		w.refuse, w.applied = nil, nil
		w.mu.Unlock()
		w.declare("c2", map[ID]string{web: "ami-c"})
		time.Sleep(time.Minute)
		synctest.Wait()
		wantApplied(t, w, "roll prod/web ami-c")
	})
}

func TestRemovedGroupIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(web, api)
		w.declare("c1", map[ID]string{web: "ami-a", api: "ami-a"})
		l := started(t, w)
		time.Sleep(time.Second)
		w.declare("c2", map[ID]string{})
		w.groups[web].image = "ami-x"
		time.Sleep(time.Hour)
		synctest.Wait()
		wantApplied(t, w)
		if n := len(l.board.report().Plan.Answers); n != 0 {
			t.Errorf("%d groups still reported after they were removed", n)
		}
	})
}

func TestSinceIsKeptWhileNothingChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.declare("c1", map[ID]string{web: "ami-b"})
		began := time.Now()
		l := started(t, w)
		time.Sleep(time.Hour)
		synctest.Wait()
		a := l.board.report().Plan.Answers[0]
		if a.State != StateHeld || !a.Since.Equal(began) {
			t.Errorf("held since %s, want %s: %+v", a.Since, began, a)
		}
	})
}
