package aws

import (
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

func TestMixedGroupsAreMovedAsAWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		id := w.template(t, "main", &ec2types.RequestLaunchTemplateData{ImageId: &one, InstanceType: "m5.large"})
		other := w.template(t, "other", &ec2types.RequestLaunchTemplateData{ImageId: &one, InstanceType: "m5.large"})
		w.create(t, providertest.Group{Name: "web", Min: 1, Size: 3, Max: 6}, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{
				InstancesDistribution: &astypes.InstancesDistribution{OnDemandBaseCapacity: awssdk.Int32(2)},
				LaunchTemplate: &astypes.LaunchTemplate{
					LaunchTemplateSpecification: &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: awssdk.String("1")},
					Overrides: []astypes.LaunchTemplateOverrides{
						{InstanceType: awssdk.String("m5.large")},
						{InstanceType: awssdk.String("m5.xlarge"), ImageId: &one},
						{InstanceType: awssdk.String("c5.large"), LaunchTemplateSpecification: &astypes.LaunchTemplateSpecification{LaunchTemplateId: &other, Version: awssdk.String("1")}},
					},
				},
			}
		})
		if o := w.see(t, p, w.declares("web", one)); o.Shape != reconcile.ShapeMixed || !o.Saved.Pins(one) || len(o.Saved.Overrides) != 2 {
			t.Fatalf("saw %+v", o)
		}
		if receipt := w.roll(t, p, w.declares("web", two)); !receipt.Created || receipt.Version.Template != id {
			t.Errorf("receipt %+v, want a new version of the group's own template", receipt)
		}
		w.settles(t, p, w.declares("web", two))
		policy := w.group(t, "web").MixedInstancesPolicy
		if n := policy.InstancesDistribution.OnDemandBaseCapacity; awssdk.ToInt32(n) != 2 {
			t.Errorf("on-demand base capacity %v, want it kept", n)
		}
		for n, o := range policy.LaunchTemplate.Overrides {
			if o.ImageId != nil && *o.ImageId != two {
				t.Errorf("override %d has image %s", n, *o.ImageId)
			}
			if s := o.LaunchTemplateSpecification; s != nil && w.version(t, *s.LaunchTemplateId, *s.Version).Image != two {
				t.Errorf("override %d has version %s of its template", n, *s.Version)
			}
		}
	})
}

func TestGroupsByAttributesAreSavedFirstAndReplacedWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		id := w.template(t, "main", &ec2types.RequestLaunchTemplateData{ImageId: &one, InstanceType: "m5.large"})
		w.create(t, providertest.Group{Name: "web", Min: 1, Size: 2, Max: 6}, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
				LaunchTemplateSpecification: &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: awssdk.String("1")},
				Overrides: []astypes.LaunchTemplateOverrides{{InstanceRequirements: &astypes.InstanceRequirements{
					VCpuCount: &astypes.VCpuCountRequest{Min: awssdk.Int32(2)}, MemoryMiB: &astypes.MemoryMiBRequest{Min: awssdk.Int32(4096)},
				}}},
			}}
		})
		if o := w.see(t, p, w.declares("web", one)); o.Shape != reconcile.ShapeAttributes {
			t.Fatalf("shape %s", o.Shape)
		}
		receipt := w.roll(t, p, w.declares("web", two))
		if spec := w.spec(t, "web"); *spec.Version != "2" || receipt.RefreshID == "" {
			t.Errorf("saved version %s, receipt %+v", *spec.Version, receipt)
		}
		again, err := p.Apply(t.Context(), w.action(t, p, reconcile.Roll, w.declares("web", two)))
		if err != nil || !again.Adopted || again.RefreshID != receipt.RefreshID {
			t.Errorf("again: %+v, %v, want the same refresh", again, err)
		}
		w.settles(t, p, w.declares("web", two))
		if updates := w.Calls()["autoscaling:UpdateAutoScalingGroup"]; updates != 1 {
			t.Errorf("%d updates, want 1", updates)
		}
		for _, write := range w.byMoult() {
			checkWrite(t, write)
		}
	})
}

func TestWhatARefreshByAttributesWasForIsRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, bad := w.MakeImage(t, "one", false), w.MakeImage(t, "bad", true)
		must(t, w.Apply(awssim.Fleet{
			Region: region, Templates: []awssim.Template{{Name: "web", ImageID: one, InstanceType: "m5.large"}},
			Groups: []awssim.Group{{Name: "web", Template: "web", Mixed: &awssim.Mixed{
				Overrides: []awssim.Override{{Requirements: map[string]string{"VCpuCount.Min": "2", "MemoryMiB.Min": "4096"}}},
			}}},
		}))
		receipt := w.roll(t, p, w.declares("web", bad))
		for range 40 {
			w.Wait(5 * time.Minute)
			w.see(t, p, w.declares("web", bad))
		}
		r := w.see(t, p, w.declares("web", bad)).Refreshes[0]
		if r.ID != receipt.RefreshID || r.Status != reconcile.Failed || r.Targeted || r.Image != bad || r.Version != receipt.Version || len(r.Causes) == 0 {
			t.Errorf("saw %+v, want the failed refresh to %s, and why it failed", r, bad)
		}
	})
}

func TestAVersionMadeForAnOverrideAloneIsOwnedUpTo(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		id := w.template(t, "main", &ec2types.RequestLaunchTemplateData{ImageId: &two, InstanceType: "m5.large"})
		other := w.template(t, "other", &ec2types.RequestLaunchTemplateData{ImageId: &one, InstanceType: "m5.large"})
		spec := func(id string) *astypes.LaunchTemplateSpecification {
			return &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: awssdk.String("1")}
		}
		w.create(t, providertest.Group{Name: "web", Min: 1, Size: 1, Max: 6}, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
				LaunchTemplateSpecification: spec(id),
				Overrides: []astypes.LaunchTemplateOverrides{
					{InstanceType: awssdk.String("c5.large"), LaunchTemplateSpecification: spec(other)},
					{InstanceType: awssdk.String("m5.large"), LaunchTemplateSpecification: spec(id)},
				},
			}}
		})
		if receipt := w.roll(t, p, w.declares("web", two)); !receipt.Created || receipt.Version.Template != id || receipt.Version.Number != 1 {
			t.Errorf("receipt %+v, want the group's own version, and that another was made", receipt)
		}
	})
}

func TestAnAliasIsPinnedToTheImageThatItMeansNow(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one := w.MakeImage(t, "one", false)
		must(t, w.Apply(awssim.Fleet{Region: region, Parameters: []awssim.Parameter{{Name: "/web/ami", Value: one}}}))
		w.MakeGroup(t, providertest.Group{Name: "web", Image: "resolve:ssm:/web/ami", Min: 1, Size: 2, Max: 6})
		o := w.see(t, p, w.declares("web", one))
		if !o.Saved.Alias() || !o.Saved.Floats() || len(o.Instances) != 2 || o.Instances[0].Image != one {
			t.Fatalf("saw %+v", o)
		}
		before := w.Instances(t, "web")
		receipt, err := p.Apply(t.Context(), w.action(t, p, reconcile.Pin, w.declares("web", one)))
		if err != nil || !receipt.Created || receipt.Version.Image != one || receipt.Version.Base != 1 {
			t.Fatalf("receipt %+v, %v", receipt, err)
		}
		if o := w.see(t, p, w.declares("web", one)); !atRest(&o, one) {
			t.Errorf("saw %+v, want it at rest", o)
		}
		steady := w.during(func() { w.see(t, p, w.declares("web", one)) })
		expect(t, "steady pass", steady, map[string]int{"autoscaling:DescribeAutoScalingGroups": 1})
		if diff := cmp.Diff(before, w.Instances(t, "web")); diff != "" {
			t.Errorf("instances (-before +after):\n%s", diff)
		}
	})
}

func TestEachSymbolIsPinnedToItsOwnMeaning(t *testing.T) {
	for symbol, want := range map[string]string{"$Default": "1", "$Latest": "2"} {
		t.Run(symbol, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *Provider, w *world) {
				must(t, w.Apply(awssim.Fleet{
					Region: region, Images: []awssim.Image{{ID: fleetImage}},
					Templates: []awssim.Template{{Name: "web", ImageID: fleetImage, InstanceType: "m5.large", Versions: []awssim.Version{{InstanceType: "m5.xlarge"}}}},
					Groups:    []awssim.Group{{Name: "web", Template: "web", Version: symbol}},
				}))
				_, err := p.Apply(t.Context(), w.action(t, p, reconcile.Pin, w.declares("web", fleetImage)))
				must(t, err)
				if got := *w.spec(t, "web").Version; got != want {
					t.Errorf("pinned to %s, want %s", got, want)
				}
			})
		})
	}
}
