package providertest

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// story is the contract, chapter by chapter.
var story = []chapter{
	{"in an empty place nothing is declared and nothing is seen", emptyPlace},
	{"a group that nobody made is missing, which is no trouble", missingGroup},
	{"an image that does not exist is a problem, and no error", unknownImage},
	{"an image that is taken away later is a problem from then on", removedImage},
	{"a group is seen as it is, and looking changes nothing", seen},
	{"rolling replaces every instance and leaves the size alone", rolls},
	{"rolling leaves other groups alone", leavesOthersAlone},
	{"while a refresh runs the group still has the old image saved", savedLast},
	{"a size that a person changes meanwhile stays", sizeIsTheirs},
	{"asking for the same refresh again finds it running", rollsOnce},
	{"a lost reply does not start a second refresh", lostReply},
	{"going back uses the version from before, and so does going forth again", backAndForth},
	{"a version made before somebody edited the template is not used again", editKept},
	{"only instances that differ are replaced", onlyWhatDiffers},
	{"a broken image fails, says why, and is rolled back", brokenImage},
	{"a cancelled refresh stops, and cancelling again is success", cancels},
	{"a stop that was meant for another refresh is a conflict", stopsItsOwn},
	{"a refresh in flight is rolled back to what is saved", rollsBack},
	{"a refresh that has ended cannot be rolled back", tooLate},
	{"a plan made before somebody changed the group is void", voidPlan},
	{"somebody's own refresh is a conflict, and is seen for what it is", theirRefresh},
	{"pinning a group that floats replaces nothing", pins},
}

func emptyPlace(n *narrator) {
	desired, err := n.provider.Resolve(n.Context(), n.Place(), nil)
	if err != nil || len(desired) != 0 {
		n.Errorf("resolve nothing: %v, %v", desired, err)
	}
	observed, err := n.provider.Observe(n.Context(), n.Place(), nil)
	if err != nil || len(observed) != 0 {
		n.Errorf("observe nothing: %v, %v", observed, err)
	}
}

func missingGroup(n *narrator) {
	image := n.MakeImage(n.T, "one", false)
	if o := n.observe("nobody-made-it", image); o.Exists || o.Problem != nil {
		n.Errorf("exists %v, problem %+v, want neither", o.Exists, o.Problem)
	}
}

func unknownImage(n *narrator) {
	good := n.MakeImage(n.T, "one", false)
	if d := n.resolve(web, good); d.ImageProblem != "" || d.ImageName != "one" || d.Architecture == "" {
		n.Errorf("good image: problem %q, name %q, architecture %q", d.ImageProblem, d.ImageName, d.Architecture)
	}
	if d := n.resolve(web, "ami-00000000000000000"); !strings.Contains(d.ImageProblem, n.Place().Region) {
		n.Errorf("unknown image: problem %q, want one that names the region", d.ImageProblem)
	}
}

func removedImage(n *narrator) {
	image := n.MakeImage(n.T, "one", false)
	n.RemoveImage(n.T, image)
	if d := n.resolve(web, image); d.ImageProblem == "" {
		n.Error("a removed image is said to be usable")
	}
}

func seen(n *narrator) {
	image := n.MakeImage(n.T, "one", false)
	n.MakeGroup(n.T, Group{Name: web, Image: image, Min: 1, Size: 3, Max: 5})
	n.untouched(func() {
		o := n.see(web, image)
		if !o.Saved.Pins(image) || o.Capacity != 3 || o.Min != 1 || o.Max != 5 || len(o.Instances) != 3 {
			n.Errorf("saw %+v", o)
		}
		for _, i := range o.Instances {
			if i.Image != image || !i.InService() || !i.Healthy {
				n.Errorf("saw instance %+v, want it healthy in service on %s", i, image)
			}
		}
	})
}

func rolls(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	made := Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8}
	n.MakeGroup(n.T, made)
	before := n.Instances(n.T, web)
	receipt := n.rolled(web, two, second)
	if !receipt.Created || receipt.Version.Image != two || receipt.Version.Commit != second.Hash || receipt.RefreshID == "" || receipt.Adopted {
		n.Errorf("receipt %+v", receipt)
	}
	n.runs(web, two, 4)
	made.Image = two
	if diff := cmp.Diff(made, n.Group(n.T, web)); diff != "" {
		n.Errorf("group after the refresh (-want +got):\n%s", diff)
	}
	for _, id := range n.Instances(n.T, web) {
		if slices.Contains(before, id) {
			n.Errorf("instance %s was not replaced", id)
		}
	}
}

