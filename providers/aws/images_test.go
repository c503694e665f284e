package aws

import (
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

func TestEachWayAnImageCannotBeLaunchedIsSaid(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		must(t, w.Apply(awssim.Fleet{Region: region, Images: []awssim.Image{
			{ID: "ami-00000000000000001", Name: "good", Architecture: "arm64"},
			{ID: "ami-00000000000000002", State: "pending"},
			{ID: "ami-00000000000000003", State: "disabled"},
			{ID: "ami-00000000000000004", Deprecated: time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)},
		}}))
		want := map[string]reconcile.Desired{
			"ami-00000000000000001": {ImageName: "good", Architecture: "arm64"},
			"ami-00000000000000002": {ImageProblem: "is still being made (state pending)"},
			"ami-00000000000000003": {ImageProblem: "is disabled by its owner"},
			"ami-00000000000000004": {Deprecated: true},
			"ami-00000000000000009": {ImageProblem: "does not exist in eu-west-1, or is not shared with this account"},
		}
		var declared []reconcile.Declaration
		for _, image := range sortedKeys(want) {
			declared = append(declared, w.declares("web", image))
		}
		var desired []reconcile.Desired
		calls := w.during(func() {
			var err error
			desired, err = p.Resolve(t.Context(), w.Place(), declared)
			must(t, err)
		})
		if calls["ec2:DescribeImages"] != 1 {
			t.Errorf("calls %v, want one for all images", calls)
		}
		for _, d := range desired {
			w := want[d.Image]
			if d.ImageProblem != w.ImageProblem || d.Deprecated != w.Deprecated {
				t.Errorf("%s: problem %q, deprecated %v, want %q, %v", d.Image, d.ImageProblem, d.Deprecated, w.ImageProblem, w.Deprecated)
			}
			if w.ImageName != "" && (d.ImageName != w.ImageName || d.Architecture != w.Architecture) {
				t.Errorf("%s: name %q, architecture %q", d.Image, d.ImageName, d.Architecture)
			}
		}
	})
}

func (w *world) resolves(t *testing.T, p *Provider, image string) (problem string, calls int) {
	t.Helper()
	made := w.during(func() {
		desired, err := p.Resolve(t.Context(), w.Place(), []reconcile.Declaration{w.declares("web", image)})
		must(t, err)
		problem = desired[0].ImageProblem
	})
	return problem, made["ec2:DescribeImages"]
}

func TestAGoodImageIsLookedAtAgainOnlyWhileItMatters(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		asks := func(image string, want int) {
			t.Helper()
			if _, calls := w.resolves(t, p, image); calls != want {
				t.Errorf("%d calls, want %d", calls, want)
			}
		}
		asks(one, 1)
		w.see(t, p, w.declares("web", one))
		w.Wait(100 * time.Hour)
		asks(one, 0) // converged: nobody is about to launch it because of us
		asks(two, 1)
		w.see(t, p, w.declares("web", two))
		asks(two, 0)
		w.Wait(61 * time.Minute)
		asks(two, 1)
	})
}

func TestABadImageIsLookedAtEachTime(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		image := w.MakeImage(t, "one", false)
		_, err := w.ec2.DisableImage(t.Context(), &ec2.DisableImageInput{ImageId: &image})
		must(t, err)
		if problem, _ := w.resolves(t, p, image); problem == "" {
			t.Error("a disabled image is said to be usable")
		}
		_, err = w.ec2.EnableImage(t.Context(), &ec2.EnableImageInput{ImageId: &image})
		must(t, err)
		if problem, _ := w.resolves(t, p, image); problem != "" {
			t.Errorf("problem %q after the image was enabled again", problem)
		}
	})
}

func TestImagesOfThePastAreCheckedAfresh(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		check := func(want ...string) {
			t.Helper()
			problems, err := p.CheckImages(t.Context(), w.Place(), []string{one, two})
			must(t, err)
			if diff := cmp.Diff(want, sortedKeys(problems), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("images with a problem (-want +got):\n%s", diff)
			}
		}
		check()
		w.RemoveImage(t, one)
		check(one)
	})
}

func TestWhatAWSSaysOfAFailedImageIsPassedOn(t *testing.T) {
	t.Parallel()
	image := &ec2types.Image{State: ec2types.ImageStateFailed, StateReason: &ec2types.StateReason{Message: awssdk.String("Client.InternalError: out of disk.")}}
	if got, want := problemOf(image), "cannot be launched (state failed): Client.InternalError: out of disk"; got != want {
		t.Errorf("problem %q, want %q", got, want)
	}
}
