package awssim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// inWorld runs a test in a bubble, with a group of some attributes.
func inWorld(t *testing.T, attributes string, run func(w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { run(newWorld(t, plainFleet(attributes))) })
}

// shows fails the test unless the group is told as wanted.
func (w *world) shows(want string) {
	w.Helper()
	if got := w.web().tell(); got != want {
		w.Errorf("got  %s\nwant %s", got, want)
	}
}

// first is the id of the first instance.
func (w *world) first() string { return w.web().instances[0].id }

var web = aws.String("web")

func TestUnhealthyInstanceIsReplaced(t *testing.T) {
	inWorld(t, "desired_capacity = 2", func(w *world) {
		in := &autoscaling.SetInstanceHealthInput{InstanceId: aws.String(w.first()), HealthStatus: aws.String("Unhealthy")}
		must[*autoscaling.SetInstanceHealthOutput](w.T)(w.as.SetInstanceHealth(w.Context(), in))
		w.shows("saved 1 | 1 v1 InService, 1 v1 Pending, 1 v1 Terminating unhealthy")
		time.Sleep(time.Minute)
		w.shows("saved 1 | 2 v1 InService")
	})
}

func TestSuspendedProcessesDoNothing(t *testing.T) {
	inWorld(t, "desired_capacity = 2\nmax_size = 4\nsuspended_processes = [\"Launch\", \"ReplaceUnhealthy\"]", func(w *world) {
		must[*autoscaling.SetInstanceHealthOutput](w.T)(w.as.SetInstanceHealth(w.Context(), &autoscaling.SetInstanceHealthInput{InstanceId: aws.String(w.first()), HealthStatus: aws.String("Unhealthy")}))
		must[*autoscaling.SetDesiredCapacityOutput](w.T)(w.as.SetDesiredCapacity(w.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: whole(3)}))
		time.Sleep(time.Hour)
		w.shows("saved 1 | 1 v1 InService, 1 v1 InService unhealthy")
		must[*autoscaling.ResumeProcessesOutput](w.T)(w.as.ResumeProcesses(w.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: web}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 3 v1 InService")
	})
}

func TestInstancesAreNotRegisteredWhileAddToLoadBalancerIsSuspended(t *testing.T) {
	inWorld(t, "desired_capacity = 1\nsuspended_processes = [\"AddToLoadBalancer\"]", func(w *world) {
		w.start("2")
		time.Sleep(5 * time.Minute)
		w.shows("Successful 100% 0 left | saved 2 | 1 v2 InService")
		if w.web().instances[0].registered {
			t.Error("the new instance is registered with the load balancer")
		}
	})
}

