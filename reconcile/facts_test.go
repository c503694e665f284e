package reconcile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// facts are what a golden file gives: one group, as lines of words.
//
//	declared IMAGE commit=c2@09:00 [changed=c3@09:30] [drift=report] [stateful] [min=90] [max=100]
//	         [warmup=60s] [bake=5m] [checkpoints=50,100] [delay=10m] [alarms=a,b] [protected=wait] [standby=wait]
//	         [arch=arm64] [deprecated] [problem=words_with_underscores] [unattributed]
//	group    [missing] [shape=mixed_instances_policy] [operator=NAME] [deleting] [capacity=3] [max=10]
//	         [suspended=Launch] [maintenance=90-120] [warmup=60s] [grace=0s] [versions=9999] [weighted] [unobserved=retry]
//	saved    NUMBER IMAGE [base=3] [commit=c1] [floating=$Latest]
//	override IMAGE
//	instance COUNTxIMAGE [base=3] [state=Standby] [protected] [warm] [unhealthy]
//	refresh  ID STATUS [to=IMAGE] [version=4] [base=3] [by=c1] [at=09:30] [percent=50] [left=2] [mutates]
//	         [reason=words_with_underscores] [cause=words]
//	alarm    NAME STATE
//	type     NAME ARCHITECTURE
//	now      10:00
//
// Times of day are of one day; -3d09:00 is three days earlier.
type facts struct {
	now      time.Time
	desired  Desired
	observed Observed
}

func (f facts) plan() Plan {
	desired, observed := []Desired{f.desired}, []Observed{f.observed}
	plan := Diff(desired, observed, f.now)
	return Attributed(desired)(Doctor(desired, observed)(plan))
}

func parseFacts(text string) (facts, error) {
	f := facts{now: clockTime("10:00")}
	f.observed.Exists, f.observed.Shape = true, ShapePlain
	f.observed.Grace, f.observed.Max = Span(time.Minute), 10
	f.desired.ID = ID{"production", "web"}
	f.desired.AutoScalingGroup, f.desired.Position = "web-production", "production.hcl:7"
	f.desired.Place, f.desired.Drift = Place{Region: "eu-west-1"}, Heal
	f.observed.Capacity = -1
	for _, row := range strings.Split(text, "\n") {
		row = strings.TrimSpace(row)
		if row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		if err := f.take(strings.Fields(row)); err != nil {
			return f, fmt.Errorf("line %q: %w", row, err)
		}
	}
	if f.observed.Capacity < 0 {
		f.observed.Capacity = len(f.observed.Instances)
	}
	return f, nil
}

func (f *facts) take(words []string) error {
	kind, words := words[0], words[1:]
	options := map[string]string{}
	var plain []string
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok {
			options[key] = strings.ReplaceAll(value, "_", " ")
			if strings.HasSuffix(value, "_") || key == "shape" || key == "floating" {
				options[key] = value
			}
		} else {
			plain = append(plain, w)
		}
	}
	take, ok := takers()[kind]
	if !ok {
		return fmt.Errorf("unknown word %q", kind)
	}
	return take(f, plain, options)
}

type taker func(f *facts, plain []string, options map[string]string) error

func takers() map[string]taker {
	return map[string]taker{
		"now":      func(f *facts, p []string, _ map[string]string) error { f.now = clockTime(p[0]); return nil },
		"declared": takeDeclared, "group": takeGroup, "saved": takeSaved, "override": takeOverride,
		"instance": takeInstance, "refresh": takeRefresh, "alarm": takeAlarm, "type": takeType,
	}
}

func takeDeclared(f *facts, plain []string, o map[string]string) error {
	d := &f.desired
	d.Image = plain[0]
	d.Commit = commit(o["commit"])
	d.Changed = d.Commit
	if o["changed"] != "" {
		d.Changed = commit(o["changed"])
	}
	if o["drift"] != "" {
		d.Drift = DriftPolicy(o["drift"])
	}
	d.Stateful = has(plain, "stateful")
	d.Deprecated = has(plain, "deprecated")
	d.Unattributed = has(plain, "unattributed")
	d.ImageProblem, d.Architecture = o["problem"], o["arch"]
	r := &d.Rollout
	r.MinHealthyPercentage, r.MaxHealthyPercentage = number(o["min"]), number(o["max"])
	r.InstanceWarmup, r.BakeTime, r.CheckpointDelay = duration(o["warmup"]), duration(o["bake"]), duration(o["delay"])
	for _, c := range list(o["checkpoints"]) {
		r.CheckpointPercentages = append(r.CheckpointPercentages, *number(c))
	}
	r.Alarms = list(o["alarms"])
	r.ScaleInProtectedInstances, r.StandbyInstances = o["protected"], o["standby"]
	return nil
}

