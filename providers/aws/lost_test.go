package aws

import (
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

// Each write is sent again by the SDK or settled by looking when its reply is
// lost; whatever Apply answers, doing the same once more must end well.
func TestALostReplyOfAnyWriteIsHarmless(t *testing.T) {
	for action, verb := range map[string]reconcile.Verb{
		"CreateLaunchTemplateVersion": reconcile.Roll, "StartInstanceRefresh": reconcile.Roll,
		"CancelInstanceRefresh": reconcile.Cancel, "RollbackInstanceRefresh": reconcile.RollBack,
	} {
		for _, kind := range []awssim.FaultKind{awssim.LostBefore, awssim.LostAfter} {
			t.Run(action+" "+string(kind), func(t *testing.T) {
				inBubble(t, func(t *testing.T, p *Provider, w *world) {
					loseOne(t, p, w, verb, awssim.Fault{Action: action, Kind: kind, Times: 1})
				})
			})
		}
	}
}

func loseOne(t *testing.T, p *Provider, w *world, verb reconcile.Verb, fault awssim.Fault) {
	one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
	w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 3, Max: 6})
	if verb != reconcile.Roll {
		w.roll(t, p, w.declares("web", two))
		w.Wait(20 * time.Second)
	}
	action := w.action(t, p, verb, w.declares("web", two))
	w.Inject(fault)
	_, first := p.Apply(t.Context(), action)
	if first != nil && reconcile.ClassOf(first) != reconcile.Retry && reconcile.ClassOf(first) != reconcile.Conflict {
		t.Errorf("error %v, want one that the next pass deals with", first)
	}
	if _, again := p.Apply(t.Context(), action); again != nil && reconcile.ClassOf(again) != reconcile.Conflict {
		t.Errorf("again: error %v", again)
	}
	if starts, versions := w.Starts(t, "web"), w.Versions(t, "web"); starts != 1 || versions != 2 {
		t.Errorf("%d refreshes and %d versions, want 1 and 2", starts, versions)
	}
	want := map[reconcile.Verb]reconcile.Status{
		reconcile.Roll: reconcile.Successful, reconcile.Cancel: reconcile.Cancelled, reconcile.RollBack: reconcile.RollbackSuccessful,
	}[verb]
	w.Wait(time.Hour)
	out, err := w.groups.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: awssdk.String("web")})
	must(t, err)
	if got := reconcile.Status(out.InstanceRefreshes[0].Status); got != want {
		t.Errorf("the refresh ended %s, want %s", got, want)
	}
}
