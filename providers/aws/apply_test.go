package aws

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

var commit = reconcile.Commit{Hash: "4f2a91c04f2a91c04f2a91c04f2a91c04f2a91c0"}

// see observes one group.
func (w *world) see(t *testing.T, p *Provider, d reconcile.Declaration) reconcile.Observed {
	t.Helper()
	observed, err := p.Observe(t.Context(), w.Place(), []reconcile.Desired{{Declaration: d}})
	must(t, err)
	if o := observed[0]; o.Problem != nil || !o.Exists {
		t.Fatalf("observe %s: exists %v, problem %+v", d.ID, o.Exists, o.Problem)
	}
	return observed[0]
}

func (w *world) declares(group, image string) reconcile.Declaration {
	return reconcile.Declaration{
		ID: reconcile.ID{Environment: "production", Group: group}, Place: w.Place(), AutoScalingGroup: group, Image: image, Commit: commit, Changed: commit,
	}
}

// action is the action that the heart would ask for after one look.
func (w *world) action(t *testing.T, p *Provider, verb reconcile.Verb, d reconcile.Declaration) reconcile.Action {
	t.Helper()
	o := w.see(t, p, d)
	low, high := 100, 125
	a := reconcile.Action{
		Verb: verb, Group: d.ID, Place: d.Place, AutoScalingGroup: d.AutoScalingGroup, Commit: d.Commit, Image: d.Image,
		Saved: o.Saved, Shape: o.Shape,
	}
	if verb == reconcile.Roll {
		a.Preferences = reconcile.Preferences{
			MinHealthyPercentage: &low, MaxHealthyPercentage: &high, AutoRollback: true, SkipMatching: o.Shape != reconcile.ShapeAttributes,
			ScaleInProtectedInstances: "ignore", StandbyInstances: "ignore",
		}
	}
	if len(o.Refreshes) > 0 {
		a.RefreshID = o.Refreshes[0].ID
	}
	return a
}

func (w *world) roll(t *testing.T, p *Provider, d reconcile.Declaration) reconcile.Receipt {
	t.Helper()
	receipt, err := p.Apply(t.Context(), w.action(t, p, reconcile.Roll, d))
	must(t, err)
	return receipt
}

// settles waits until a group is converged.
func (w *world) settles(t *testing.T, p *Provider, d reconcile.Declaration) reconcile.Observed {
	t.Helper()
	for range 200 {
		w.Wait(time.Minute)
		if o := w.see(t, p, d); atRest(&o, d.Image) {
			return o
		}
	}
	t.Fatalf("%s does not converge: %+v", d.ID, w.see(t, p, d))
	return reconcile.Observed{}
}

func TestAVersionTellsWhereItCameFrom(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two, three := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false), w.MakeImage(t, "three", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		first := w.roll(t, p, w.declares("web", two))
		w.settles(t, p, w.declares("web", two))
		second := w.roll(t, p, w.declares("web", three))
		if first.Version.Base != 1 || second.Version.Base != 1 {
			t.Errorf("bases %d and %d, want the version that nobody of ours made", first.Version.Base, second.Version.Base)
		}
		got := w.versionData(t, second.Version.Template, "3")
		want := "moult commit=" + commit.Hash + " group=production/web ami=" + three + " base=1"
		if diff := cmp.Diff(want, awssdk.ToString(got.VersionDescription)); diff != "" {
			t.Errorf("description (-want +got):\n%s", diff)
		}
		if len(w.byMoult()) != 4 {
			t.Errorf("%d writes, want two versions and two refreshes", len(w.byMoult()))
		}
		if token := w.byMoult()[0].Members["ClientToken"]; len(token) != 64 || token == w.byMoult()[2].Members["ClientToken"] {
			t.Errorf("client token %q, want 64 digits that speak for this version alone", token)
		}
	})
}

func TestTagsOfTheSourceStayAndOursAreAdded(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		g := providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4}
		id := w.template(t, "tagged", &ec2types.RequestLaunchTemplateData{
			ImageId: &one, InstanceType: "m5.large", UserData: awssdk.String("aGVsbG8="),
			TagSpecifications: []ec2types.LaunchTemplateTagSpecificationRequest{
				{ResourceType: ec2types.ResourceTypeVolume, Tags: []ec2types.Tag{{Key: awssdk.String("team"), Value: awssdk.String("web")}}},
				{ResourceType: ec2types.ResourceTypeNetworkInterface, Tags: []ec2types.Tag{{Key: awssdk.String("net"), Value: awssdk.String("a")}}},
			},
		})
		w.create(t, g, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.LaunchTemplate = &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: awssdk.String("1")}
		})
		w.roll(t, p, w.declares("web", two))
		data := w.versionData(t, id, "2").LaunchTemplateData
		got := map[string]map[string]string{}
		for _, spec := range data.TagSpecifications {
			got[string(spec.ResourceType)] = map[string]string{}
			for _, tag := range spec.Tags {
				got[string(spec.ResourceType)][*tag.Key] = *tag.Value
			}
		}
		want := map[string]map[string]string{
			"volume":            {"team": "web", tagCommit: commit.Hash, tagImage: two},
			"network-interface": {"net": "a"},
			"instance":          {tagCommit: commit.Hash, tagImage: two},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if awssdk.ToString(data.UserData) != "aGVsbG8=" {
			t.Errorf("user data %q was not kept", awssdk.ToString(data.UserData))
		}
	})
}

func TestEveryPreferenceIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4})
		must(t, w.Apply(awssim.Fleet{Region: region, Alarms: []awssim.Alarm{{Name: "5xx"}}}))
		warmup, delay, bake := reconcile.Span(90*time.Second), reconcile.Span(10*time.Minute), reconcile.Span(5*time.Minute)
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		action.Preferences.InstanceWarmup, action.Preferences.CheckpointDelay, action.Preferences.BakeTime = &warmup, &delay, &bake
		action.Preferences.CheckpointPercentages, action.Preferences.Alarms = []int{50, 100}, []string{"5xx"}
		action.Preferences.ScaleInProtectedInstances, action.Preferences.StandbyInstances = "refresh", "terminate"
		_, err := p.Apply(t.Context(), action)
		must(t, err)
		got := map[string]string{}
		for member, value := range w.byMoult()[1].Members {
			if name, ok := strings.CutPrefix(member, "Preferences."); ok {
				got[name] = value
			}
		}
		want := map[string]string{
			"MinHealthyPercentage": "100", "MaxHealthyPercentage": "125", "InstanceWarmup": "90",
			"CheckpointPercentages.member.1": "50", "CheckpointPercentages.member.2": "100", "CheckpointDelay": "600",
			"BakeTime": "300", "AlarmSpecification.Alarms.member.1": "5xx", "AutoRollback": "true", "SkipMatching": "true",
			"ScaleInProtectedInstances": "Refresh", "StandbyInstances": "Terminate",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("preferences (-want +got):\n%s", diff)
		}
	})
}

func TestGroupsThatShareATemplateShareItsVersions(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "blue", Image: one, Min: 1, Size: 1, Max: 4})
		w.create(t, providertest.Group{Name: "green", Min: 1, Size: 1, Max: 4}, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.LaunchTemplate = w.spec(t, "blue")
			in.LaunchTemplate.LaunchTemplateName = nil
		})
		blue, green := w.roll(t, p, w.declares("blue", two)), w.roll(t, p, w.declares("green", two))
		if !blue.Created || green.Created || blue.Version != green.Version {
			t.Errorf("blue %+v, green %+v, want one version for both", blue, green)
		}
	})
}

func TestAWarningOnAVersionStartsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		w.RemoveImage(t, two)
		for try := range 2 {
			_, err := p.Apply(t.Context(), action)
			if reconcile.ClassOf(err) != reconcile.Invalid || !strings.Contains(err.Error(), two) {
				t.Errorf("try %d: error %v, want AWS's warning, invalid", try, err)
			}
		}
		if made := w.Calls()["ec2:CreateLaunchTemplateVersion"]; made != 1 {
			t.Errorf("asked for the version %d times, want once", made)
		}
		if starts, versions := w.Starts(t, "web"), w.Versions(t, "web"); starts != 0 || versions != 1 {
			t.Errorf("%d refreshes and %d versions, want no refresh and the version taken back", starts, versions)
		}
	})
}

func TestRollingToWhatIsSavedMakesAndSeeksNoVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4})
		_, err := w.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
			AutoScalingGroupName: awssdk.String("web"), LaunchTemplate: w.newVersion(t, "web", &ec2types.RequestLaunchTemplateData{ImageId: &two}),
		})
		must(t, err)
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		action.Preferences.AutoRollback = false
		var receipt reconcile.Receipt
		calls := w.during(func() { receipt, err = p.Apply(t.Context(), action) })
		must(t, err)
		if receipt.Created || receipt.Version.Number != 2 || calls["ec2:DescribeLaunchTemplateVersions"] != 0 {
			t.Errorf("receipt %+v after calls %v", receipt, calls)
		}
	})
}

func TestAGroupThatAServiceOperatesIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		fleet := fleetOf(1)
		fleet.Groups[0].Operator = "eks.amazonaws.com"
		must(t, w.Apply(fleet))
		d := w.declares("web-00000", w.MakeImage(t, "two", false))
		_, err := p.Apply(t.Context(), w.action(t, p, reconcile.Roll, d))
		if reconcile.ClassOf(err) != reconcile.Invalid || len(w.byMoult()) != 0 {
			t.Errorf("error %v after %d writes, want it refused as invalid", err, len(w.byMoult()))
		}
	})
}

func TestTheSameActionFromTwoAgentsMakesOneVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 6})
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		other := w.provider()
		type answer struct {
			reconcile.Receipt
			error
		}
		answers := make(chan answer)
		for _, agent := range []*Provider{p, other} {
			go func() {
				receipt, err := agent.Apply(t.Context(), action)
				answers <- answer{receipt, err}
			}()
		}
		a, b := <-answers, <-answers
		if a.error != nil || b.error != nil || a.RefreshID != b.RefreshID || a.Version.Number != b.Version.Number {
			t.Errorf("answers %+v and %+v, want the same refresh of the same version", a, b)
		}
		if starts, versions := w.Starts(t, "web"), w.Versions(t, "web"); starts != 1 || versions != 2 {
			t.Errorf("%d refreshes and %d versions, want 1 and 2", starts, versions)
		}
	})
}
