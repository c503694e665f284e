package simulation

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moult/providers/aws/awssim"
	"moult/reconcile"
)

// sabotage breaks one of the twelve rules on purpose, in a test double, so
// that it shows whether the net would catch an agent that does.
type sabotage struct {
	rule   int
	name   string
	around wrap
	agent  func(*agent)
	tell   func(*world)
}

// aMerge and its like are stories in which a sabotage has its chance.
func aMerge(w *world)       { w.declare(imageB, "merge"); w.hours(1) }
func aBadMerge(w *world)    { w.declare(imageBad, "merge"); w.hours(6) }
func twoMerges(w *world)    { aMerge(w); w.declare(imageC, "merge"); w.hours(1) }
func thereAndBack(w *world) { aMerge(w); w.declare(imageA, "revert"); w.hours(1); aMerge(w) }
func aMistake(w *world) {
	w.repo.breakIt(w.fleet, map[string]string{"web": w.images[imageC].id})
	w.hours(1)
}
func aFollower(w *world) {
	g, _ := w.person.look(w.ctx, w.fleet[0].asg())
	w.saveSpec(w.fleet[0], g, "$Latest")
	w.hours(1)
}

// tamper is a sabotage of what goes over the wire.
func tamper(action, member, value string) func(*agent) {
	return func(a *agent) {
		a.wire.tamper = func(name string, members url.Values) {
			if name == action {
				members.Set(member, value)
			}
		}
	}
}

func sabotages() []sabotage {
	return []sabotage{
		{1, "swaps root volumes", nil, tamper("StartInstanceRefresh", "Strategy", "ReplaceRootVolume"), aMerge},
		{2, "writes a capacity", nil, tamper("UpdateAutoScalingGroup", "DesiredCapacity", "1"), aFollower},
		{3, "rolls towards $Latest", nil, tamper("StartInstanceRefresh", "DesiredConfiguration.LaunchTemplate.Version", "$Latest"), aMerge},
		{4, "believes the declaration rather than the instances", sees(pretend), nil, aMerge},
		{5, "does not look for the version it made", nil, forgetful, thereAndBack},
		{6, "forgets what failed", sees(forget), nil, aBadMerge},
		{7, "acts for the commit before the newest", nil, late, twoMerges},
		{8, "leaves the commit out of the description", nil, tamper("CreateLaunchTemplateVersion", "VersionDescription", "made by a machine"), aMerge},
		{8, "tags instances with another commit", nil, tamper("CreateLaunchTemplateVersion", "LaunchTemplateData.TagSpecification.1.Tag.1.Value", strings.Repeat("0", 40)), aMerge},
		{8, "tags instances with another image", nil, tamper("CreateLaunchTemplateVersion", "LaunchTemplateData.TagSpecification.1.Tag.2.Value", "ami-00000000"), aMerge},
		{8, "names its sessions alike", nil, tamper("AssumeRole", "RoleSessionName", "moult"), aMerge},
		{8, "has one source identity for all", nil, tamper("AssumeRole", "SourceIdentity", "moult"), aMerge},
		{8, "leaves the commit out of the user agent", nil, anonymous, aMerge},
		{9, "replaces what is right already", nil, tamper("StartInstanceRefresh", "Preferences.SkipMatching", "false"), aMerge},
		{10, "overlooks a mistake", nil, careless, aMistake},
		{11, "touches a group that nobody declares", nil, tamper("StartInstanceRefresh", "AutoScalingGroupName", foreign+"-asg"), aMerge},
		{12, "holds without an end", nil, silent, aBadMerge},
	}
}

// TestTheNetCatchesEachBrokenRule breaks every rule in turn and wants the
// rules that watch the schedules to say so, by number.
func TestTheNetCatchesEachBrokenRule(t *testing.T) {
	t.Parallel()
	for _, s := range sabotages() {
		t.Run(fmt.Sprintf("rule_%d_%s", s.rule, strings.ReplaceAll(s.name, " ", "_")), func(t *testing.T) {
			t.Parallel()
			want := fmt.Sprintf("rule %d: ", s.rule)
			breaches, told := s.run(t)
			if !slices.ContainsFunc(breaches, func(b string) bool { return strings.HasPrefix(b, want) }) {
				t.Errorf("an agent that %s was not caught; breaches: %q\n%s", s.name, breaches, told)
			}
			s.around, s.agent = nil, nil
			if breaches, told := s.run(t); len(breaches) > 0 {
				t.Errorf("an honest agent was caught: %q\n%s", breaches, told)
			}
		})
	}
}

func (s sabotage) run(t *testing.T) (breaches []string, told string) {
	synctest.Test(t, func(t *testing.T) {
		w := newStage(t, false, "arn:aws:iam::"+awssim.DefaultAccount+":role/moult")
		w.around, w.sabotage = s.around, s.agent
		w.startAgent(0)
		w.wait(10 * time.Second) // it has seen the first commit by then
		s.tell(w)
		w.rules.checkWrites()
		w.rules.checkHistory()
		w.rules.checkEnd()
		breaches, told = w.rules.breaches, w.told()
		w.agents[0].kill()
	})
	return breaches, told
}

// seeing is a provider that changes what it saw.
type seeing struct {
	reconcile.Provider
	change func(reconcile.Desired, *reconcile.Observed)
}

func sees(change func(reconcile.Desired, *reconcile.Observed)) wrap {
	return func(p reconcile.Provider) reconcile.Provider { return seeing{p, change} }
}

func (s seeing) Observe(ctx context.Context, place reconcile.Place, desired []reconcile.Desired) ([]reconcile.Observed, error) {
	observed, err := s.Provider.Observe(ctx, place, desired)
	for i := range observed {
		s.change(desired[i], &observed[i])
	}
	return observed, err
}

// pretend sees every group as it is declared.
func pretend(d reconcile.Desired, o *reconcile.Observed) {
	o.Saved.Image, o.Refreshes = d.Image, nil
	for i := range o.Instances {
		o.Instances[i].Image = d.Image
	}
}

// forget sees no refresh that has ended.
func forget(_ reconcile.Desired, o *reconcile.Observed) {
	o.Refreshes = slices.DeleteFunc(o.Refreshes, func(r reconcile.Refresh) bool { return !r.Status.Active() })
}

// anonymous takes the commit out of every user agent.
func anonymous(a *agent) {
	a.wire.disguise = func(head http.Header) {
		head.Set("User-Agent", namedCommit.ReplaceAllString(head.Get("User-Agent"), " "))
	}
}

// forgetful finds no version by its image.
func forgetful(a *agent) {
	a.wire.tamper = func(name string, members url.Values) {
		if name == "DescribeLaunchTemplateVersions" && members.Get("Filter.1.Name") == "image-id" {
			members.Set("Filter.1.Value.1", "ami-00000000")
		}
	}
}

// late is told what git declared before its newest commit.
func late(a *agent) {
	var before, newest reconcile.Declared
	a.clone.spoil = func(_ *clone, now reconcile.Declared) reconcile.Declared {
		if now.Head.Hash != newest.Head.Hash {
			before, newest = newest, now
		}
		if before.Head.Hash == "" {
			return now
		}
		return before
	}
}

// careless reads a file up to its mistake.
func careless(a *agent) {
	a.clone.blind = func(text []byte) []byte { return bytes.TrimSuffix(text, []byte(mistakeText)) }
}

// silent reports holds without saying what ends them.
func silent(a *agent) {
	say := a.onPass
	a.onPass = func(a *agent, r reconcile.Report) {
		for i := range r.Plan.Answers {
			r.Plan.Answers[i].Ends = ""
		}
		say(a, r)
	}
}
