package simulation

import (
	"errors"
	"maps"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"moult/providers/aws/awssim"
)

// event is one thing that can happen. Weights say how often; a calm schedule
// leaves out what people do to AWS.
type event struct {
	weight int
	people bool
	happen func(*world)
}

func events() []event {
	return []event{
		{6, false, commitGood}, {2, false, commitSlow}, {4, false, commitBad}, {4, false, revert}, {2, false, storm}, {1, false, mistake},
		{3, true, moveTemplate}, {2, true, ownRefresh}, {2, true, cancelRefresh}, {2, true, scale}, {2, true, terminate},
		{1, true, reattach}, {1, true, protect}, {1, true, standby}, {1, true, suspend}, {1, true, follow},
		{3, false, fault}, {1, false, gitDown}, {3, false, restart}, {1, false, second},
	}
}

// next is a random event.
func (w *world) next() event {
	var can []event
	total := 0
	for _, e := range events() {
		if e.people && w.calm {
			continue
		}
		can = append(can, e)
		total += e.weight
	}
	n := w.dice.IntN(total)
	for _, e := range can {
		if n < e.weight {
			return e
		}
		n -= e.weight
	}
	return can[0]
}

func (w *world) set(group, image, subject string) {
	w.declared[group] = image
	w.land(subject)
}

func commitGood(w *world) { w.set(w.member().name, w.image("good"), "a good image") }
func commitSlow(w *world) { w.set(w.member().name, w.image("slow"), "a slow image") }

// commitBad declares a broken image. In a calm schedule it is the only one at a
// time: when a second broken image supersedes a first, AWS replaces the first
// one's unhealthy instances by launching the second, and nobody can promise
// health. Nor for an image that works at first and then does not.
func commitBad(w *world) {
	kinds := []string{"unhealthy", "fail", "crash"}
	m := w.member()
	if w.calm {
		kinds = kinds[:2]
		if k := w.kind(w.declared[m.name]); k != "good" && k != "slow" {
			return
		}
	}
	w.set(m.name, w.image(kinds...), "a broken image")
}

// revert goes back to what an earlier commit declared.
func revert(w *world) {
	n := w.repo.newest()
	if n < 1 {
		return
	}
	back := n - 1 - w.dice.IntN(min(n, 2))
	for ; back >= 0; back-- {
		w.repo.mu.Lock()
		images := maps.Clone(w.repo.declared[back])
		w.repo.mu.Unlock()
		if images != nil && !(w.calm && w.anyBroken(images)) {
			w.declared = images
			w.land("revert")
			return
		}
	}
}

// anyBroken reports whether one of the images is broken.
func (w *world) anyBroken(images map[string]string) bool {
	for _, id := range images {
		if k := w.kind(id); k != "good" && k != "slow" {
			return true
		}
	}
	return false
}

// storm is several commits in a few seconds.
func storm(w *world) {
	for range 3 + w.dice.IntN(3) {
		commitGood(w)
		w.wait(time.Duration(1+w.dice.IntN(90)) * time.Second)
	}
}

// mistake lands a commit that cannot be read; the next one mends it.
func mistake(w *world) {
	images := maps.Clone(w.declared)
	images[w.member().name] = w.image("good")
	w.repo.breakIt(w.fleet, images)
	w.tell("a commit with a mistake")
}

func moveTemplate(w *world) {
	m := w.member()
	g, ok := w.person.look(w.ctx, m.asg())
	if !ok {
		return
	}
	old := spec(g)
	version := w.handmade(*old.LaunchTemplateId, w.image("good"))
	if version == "" {
		return
	}
	w.saveSpec(m, g, version)
}

// follow sets a group to $Latest.
func follow(w *world) {
	m := w.member()
	if g, ok := w.person.look(w.ctx, m.asg()); ok {
		w.saveSpec(m, g, "$Latest")
	}
}

// handmade is a version that a person made, with an image.
func (w *world) handmade(template, image string) string {
	out, err := w.person.compute.CreateLaunchTemplateVersion(w.ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &template, SourceVersion: awssdk.String("1"), VersionDescription: awssdk.String("by hand"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image},
	})
	if err != nil {
		return ""
	}
	return itoa(*out.LaunchTemplateVersion.VersionNumber)
}

