package reconcile

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The properties of Diff and the guards, over groups in every state that the
// dice can think of. A failing case names its seed.
const propertySeeds = 5000

func TestDiffProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(propertySeeds) {
		desired, observed, now := randomGroups(rand.New(rand.NewPCG(seed, 1)))
		plan := Diff(desired, observed, now)
		if err := checkPlan(plan, desired, observed); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, plan.Text())
		}
		if again := Diff(desired, observed, now); !reflect.DeepEqual(plan, again) {
			t.Fatalf("seed %d: two plans from one state:\n%s", seed, cmp.Diff(plan, again))
		}
		shuffle(rand.New(rand.NewPCG(seed, 2)), desired, observed)
		if other := Diff(desired, observed, now); !reflect.DeepEqual(plan, other) {
			t.Fatalf("seed %d: the order of the arguments matters:\n%s", seed, cmp.Diff(plan, other))
		}
		if err := checkGuard(plan, Doctor(desired, observed)(plan)); err != nil {
			t.Fatalf("seed %d: doctor: %v", seed, err)
		}
	}
}

func shuffle(dice *rand.Rand, desired []Desired, observed []Observed) {
	dice.Shuffle(len(desired), func(i, j int) {
		desired[i], desired[j] = desired[j], desired[i]
		observed[i], observed[j] = observed[j], observed[i]
	})
}

func checkPlan(plan Plan, desired []Desired, observed []Observed) error {
	if len(plan.Answers) != len(desired) {
		return fmt.Errorf("%d answers for %d groups", len(plan.Answers), len(desired))
	}
	by := map[ID]int{}
	for i, d := range desired {
		by[d.ID] = i
	}
	for _, a := range plan.Answers {
		i := by[a.Group]
		if err := checkAnswer(a, desired[i], observed[i]); err != nil {
			return fmt.Errorf("%s: %w", a.Group, err)
		}
	}
	return nil
}

// checkAnswer holds what must be true of any answer whatever the rule that
// gave it.
func checkAnswer(a Answer, d Desired, o Observed) error {
	active, broke := false, false
	for _, r := range o.Refreshes {
		active = active || r.Status.Active()
		broke = broke || r.Status.Broken() && r.Image == d.Image && r.Version.Commit == d.Changed.Hash
	}
	switch {
	case a.State == StateConverged && a.Action != nil:
		return fmt.Errorf("converged, and still %s", a.Action.Verb)
	case (a.State == StateHeld || a.State == StateDrifted || a.State == StateUnknown) && a.Action != nil:
		return fmt.Errorf("%s, and still %s", a.State, a.Action.Verb)
	case (a.State == StateHeld || a.State == StateDrifted) && a.Ends == "":
		return fmt.Errorf("held, and nothing ends it")
	case a.Reason == "":
		return fmt.Errorf("no reason")
	case a.Action == nil:
		return nil
	case a.Action.Commit.Hash == "":
		return fmt.Errorf("an action without a commit")
	case a.Action.Verb == Roll && active:
		return fmt.Errorf("starts a refresh while one runs")
	case a.Action.Verb == Roll && o.Saved.Floats():
		return fmt.Errorf("starts a refresh of a group that follows a symbol")
	case a.Action.Verb == Roll && d.ImageProblem != "":
		return fmt.Errorf("rolls an image that cannot launch")
	case a.Action.Verb == Roll && len(o.Refreshes) == 1 && broke:
		return fmt.Errorf("tries an image again that failed for the same commit")
	case a.Action.Verb == RollBack && !o.Saved.Pins(d.Image):
		return fmt.Errorf("rolls back to something that is not declared")
	case (a.Action.Verb == Cancel || a.Action.Verb == RollBack) && !active:
		return fmt.Errorf("stops what does not run")
	case a.Action.Preferences.AutoRollback && o.Saved.Floats():
		return fmt.Errorf("asks for a rollback that AWS must refuse")
	}
	return nil
}

// checkGuard holds what a guard may do: turn an action into a hold that says
// what ends it, add findings, and nothing else.
func checkGuard(before, after Plan) error {
	for i, a := range after.Answers {
		was := before.Answers[i]
		if a.Action == nil && was.Action != nil {
			if a.State != StateHeld || a.Reason == "" || a.Ends == "" {
				return fmt.Errorf("%s: withheld without saying why: %+v", a.Group, a)
			}
			continue
		}
		a.Findings = was.Findings
		if !reflect.DeepEqual(was, a) {
			return fmt.Errorf("%s: a guard changed more than it may:\n%s", a.Group, cmp.Diff(was, a))
		}
	}
	return nil
}

