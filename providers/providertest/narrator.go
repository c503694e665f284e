package providertest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// narrator tells a chapter: it plays Moult's side with the provider, and
// everybody else's with the world.
type narrator struct {
	*testing.T
	World
	provider reconcile.Provider
}

// The commits of the story.
var (
	first  = reconcile.Commit{Hash: "1111111111111111111111111111111111111111", Subject: "the first"}
	second = reconcile.Commit{Hash: "2222222222222222222222222222222222222222", Subject: "the second"}
	third  = reconcile.Commit{Hash: "3333333333333333333333333333333333333333", Subject: "the third"}
)

// web is the group that most chapters are about.
const web = "web-production"

func (n *narrator) declaration(group, image string, commit reconcile.Commit) reconcile.Declaration {
	return reconcile.Declaration{
		ID: reconcile.ID{Environment: "production", Group: group}, Place: n.Place(), AutoScalingGroup: group,
		Image: image, Drift: reconcile.Heal, Position: "production.hcl:1", Commit: commit, Changed: commit,
	}
}

// resolve asks the provider about one declaration.
func (n *narrator) resolve(group, image string) reconcile.Desired {
	n.Helper()
	desired, err := n.provider.Resolve(n.Context(), n.Place(), []reconcile.Declaration{n.declaration(group, image, first)})
	if err != nil || len(desired) != 1 {
		n.Fatalf("resolve %s: %d answers, %v", image, len(desired), err)
	}
	return desired[0]
}

// observe asks the provider about one group that shall run an image.
func (n *narrator) observe(group, image string) reconcile.Observed {
	n.Helper()
	desired := []reconcile.Desired{{Declaration: n.declaration(group, image, first)}}
	observed, err := n.provider.Observe(n.Context(), n.Place(), desired)
	if err != nil || len(observed) != 1 {
		n.Fatalf("observe %s: %d answers, %v", group, len(observed), err)
	}
	if observed[0].ID != desired[0].ID {
		n.Fatalf("observed %s, want %s", observed[0].ID, desired[0].ID)
	}
	return observed[0]
}

// see is observe for a group that must be seen well.
func (n *narrator) see(group, image string) reconcile.Observed {
	n.Helper()
	o := n.observe(group, image)
	if o.Problem != nil || !o.Exists {
		n.Fatalf("observe %s: exists %v, problem %+v", group, o.Exists, o.Problem)
	}
	return o
}

// action is what Moult would ask for, after one look at the group.
func (n *narrator) action(verb reconcile.Verb, group, image string, commit reconcile.Commit) reconcile.Action {
	n.Helper()
	o := n.see(group, image)
	a := reconcile.Action{
		Verb: verb, Group: o.ID, Place: n.Place(), AutoScalingGroup: group, Commit: commit, Image: image,
		Saved: o.Saved, Shape: o.Shape,
	}
	if verb == reconcile.Roll {
		warmup, low, high := reconcile.Span(10*time.Second), 100, 125
		a.Preferences = reconcile.Preferences{
			MinHealthyPercentage: &low, MaxHealthyPercentage: &high, InstanceWarmup: &warmup,
			AutoRollback: true, SkipMatching: true, ScaleInProtectedInstances: "ignore", StandbyInstances: "ignore",
		}
	}
	if len(o.Refreshes) > 0 {
		a.RefreshID = o.Refreshes[0].ID
	}
	return a
}

// apply carries out an action that must be accepted.
func (n *narrator) apply(a reconcile.Action) reconcile.Receipt {
	n.Helper()
	receipt, err := n.provider.Apply(n.Context(), a)
	if err != nil {
		n.Fatalf("apply %s: %v", a.Verb, err)
	}
	return receipt
}

// roll starts a refresh of a group.
func (n *narrator) roll(group, image string, commit reconcile.Commit) reconcile.Receipt {
	n.Helper()
	return n.apply(n.action(reconcile.Roll, group, image, commit))
}

// rolled rolls a group and waits until it has arrived.
func (n *narrator) rolled(group, image string, commit reconcile.Commit) reconcile.Receipt {
	n.Helper()
	receipt := n.roll(group, image, commit)
	n.ends(group, image, reconcile.Successful)
	return receipt
}

// patience is how long a refresh of a few instances may take.
const patience = 3 * time.Hour

// until waits for something that must come.
func (n *narrator) until(what string, so func() bool) {
	n.Helper()
	for waited := time.Duration(0); !so(); waited += 10 * time.Second {
		if waited >= patience {
			n.Fatalf("waited %s in vain until %s", patience, what)
		}
		n.Wait(10 * time.Second)
	}
}

// ends waits until the newest refresh of a group has ended, and it must have
// ended like this.
func (n *narrator) ends(group, image string, want reconcile.Status) reconcile.Refresh {
	n.Helper()
	var r reconcile.Refresh
	n.until("the refresh of "+group+" ends", func() bool {
		r = n.newest(group, image)
		return !r.Status.Active()
	})
	if r.Status != want {
		n.Fatalf("refresh of %s ended %s (%s), want %s", group, r.Status, r.Reason, want)
	}
	return r
}

// newest is the newest refresh of a group. A group that is converged has none
// to show, which is success.
func (n *narrator) newest(group, image string) reconcile.Refresh {
	n.Helper()
	o := n.see(group, image)
	if len(o.Refreshes) == 0 {
		return reconcile.Refresh{Status: reconcile.Successful}
	}
	return o.Refreshes[0]
}

// refuses carries out an action that must be refused with a class.
func (n *narrator) refuses(a reconcile.Action, want error) {
	n.Helper()
	receipt, err := n.provider.Apply(n.Context(), a)
	if !errors.Is(err, want) {
		n.Fatalf("apply %s: receipt %+v, error %v, want one that is %q", a.Verb, receipt, err, want)
	}
}

// runs fails unless all instances of a group run an image.
func (n *narrator) runs(group, image string, size int) {
	n.Helper()
	if diff := cmp.Diff(slices.Repeat([]string{image}, size), n.Running(n.T, group)); diff != "" {
		n.Errorf("images that %s runs (-want +got):\n%s", group, diff)
	}
}

// untouched fails if anything was written while do ran.
func (n *narrator) untouched(do func()) {
	n.Helper()
	before := n.Written()
	do()
	if after := n.Written(); after != before {
		n.Errorf("%d changes were made where none may be", after-before)
	}
}