func (w *world) saveSpec(m member, g astypes.AutoScalingGroup, version string) {
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: awssdk.String(m.asg())}
	if g.MixedInstancesPolicy != nil {
		in.MixedInstancesPolicy = g.MixedInstancesPolicy
		in.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification = &astypes.LaunchTemplateSpecification{
			LaunchTemplateId: spec(g).LaunchTemplateId, Version: &version}
	} else {
		in.LaunchTemplate = &astypes.LaunchTemplateSpecification{LaunchTemplateId: spec(g).LaunchTemplateId, Version: &version}
	}
	_, err := w.person.groups.UpdateAutoScalingGroup(w.ctx, in)
	w.tell("a person saves version %s in %s: %v", version, m.name, outcome(err))
}

func ownRefresh(w *world) {
	m := w.member()
	g, ok := w.person.look(w.ctx, m.asg())
	if !ok {
		return
	}
	version := ""
	if g.MixedInstancesPolicy == nil && w.dice.IntN(2) == 0 {
		version = w.handmade(*spec(g).LaunchTemplateId, w.image("good"))
	}
	w.refreshTo(m, g, version)
}

// refreshTo starts a person's refresh towards a version, or without a target
// when the version is empty.
func (w *world) refreshTo(m member, g astypes.AutoScalingGroup, version string) {
	in := &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: awssdk.String(m.asg()),
		Preferences:          &astypes.RefreshPreferences{InstanceWarmup: awssdk.Int32(600)},
	}
	if version != "" {
		in.DesiredConfiguration = &astypes.DesiredConfiguration{LaunchTemplate: &astypes.LaunchTemplateSpecification{
			LaunchTemplateId: spec(g).LaunchTemplateId, Version: &version}}
	}
	_, err := w.person.groups.StartInstanceRefresh(w.ctx, in)
	w.tell("a person starts a refresh of %s: %v", m.name, outcome(err))
}

func cancelRefresh(w *world) {
	m := w.member()
	_, err := w.person.groups.CancelInstanceRefresh(w.ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: awssdk.String(m.asg())})
	w.tell("a person cancels the refresh of %s: %v", m.name, outcome(err))
}

func scale(w *world) {
	m := w.member()
	n := w.dice.Int32N(7)
	_, err := w.person.groups.SetDesiredCapacity(w.ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: awssdk.String(m.asg()), DesiredCapacity: &n})
	w.tell("%s is scaled to %d: %v", m.name, n, outcome(err))
}

// instance is a random instance of a member that is in service.
func (w *world) instance(m member) string {
	g, _ := w.person.look(w.ctx, m.asg())
	var ids []string
	for _, i := range g.Instances {
		if i.LifecycleState == astypes.LifecycleStateInService {
			ids = append(ids, *i.InstanceId)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return ids[w.dice.IntN(len(ids))]
}

func terminate(w *world) {
	m := w.member()
	if id := w.instance(m); id != "" {
		_, err := w.person.groups.TerminateInstanceInAutoScalingGroup(w.ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
			InstanceId: &id, ShouldDecrementDesiredCapacity: awssdk.Bool(false)})
		w.tell("a person terminates an instance of %s: %v", m.name, outcome(err))
	}
}

// reattach takes an instance out of a group and brings it back later, when it
// may be of another image than the group. AWS then knows no template of it.
func reattach(w *world) {
	m := w.member()
	id := w.instance(m)
	if id == "" {
		return
	}
	asg := awssdk.String(m.asg())
	_, err := w.person.groups.DetachInstances(w.ctx, &autoscaling.DetachInstancesInput{
		AutoScalingGroupName: asg, InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: awssdk.Bool(true)})
	w.tell("a person detaches an instance of %s: %v", m.name, outcome(err))
	if err != nil {
		return
	}
	w.wait(time.Duration(5+w.dice.IntN(60)) * time.Minute)
	_, err = w.person.groups.AttachInstances(w.ctx, &autoscaling.AttachInstancesInput{AutoScalingGroupName: asg, InstanceIds: []string{id}})
	w.tell("a person attaches it to %s again: %v", m.name, outcome(err))
}

func protect(w *world) {
	m := w.member()
	if id := w.instance(m); id != "" {
		_, err := w.person.groups.SetInstanceProtection(w.ctx, &autoscaling.SetInstanceProtectionInput{
			AutoScalingGroupName: awssdk.String(m.asg()), InstanceIds: []string{id}, ProtectedFromScaleIn: awssdk.Bool(true)})
		w.tell("a person protects an instance of %s: %v", m.name, outcome(err))
	}
}

func standby(w *world) {
	m := w.member()
	if id := w.instance(m); id != "" {
		_, err := w.person.groups.EnterStandby(w.ctx, &autoscaling.EnterStandbyInput{
			AutoScalingGroupName: awssdk.String(m.asg()), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: awssdk.Bool(true)})
		w.tell("a person puts an instance of %s in standby: %v", m.name, outcome(err))
	}
}

func suspend(w *world) {
	m := w.member()
	name := pick(w.dice, "Launch", "Terminate", "InstanceRefresh")
	_, err := w.person.groups.SuspendProcesses(w.ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: awssdk.String(m.asg()), ScalingProcesses: []string{name}})
	w.tell("a person suspends %s of %s: %v", name, m.name, outcome(err))
}