func TestStandbyAndBack(t *testing.T) {
	inWorld(t, "desired_capacity = 2", func(w *world) {
		id := []string{w.first()}
		must[*autoscaling.EnterStandbyOutput](w.T)(w.as.EnterStandby(w.Context(), &autoscaling.EnterStandbyInput{AutoScalingGroupName: web, InstanceIds: id, ShouldDecrementDesiredCapacity: aws.Bool(false)}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 2 v1 InService, 1 v1 Standby")
		must[*autoscaling.ExitStandbyOutput](w.T)(w.as.ExitStandby(w.Context(), &autoscaling.ExitStandbyInput{AutoScalingGroupName: web, InstanceIds: id}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 3 v1 InService")
		if got := *w.only().DesiredCapacity; got != 3 {
			t.Errorf("desired capacity is %d, want 3", got)
		}
	})
}

func TestDetachAndAttach(t *testing.T) {
	inWorld(t, "desired_capacity = 2\nmax_size = 3", func(w *world) {
		id := []string{w.first()}
		must[*autoscaling.DetachInstancesOutput](w.T)(w.as.DetachInstances(w.Context(), &autoscaling.DetachInstancesInput{AutoScalingGroupName: web, InstanceIds: id, ShouldDecrementDesiredCapacity: aws.Bool(true)}))
		w.shows("saved 1 | 1 v1 InService")
		must[*autoscaling.AttachInstancesOutput](w.T)(w.as.AttachInstances(w.Context(), &autoscaling.AttachInstancesInput{AutoScalingGroupName: web, InstanceIds: id}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 1 InService, 1 v1 InService")
		if got := *w.only().DesiredCapacity; got != 2 {
			t.Errorf("desired capacity is %d, want 2", got)
		}
	})
}

func TestTerminationOfOneInstance(t *testing.T) {
	inWorld(t, "desired_capacity = 2\nmin_size = 1", func(w *world) {
		in := &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: aws.String(w.first()), ShouldDecrementDesiredCapacity: aws.Bool(true)}
		out := must[*autoscaling.TerminateInstanceInAutoScalingGroupOutput](w.T)(w.as.TerminateInstanceInAutoScalingGroup(w.Context(), in))
		if out.Activity.StatusCode != types.ScalingActivityStatusCodeInProgress {
			t.Errorf("got activity %+v", out.Activity)
		}
		time.Sleep(time.Minute)
		w.shows("saved 1 | 1 v1 InService")
	})
}

func TestScaleInSparesProtectedInstances(t *testing.T) {
	inWorld(t, "desired_capacity = 3\nmin_size = 1", func(w *world) {
		keep := w.first()
		must[*autoscaling.SetInstanceProtectionOutput](w.T)(w.as.SetInstanceProtection(w.Context(), &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: web, InstanceIds: []string{keep}, ProtectedFromScaleIn: aws.Bool(true)}))
		must[*autoscaling.SetDesiredCapacityOutput](w.T)(w.as.SetDesiredCapacity(w.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: whole(1)}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 1 v1 InService")
		if w.first() != keep {
			t.Error("the protected instance is gone")
		}
	})
}

func TestLifecycleActionIsCompletedByHand(t *testing.T) {
	inWorld(t, "desired_capacity = 1", func(w *world) {
		hook := aws.String("drain")
		must[*autoscaling.PutLifecycleHookOutput](w.T)(w.as.PutLifecycleHook(w.Context(), &autoscaling.PutLifecycleHookInput{
			AutoScalingGroupName: web, LifecycleHookName: hook, LifecycleTransition: aws.String(hookTerminating), HeartbeatTimeout: whole(600),
		}))
		old := w.first()
		w.start("2")
		time.Sleep(2 * time.Minute)
		w.shows("Successful 100% 0 left | saved 2 | 1 v1 Terminating:Wait, 1 v2 InService")
		must[*autoscaling.RecordLifecycleActionHeartbeatOutput](w.T)(w.as.RecordLifecycleActionHeartbeat(w.Context(), &autoscaling.RecordLifecycleActionHeartbeatInput{AutoScalingGroupName: web, LifecycleHookName: hook, InstanceId: &old}))
		time.Sleep(9 * time.Minute)
		w.shows("Successful 100% 0 left | saved 2 | 1 v1 Terminating:Wait, 1 v2 InService")
		must[*autoscaling.CompleteLifecycleActionOutput](w.T)(w.as.CompleteLifecycleAction(w.Context(), &autoscaling.CompleteLifecycleActionInput{AutoScalingGroupName: web, LifecycleHookName: hook, InstanceId: &old, LifecycleActionResult: aws.String("CONTINUE")}))
		w.shows("Successful 100% 0 left | saved 2 | 1 v1 Terminating:Proceed, 1 v2 InService")
		time.Sleep(time.Minute)
		w.shows("Successful 100% 0 left | saved 2 | 1 v2 InService")
		hooks := must[*autoscaling.DescribeLifecycleHooksOutput](w.T)(w.as.DescribeLifecycleHooks(w.Context(), &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: web}))
		if h := hooks.LifecycleHooks[0]; *h.GlobalTimeout != 60000 || *h.DefaultResult != "ABANDON" {
			t.Errorf("got hook %+v", h)
		}
	})
}

func TestAbandonedTerminationKeepsTheInstance(t *testing.T) {
	inWorld(t, "desired_capacity = 1\nlifecycle_hook \"drain\" {\n lifecycle_transition = \"autoscaling:EC2_INSTANCE_TERMINATING\"\n heartbeat_timeout = 60\n}", func(w *world) {
		must[*autoscaling.UpdateAutoScalingGroupOutput](w.T)(w.as.UpdateAutoScalingGroup(w.Context(), &autoscaling.UpdateAutoScalingGroupInput{
			AutoScalingGroupName: web, InstanceLifecyclePolicy: &types.InstanceLifecyclePolicy{RetentionTriggers: &types.RetentionTriggers{TerminateHookAbandon: types.RetentionActionRetain}},
		}))
		w.start("2")
		time.Sleep(time.Hour)
		w.shows("Successful 100% 0 left | saved 2 | 1 v1 Terminating:Retained, 1 v2 InService")
	})
}

func TestWarmPoolIsFilledAndUsed(t *testing.T) {
	inWorld(t, "desired_capacity = 1\nmax_size = 3\nmin_size = 1", func(w *world) {
		must[*autoscaling.PutWarmPoolOutput](w.T)(w.as.PutWarmPool(w.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: web, PoolState: types.WarmPoolStateHibernated}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 1 v1 InService | pool: 2 v1 Warmed:Hibernated")
		must[*autoscaling.SetDesiredCapacityOutput](w.T)(w.as.SetDesiredCapacity(w.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: whole(2)}))
		time.Sleep(10 * time.Second)
		w.shows("saved 1 | 2 v1 InService | pool: 1 v1 Warmed:Hibernated")
		pool := must[*autoscaling.DescribeWarmPoolOutput](w.T)(w.as.DescribeWarmPool(w.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: web}))
		if len(pool.Instances) != 1 || pool.WarmPoolConfiguration.PoolState != types.WarmPoolStateHibernated || *w.only().WarmPoolSize != 1 {
			t.Errorf("got pool %+v", pool)
		}
		must[*autoscaling.DeleteWarmPoolOutput](w.T)(w.as.DeleteWarmPool(w.Context(), &autoscaling.DeleteWarmPoolInput{AutoScalingGroupName: web}))
		time.Sleep(time.Minute)
		w.shows("saved 1 | 2 v1 InService")
		if w.only().WarmPoolConfiguration != nil {
			t.Error("the warm pool is still there")
		}
	})
}

func TestFailedLaunchesAreTold(t *testing.T) {
	inWorld(t, "desired_capacity = 1\nmax_size = 2", func(w *world) {
		if err := w.server.SetImageBehaviour(firstImage, "fail=InsufficientInstanceCapacity"); err != nil {
			t.Fatal(err)
		}
		must[*autoscaling.SetDesiredCapacityOutput](w.T)(w.as.SetDesiredCapacity(w.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: whole(2)}))
		time.Sleep(2 * time.Minute)
		out := must[*autoscaling.DescribeScalingActivitiesOutput](w.T)(w.as.DescribeScalingActivities(w.Context(), &autoscaling.DescribeScalingActivitiesInput{
			AutoScalingGroupName: web, Filters: []types.Filter{{Name: aws.String("Status"), Values: []string{"Failed"}}},
		}))
		const want = "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working on provisioning additional capacity. Launching EC2 instance failed."
		if len(out.Activities) != 3 || *out.Activities[0].StatusMessage != want {
			t.Fatalf("got %d activities, want one at once and after 30 and 90 seconds: %+v", len(out.Activities), out.Activities)
		}
		if err := w.server.SetImageBehaviour(firstImage, "healthy"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		w.shows("saved 1 | 2 v1 InService")
	})
}

func TestHistoryIsForgottenAfterSixWeeks(t *testing.T) {
	inWorld(t, "desired_capacity = 1", func(w *world) {
		old := w.start("2")
		time.Sleep(41 * 24 * time.Hour)
		w.start("1")
		list := func() []types.InstanceRefresh {
			return must[*autoscaling.DescribeInstanceRefreshesOutput](w.T)(w.as.DescribeInstanceRefreshes(w.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: web})).InstanceRefreshes
		}
		if all := list(); len(all) != 2 || *all[1].InstanceRefreshId != old {
			t.Fatalf("got %d refreshes, want both, the newest first", len(all))
		}
		time.Sleep(2 * 24 * time.Hour)
		if all := list(); len(all) != 1 || *all[0].InstanceRefreshId == old {
			t.Fatalf("got %d refreshes, want the newer one", len(all))
		}
	})
}

func TestRefreshEndsAfterFourteenDays(t *testing.T) {
	inWorld(t, "desired_capacity = 2", func(w *world) {
		in := toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
			p.CheckpointPercentages, p.CheckpointDelay = []int32{50, 100}, whole(172800)
		}))
		in.AutoScalingGroupName = web
		must[*autoscaling.StartInstanceRefreshOutput](t)(w.as.StartInstanceRefresh(w.Context(), &in))
		time.Sleep(10 * time.Minute)
		suspend(w)
		time.Sleep(15 * 24 * time.Hour)
		w.shows("Failed 50% 1 left | saved 1 | 1 v1 InService, 1 v2 InService | The instance refresh took longer than 14 days.")
	})
}

func TestSameSeedSameWorld(t *testing.T) {
	t.Parallel()
	var stories []string
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, plainFleet("desired_capacity = 3"))
			id := w.start("2")
			time.Sleep(time.Hour)
			for _, i := range w.web().instances {
				id += " " + i.id + i.zone
			}
			stories = append(stories, id)
		})
	}
	if stories[0] != stories[1] {
		t.Errorf("got %s and %s", stories[0], stories[1])
	}
}
