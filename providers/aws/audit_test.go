package aws

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"moult/providers/providertest"
)

// twins are two groups that share a template.
func (w *world) twins(t *testing.T, image string) {
	t.Helper()
	id := w.template(t, "shared", &ec2types.RequestLaunchTemplateData{ImageId: &image, InstanceType: "m5.large"})
	for _, name := range []string{"web", "api"} {
		w.create(t, providertest.Group{Name: name, Image: image, Min: 1, Size: 2, Max: 4}, func(in *autoscaling.CreateAutoScalingGroupInput) {
			in.LaunchTemplate = &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: awssdk.String("1")}
		})
	}
}

// labels are the tags that lead from each instance of a group to git.
func (w *world) labels(t *testing.T, group string) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, i := range w.inService(t, group) {
		own := map[string]string{}
		for _, tag := range i.Tags {
			if strings.HasPrefix(*tag.Key, "moult:") || *tag.Key == "aws:autoscaling:groupName" {
				own[*tag.Key] = *tag.Value
			}
		}
		all = append(all, own)
	}
	return all
}

func TestInstancesOfARefreshNameImageCommitAndGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.twins(t, one)
		for _, group := range []string{"web", "api"} {
			w.roll(t, p, w.declares(group, two))
			w.settles(t, p, w.declares(group, two))
			own := map[string]string{"moult:commit": commit.Hash, "moult:ami": two, "aws:autoscaling:groupName": group}
			if diff := cmp.Diff([]map[string]string{own, own}, w.labels(t, group)); diff != "" {
				t.Errorf("tags of the instances of %s (-want +got):\n%s", group, diff)
			}
		}
		if n := w.Versions(t, "web"); n != 2 {
			t.Errorf("the groups that share a template have %d versions of it, want one for both and one of before", n)
		}
	})
}

// A revert goes back to the version that was there: its instances name the
// commit that the version was made for, or none when a person made it. The
// commit of the revert is on the call that started the refresh.
func TestInstancesOfARevertNameTheCommitOfTheirVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two, three := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false), w.MakeImage(t, "three", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		for n, image := range []string{two, three, two, one} {
			d := w.declares("web", image)
			d.Commit.Hash = strings.Repeat(string(rune('a'+n)), 40)
			w.roll(t, p, d)
			w.settles(t, p, d)
			want := map[string]string{"aws:autoscaling:groupName": "web", tagImage: image, tagCommit: d.Commit.Hash}
			switch n {
			case 2: // back to what the first commit made
				want[tagCommit] = strings.Repeat("a", 40)
			case 3: // back to what a person made
				delete(want, tagCommit)
				delete(want, tagImage)
			}
			if diff := cmp.Diff([]map[string]string{want}, w.labels(t, "web")); diff != "" {
				t.Errorf("tags after commit %d (-want +got):\n%s", n, diff)
			}
			writes := w.byMoult()
			if last := writes[len(writes)-1]; last.Action != "StartInstanceRefresh" || last.SourceIdentity != "moult-"+d.Commit.Hash {
				t.Errorf("%s was done for %s, want a refresh for commit %d", last.Action, last.SourceIdentity, n)
			}
		}
	})
}