func leavesOthersAlone(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 2, Max: 8})
	other := Group{Name: "another", Image: one, Min: 1, Size: 2, Max: 8}
	n.MakeGroup(n.T, other)
	before := n.Instances(n.T, other.Name)
	n.rolled(web, two, second)
	if diff := cmp.Diff(before, n.Instances(n.T, other.Name)); diff != "" {
		n.Errorf("instances of the other group (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(other, n.Group(n.T, other.Name)); diff != "" {
		n.Errorf("the other group (-before +after):\n%s", diff)
	}
}

func savedLast(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	n.roll(web, two, second)
	o := n.see(web, two)
	if !o.Saved.Pins(one) {
		n.Errorf("saved %+v, want %s", o.Saved, one)
	}
	if r := n.newest(web, two); !r.Status.Active() || !r.Targeted || r.Image != two || r.Version.Commit != second.Hash {
		n.Errorf("refresh %+v, want an active one of %s to %s", r, second.Short(), two)
	}
	n.ends(web, two, reconcile.Successful)
	if !n.see(web, two).Saved.Pins(two) {
		n.Error("the image is not saved after the refresh succeeded")
	}
}

func sizeIsTheirs(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 3, Max: 8})
	n.roll(web, two, second)
	n.Wait(30 * time.Second)
	n.Resize(n.T, web, 5)
	n.ends(web, two, reconcile.Successful)
	n.Wait(5 * time.Minute)
	n.runs(web, two, 5)
}

func rollsOnce(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	action := n.action(reconcile.Roll, web, two, second)
	started := n.apply(action)
	again := n.apply(action)
	if !again.Adopted || again.RefreshID != started.RefreshID || again.Created || again.Version != started.Version {
		n.Errorf("first %+v, again %+v, want the same adopted", started, again)
	}
	n.ends(web, two, reconcile.Successful)
	if starts := n.Starts(n.T, web); starts != 1 {
		n.Errorf("%d refreshes, want 1", starts)
	}
}

func lostReply(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	action := n.action(reconcile.Roll, web, two, second)
	n.LoseReply(n.T)
	if receipt := n.apply(action); !receipt.Adopted || receipt.RefreshID == "" {
		n.Errorf("receipt %+v, want the refresh adopted", receipt)
	}
	n.ends(web, two, reconcile.Successful)
	if starts := n.Starts(n.T, web); starts != 1 {
		n.Errorf("%d refreshes, want 1", starts)
	}
}

func backAndForth(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 2, Max: 8})
	base := n.see(web, one).Saved.Version
	forth := n.rolled(web, two, first)
	back := n.rolled(web, one, second)
	again := n.rolled(web, two, third)
	if back.Created || back.Version.Number != base.Number {
		n.Errorf("went back to %+v, want version %d again", back, base.Number)
	}
	if again.Created || again.Version != forth.Version {
		n.Errorf("went forth again to %+v, want %+v", again, forth.Version)
	}
	if versions := n.Versions(n.T, web); versions != 2 {
		n.Errorf("%d versions of the template, want 2", versions)
	}
}

func editKept(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 2, Max: 8})
	before := n.rolled(web, two, first)
	n.rolled(web, one, second)
	n.EditTemplate(n.T, web)
	edited := n.see(web, one).Saved.Version
	after := n.rolled(web, two, third)
	if !after.Created || after.Version.Number == before.Version.Number || after.Version.Base != edited.Number {
		n.Errorf("rolled to %+v, want a new version over %d", after, edited.Number)
	}
}

func onlyWhatDiffers(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	n.roll(web, two, second)
	n.until("half of the instances are replaced", func() bool { return n.newest(web, two).Percent >= 50 })
	n.apply(n.action(reconcile.Cancel, web, two, third))
	n.ends(web, two, reconcile.Cancelled)
	var done []string
	for _, i := range n.see(web, two).Instances {
		if i.InService() && i.Image == two {
			done = append(done, i.ID)
		}
	}
	if len(done) == 0 || len(done) == 4 {
		n.Fatalf("%d of 4 instances were replaced before the refresh was cancelled, want some", len(done))
	}
	n.rolled(web, two, second)
	after := n.Instances(n.T, web)
	for _, id := range done {
		if !slices.Contains(after, id) {
			n.Errorf("instance %s ran the image already and was replaced", id)
		}
	}
	n.runs(web, two, 4)
}