func randomGroups(dice *rand.Rand) ([]Desired, []Observed, time.Time) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	var desired []Desired
	var observed []Observed
	for n := range 1 + dice.IntN(3) {
		id := ID{"production", fmt.Sprintf("web%d", n)}
		desired = append(desired, randomDesired(dice, id, now))
		observed = append(observed, randomObserved(dice, id, now))
	}
	return desired, observed, now
}

var images = []string{"ami-a", "ami-b", "ami-c"}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

func randomCommit(dice *rand.Rand, now time.Time) Commit {
	return Commit{Hash: pick(dice, "c1", "c2", "c3"), Time: now.Add(time.Duration(dice.IntN(180)-150) * time.Minute)}
}

func randomDesired(dice *rand.Rand, id ID, now time.Time) Desired {
	d := Desired{Declaration: Declaration{
		ID: id, Image: pick(dice, images...), AutoScalingGroup: id.Group, Position: "p.hcl:1",
		Drift: pick(dice, Heal, ReportOnly), Stateful: dice.IntN(20) == 0, Commit: randomCommit(dice, now),
	}}
	d.Changed = d.Commit
	d.ImageProblem = pick(dice, "", "", "", "", "does not exist")
	d.Architecture = pick(dice, "", "x86_64", "arm64")
	d.Rollout.ScaleInProtectedInstances = pick(dice, "", "ignore", "wait", "refresh")
	d.Rollout.StandbyInstances = pick(dice, "", "ignore", "wait", "terminate")
	if dice.IntN(3) == 0 {
		d.Rollout.Alarms = []string{"5xx"}
	}
	return d
}

func randomVersion(dice *rand.Rand) Version {
	v := Version{Template: "lt-1", Number: int64(1 + dice.IntN(6)), Image: pick(dice, images...), Commit: pick(dice, "", "c1", "c2")}
	v.Base = pick(dice, v.Number, 1)
	return v
}

func randomObserved(dice *rand.Rand, id ID, now time.Time) Observed {
	if dice.IntN(30) == 0 {
		return Observed{ID: id, Problem: &Problem{Class: Retry, Message: "rate exceeded"}}
	}
	o := Observed{
		ID: id, Exists: dice.IntN(30) > 0, Shape: pick(dice, ShapePlain, ShapePlain, ShapeMixed, ShapeAttributes, ShapeOld),
		Capacity: dice.IntN(5), Max: 5, Operator: pick(dice, "", "", "", "", "", "", "ecs.amazonaws.com"),
		Suspended: pick(dice, nil, nil, []string{"Launch"}, []string{"HealthCheck"}),
		Alarms:    map[string]string{"5xx": pick(dice, "OK", "ALARM", "")},
	}
	o.Saved = Saved{Version: randomVersion(dice), Floating: pick(dice, "", "", "", "", "$Latest")}
	for n := range o.Capacity {
		v := randomVersion(dice)
		o.Instances = append(o.Instances, Instance{
			ID: fmt.Sprintf("i-%d", n), Image: v.Image, Version: v.Number, Template: v.Template, Base: v.Base,
			Lifecycle: pick(dice, "InService", "InService", "InService", "Pending", "Standby", "Terminating"),
			Protected: dice.IntN(5) == 0, Healthy: dice.IntN(5) > 0,
		})
	}
	o.Refreshes = randomRefreshes(dice, now)
	return o
}

// randomRefreshes are newest first; only the newest may be active.
func randomRefreshes(dice *rand.Rand, now time.Time) []Refresh {
	ended := []Status{Successful, Failed, Cancelled, RollbackSuccessful, RollbackFailed}
	statuses := append([]Status{Pending, InProgress, Baking, Cancelling, RollbackInProgress}, ended...)
	var refreshes []Refresh
	at := now
	for n := range dice.IntN(4) {
		at = at.Add(-time.Duration(1+dice.IntN(60)) * time.Minute)
		r := Refresh{ID: fmt.Sprintf("r-%d", n), Status: pick(dice, statuses...), Started: at, Targeted: dice.IntN(8) > 0, Mutates: dice.IntN(30) == 0}
		if n > 0 {
			r.Status = pick(dice, ended...)
		}
		if r.Targeted {
			r.Version = randomVersion(dice)
			r.Image = r.Version.Image
		}
		refreshes = append(refreshes, r)
	}
	return refreshes
}