// fault makes AWS misbehave towards everybody for a while.
func fault(w *world) {
	f := pick(w.dice,
		awssim.Fault{Kind: awssim.Throttle, Probability: 0.5},
		awssim.Fault{Kind: awssim.Error, Probability: 0.3},
		awssim.Fault{Kind: awssim.Outage},
		awssim.Fault{Kind: awssim.LostAfter, Action: "StartInstanceRefresh"},
		awssim.Fault{Kind: awssim.LostAfter, Action: "CreateLaunchTemplateVersion"},
		awssim.Fault{Kind: awssim.LostAfter, Probability: 0.3},
		awssim.Fault{Kind: awssim.LostBefore, Probability: 0.3},
		awssim.Fault{Kind: awssim.Slow, Delay: 20 * time.Second},
	)
	w.tell("fault: %s %s", f.Kind, f.Action)
	w.cover.faults++
	remove := w.server.Inject(f)
	w.wait(time.Duration(1+w.dice.IntN(20)) * time.Minute)
	remove()
	w.tell("fault over")
}

func gitDown(w *world) {
	w.tell("git is down")
	w.repo.setDown(true)
	w.wait(time.Duration(1+w.dice.IntN(60)) * time.Minute)
	w.repo.setDown(false)
	w.tell("git is up")
}

func restart(w *world) {
	if len(w.agents) > 0 {
		w.killAgent(0)
	}
	w.wait(time.Duration(w.dice.IntN(10)) * time.Minute)
	w.startAgent(0)
}

// second lets two agents run at once for a while.
func second(w *world) {
	w.wait(time.Duration(1+w.dice.IntN(100)) * time.Second)
	w.startAgent(0)
	w.wait(time.Duration(1+w.dice.IntN(60)) * time.Minute)
	w.killAgent(len(w.agents) - 1)
}

// goHome undoes what people left behind: a quiet night.
func (w *world) goHome() {
	w.repo.setDown(false)
	for _, m := range w.fleet {
		asg := awssdk.String(m.asg())
		_, _ = w.person.groups.ResumeProcesses(w.ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: asg})
		g, _ := w.person.look(w.ctx, m.asg())
		for _, i := range g.Instances {
			if i.LifecycleState == astypes.LifecycleStateStandby {
				_, _ = w.person.groups.ExitStandby(w.ctx, &autoscaling.ExitStandbyInput{AutoScalingGroupName: asg, InstanceIds: []string{*i.InstanceId}})
			}
			if awssdk.ToBool(i.ProtectedFromScaleIn) {
				_, _ = w.person.groups.SetInstanceProtection(w.ctx, &autoscaling.SetInstanceProtectionInput{
					AutoScalingGroupName: asg, InstanceIds: []string{*i.InstanceId}, ProtectedFromScaleIn: awssdk.Bool(false)})
			}
		}
	}
	if len(w.agents) == 0 {
		w.startAgent(0)
	}
	w.tell("everybody goes home")
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	return err.Error()
}