func brokenImage(n *narrator) {
	one, bad := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "bad", true)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 3, Max: 6})
	n.roll(web, bad, second)
	r := n.ends(web, bad, reconcile.RollbackSuccessful)
	if r.Image != bad || r.Reason == "" || len(r.Causes) == 0 {
		n.Errorf("refresh %+v, want the image, a reason and causes", r)
	}
	n.Wait(10 * time.Minute)
	n.runs(web, one, 3)
	if !n.see(web, bad).Saved.Pins(one) {
		n.Error("the broken image is saved in the group")
	}
}

func cancels(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	n.roll(web, two, second)
	n.Wait(time.Minute)
	action := n.action(reconcile.Cancel, web, two, third)
	n.apply(action)
	n.untouched(func() { n.apply(action) })
	n.ends(web, two, reconcile.Cancelled)
	n.untouched(func() { n.apply(action) })
}

func stopsItsOwn(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	n.roll(web, two, second)
	for _, verb := range []reconcile.Verb{reconcile.Cancel, reconcile.RollBack} {
		action := n.action(verb, web, one, third)
		action.RefreshID = "another"
		n.untouched(func() { n.refuses(action, reconcile.ErrConflict) })
	}
	n.ends(web, two, reconcile.Successful)
}

func rollsBack(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	n.roll(web, two, second)
	n.Wait(90 * time.Second)
	action := n.action(reconcile.RollBack, web, one, third)
	n.apply(action)
	n.untouched(func() { n.apply(action) })
	n.ends(web, one, reconcile.RollbackSuccessful)
	n.Wait(5 * time.Minute)
	n.runs(web, one, 4)
}

func tooLate(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 2, Max: 8})
	started := n.rolled(web, two, second)
	action := n.action(reconcile.RollBack, web, one, third)
	action.RefreshID = started.RefreshID
	n.untouched(func() { n.refuses(action, reconcile.ErrConflict) })
}

func voidPlan(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 2, Max: 8})
	action := n.action(reconcile.Roll, web, two, second)
	n.EditTemplate(n.T, web)
	n.untouched(func() { n.refuses(action, reconcile.ErrConflict) })
	n.rolled(web, two, second)
	n.runs(web, two, 2)
}

func theirRefresh(n *narrator) {
	one, two := n.MakeImage(n.T, "one", false), n.MakeImage(n.T, "two", false)
	n.MakeGroup(n.T, Group{Name: web, Image: one, Min: 1, Size: 4, Max: 8})
	action := n.action(reconcile.Roll, web, two, second)
	theirs := n.MakeImage(n.T, "theirs", false)
	n.StartByHand(n.T, web, theirs)
	n.refuses(action, reconcile.ErrConflict)
	if r := n.newest(web, two); !r.Status.Active() || r.Image != theirs || r.Version.Commit != "" {
		n.Errorf("refresh %+v, want somebody's active one to %s", r, theirs)
	}
	if starts := n.Starts(n.T, web); starts != 1 {
		n.Errorf("%d refreshes, want theirs only", starts)
	}
}

func pins(n *narrator) {
	image := n.MakeImage(n.T, "one", false)
	n.MakeGroup(n.T, Group{Name: web, Image: image, Min: 1, Size: 3, Max: 5, Floating: true})
	before := n.Instances(n.T, web)
	if o := n.see(web, image); !o.Saved.Floats() || o.Saved.Image != image {
		n.Fatalf("saved %+v, want it floating on %s", o.Saved, image)
	}
	action := n.action(reconcile.Pin, web, image, second)
	n.apply(action)
	n.untouched(func() { n.apply(action) })
	if o := n.see(web, image); !o.Saved.Pins(image) {
		n.Errorf("saved %+v, want it pinned to %s", o.Saved, image)
	}
	n.Wait(10 * time.Minute)
	if diff := cmp.Diff(before, n.Instances(n.T, web)); diff != "" {
		n.Errorf("instances (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(Group{Name: web, Image: image, Min: 1, Size: 3, Max: 5}, n.Group(n.T, web)); diff != "" {
		n.Errorf("group (-want +got):\n%s", diff)
	}
}