func takeGroup(f *facts, plain []string, o map[string]string) error {
	g := &f.observed
	g.Exists, g.Deleting, g.Weighted = !has(plain, "missing"), has(plain, "deleting"), has(plain, "weighted")
	g.Operator, g.Suspended = o["operator"], list(o["suspended"])
	if o["shape"] != "" {
		g.Shape = Shape(o["shape"])
	}
	if n := number(o["capacity"]); n != nil {
		g.Capacity = *n
	}
	if n := number(o["max"]); n != nil {
		g.Max = *n
	}
	if low, high, ok := strings.Cut(o["maintenance"], "-"); ok {
		g.Maintenance = &Maintenance{*number(low), *number(high)}
	}
	g.Warmup = duration(o["warmup"])
	if d := duration(o["grace"]); d != nil {
		g.Grace = *d
	}
	if n := number(o["versions"]); n != nil {
		g.TemplateVersions = int64(*n)
	}
	if o["unobserved"] != "" {
		g.Problem = &Problem{Class: Class(o["unobserved"]), Message: "describe Auto Scaling groups: rate exceeded"}
	}
	return nil
}

func takeSaved(f *facts, plain []string, o map[string]string) error {
	n := number(plain[0])
	f.observed.Saved.Version = Version{Template: "lt-1", Number: int64(*n), Image: plain[1], Base: int64(*n), Commit: o["commit"]}
	if b := number(o["base"]); b != nil {
		f.observed.Saved.Base = int64(*b)
	}
	f.observed.Saved.Floating = o["floating"]
	return nil
}

func takeOverride(f *facts, plain []string, _ map[string]string) error {
	f.observed.Saved.Overrides = append(f.observed.Saved.Overrides, Override{InstanceType: "m5.large", Image: plain[0]})
	return nil
}

func takeInstance(f *facts, plain []string, o map[string]string) error {
	count, image, _ := strings.Cut(plain[0], "x")
	var base int64
	if b := number(o["base"]); b != nil {
		base = int64(*b)
	}
	for range *number(count) {
		id := fmt.Sprintf("i-%d", len(f.observed.Instances)+1)
		f.observed.Instances = append(f.observed.Instances, Instance{
			ID: id, Image: image, Lifecycle: orDefault(o["state"], "InService"),
			Base: base, Template: "lt-1",
			Healthy: !has(plain, "unhealthy"), Protected: has(plain, "protected"), Warm: has(plain, "warm"),
		})
	}
	return nil
}

func takeRefresh(f *facts, plain []string, o map[string]string) error {
	r := Refresh{ID: plain[0], Status: Status(plain[1]), Reason: o["reason"], Mutates: has(plain, "mutates"), Image: o["to"], Targeted: o["to"] != ""}
	if r.Targeted {
		r.Version = Version{Template: "lt-1", Image: o["to"], Commit: o["by"]}
	}
	for key, field := range map[string]*int64{"version": &r.Version.Number, "base": &r.Version.Base} {
		if n := number(o[key]); n != nil {
			*field = int64(*n)
		}
	}
	for key, field := range map[string]*int{"percent": &r.Percent, "left": &r.Left} {
		if n := number(o[key]); n != nil {
			*field = *n
		}
	}
	r.Started = clockTime(orDefault(o["at"], "09:30"))
	if !r.Status.Active() {
		r.Ended = r.Started.Add(10 * time.Minute)
	}
	if o["cause"] != "" {
		r.Causes = []string{o["cause"]}
	}
	f.observed.Refreshes = append(f.observed.Refreshes, r)
	return nil
}

func takeAlarm(f *facts, plain []string, _ map[string]string) error {
	if f.observed.Alarms == nil {
		f.observed.Alarms = map[string]string{}
	}
	state := ""
	if len(plain) > 1 {
		state = plain[1]
	}
	f.observed.Alarms[plain[0]] = state
	return nil
}

func takeType(f *facts, plain []string, _ map[string]string) error {
	if f.observed.Architectures == nil {
		f.observed.Architectures = map[string][]string{}
	}
	f.observed.Architectures[plain[0]] = plain[1:]
	return nil
}

func clockTime(text string) time.Time {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		days, clock, _ := strings.Cut(rest, "d")
		day = day.AddDate(0, 0, -*number(days))
		text = clock
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return day.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
}

func commit(text string) Commit {
	hash, at, _ := strings.Cut(text, "@")
	return Commit{Hash: hash, Time: clockTime(at)}
}

func number(text string) *int {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return &n
}

func duration(text string) *Span {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	s := Span(d)
	return &s
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func has(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
