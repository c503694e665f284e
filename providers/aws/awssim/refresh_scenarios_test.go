package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// whole is a percentage, or a number of seconds, of a request.
func whole(n int32) *int32 { return &n }

// launchFirst are preferences that keep all capacity.
func launchFirst() types.RefreshPreferences {
	return types.RefreshPreferences{
		MinHealthyPercentage: whole(100), MaxHealthyPercentage: whole(110), InstanceWarmup: whole(30), SkipMatching: aws.Bool(true),
	}
}

// with changes some of the preferences.
func with(p types.RefreshPreferences, change func(*types.RefreshPreferences)) types.RefreshPreferences {
	change(&p)
	return p
}

func rollingBack(p *types.RefreshPreferences) { p.AutoRollback = aws.Bool(true) }

func scenarios() []scenario {
	all := append(batchScenarios(), failureScenarios()...)
	all = append(all, interventionScenarios()...)
	return append(all, shapeScenarios()...)
}

func batchScenarios() []scenario {
	return []scenario{
		{name: "launch_before_terminate", group: `desired_capacity = 3`, start: toVersion("2", launchFirst()), lasts: 6 * time.Minute},
		{name: "more_at_once", group: `desired_capacity = 10`, lasts: 8 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
				p.MinHealthyPercentage, p.MaxHealthyPercentage = whole(90), whole(120)
			}))},
		{name: "terminate_and_launch_together", group: `desired_capacity = 10`, lasts: 8 * time.Minute,
			start: toVersion("2", types.RefreshPreferences{MinHealthyPercentage: whole(50), InstanceWarmup: whole(30)})},
		{name: "one_instance_by_default", group: `desired_capacity = 1`, lasts: 2 * time.Minute,
			start: toVersion("2", types.RefreshPreferences{InstanceWarmup: whole(0)})},
		{name: "one_instance_explicit_maximum", group: `desired_capacity = 1`, lasts: 3 * time.Minute,
			start: toVersion("2", types.RefreshPreferences{InstanceWarmup: whole(0), MinHealthyPercentage: whole(100), MaxHealthyPercentage: whole(100)})},
		{name: "all_at_once", group: `desired_capacity = 4`, lasts: 2 * time.Minute,
			start: toVersion("2", types.RefreshPreferences{MinHealthyPercentage: whole(0), InstanceWarmup: whole(0)})},
		{name: "maintenance_policy_gives_the_percentages", lasts: 3 * time.Minute,
			group: "desired_capacity = 2\nmin_healthy_percentage = 100\nmax_healthy_percentage = 200",
			start: toVersion("2", types.RefreshPreferences{InstanceWarmup: whole(0)})},
		{name: "checkpoints_and_bake", group: `desired_capacity = 4`, lasts: 12 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
				p.CheckpointPercentages, p.CheckpointDelay, p.BakeTime = []int32{25, 50, 100}, whole(60), whole(120)
			}))},
		{name: "small_group_skips_checkpoints", group: `desired_capacity = 2`, lasts: 6 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
				p.CheckpointPercentages, p.CheckpointDelay = []int32{10, 40, 100}, whole(60)
			}))},
		{name: "last_checkpoint_below_all", group: `desired_capacity = 4`, lasts: 6 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
				p.CheckpointPercentages, p.CheckpointDelay = []int32{50}, whole(60)
			}))},
		{name: "nothing_to_replace", group: "desired_capacity = 2\nversion = \"2\"", lasts: time.Minute, start: toVersion("2", launchFirst())},
		{name: "everything_again_without_skip_matching", group: "desired_capacity = 2\nversion = \"2\"", lasts: 4 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) { p.SkipMatching = nil }))},
		{name: "desired_capacity_zero", group: `desired_capacity = 0`, lasts: time.Minute, start: toVersion("2", launchFirst())},
	}
}

func failureScenarios() []scenario {
	return []scenario{
		{name: "unhealthy_image_fails_after_an_hour", group: `desired_capacity = 3`, start: toVersion("3", launchFirst()), lasts: 70 * time.Minute},
		{name: "unhealthy_image_rolls_back", group: `desired_capacity = 3`, start: toVersion("3", with(launchFirst(), rollingBack)), lasts: 70 * time.Minute},
		{name: "crashing_image_rolls_back", broken: "crash=100s", group: `desired_capacity = 3`, start: toVersion("3", with(launchFirst(), rollingBack)), lasts: 80 * time.Minute},
		{name: "launch_failure_rolls_back", broken: "fail=InsufficientInstanceCapacity", group: `desired_capacity = 3`,
			start: toVersion("3", with(launchFirst(), rollingBack)), lasts: 70 * time.Minute},
		{name: "slow_image_is_waited_for", broken: "slow=90m", group: `desired_capacity = 1`, start: toVersion("3", launchFirst()), lasts: 100 * time.Minute},
		{name: "alarm_fails", group: `desired_capacity = 4`, lasts: 6 * time.Minute,
			start: toVersion("2", with(launchFirst(), watching)), then: []moment{{2 * time.Minute, alarmTurns("ALARM")}}},
		{name: "alarm_rolls_back", group: `desired_capacity = 4`, lasts: 12 * time.Minute,
			start: toVersion("2", with(with(launchFirst(), watching), rollingBack)), then: []moment{{3 * time.Minute, alarmTurns("ALARM")}}},
		{name: "alarm_rolls_back_while_baking", group: `desired_capacity = 2`, lasts: 10 * time.Minute,
			start: toVersion("2", with(with(with(launchFirst(), watching), rollingBack), func(p *types.RefreshPreferences) { p.BakeTime = whole(600) })),
			then:  []moment{{5 * time.Minute, alarmTurns("ALARM")}}},
		{name: "rollback_fails_without_the_old_image", group: `desired_capacity = 3`, lasts: 70 * time.Minute,
			start: toVersion("2", with(with(launchFirst(), watching), rollingBack)),
			then:  []moment{{80 * time.Second, deregister}, {90 * time.Second, alarmTurns("ALARM")}}},
		{name: "alarm_without_data_pauses", group: `desired_capacity = 3`, lasts: 10 * time.Minute,
			start: toVersion("2", with(launchFirst(), watching)),
			then:  []moment{{90 * time.Second, alarmTurns("INSUFFICIENT_DATA")}, {5 * time.Minute, alarmTurns("OK")}}},
	}
}

func watching(p *types.RefreshPreferences) {
	p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"errors"}}
}

func alarmTurns(state string) func(*world) {
	return func(w *world) {
		if err := w.server.SetAlarm("errors", state); err != nil {
			w.Error(err)
		}
	}
}

func deregister(w *world) {
	c := ec2.NewFromConfig(sdk(w.server, DefaultAccount, "eu-west-1"))
	must[*ec2.DeregisterImageOutput](w.T)(c.DeregisterImage(w.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(firstImage)}))
}

func interventionScenarios() []scenario {
	return []scenario{
		{name: "cancel_waits_for_instances_under_way", group: `desired_capacity = 4`, lasts: 5 * time.Minute,
			start: toVersion("2", launchFirst()), then: []moment{{85 * time.Second, cancel(nil)}}},
		{name: "cancel_without_waiting", group: `desired_capacity = 4`, lasts: 5 * time.Minute,
			start: toVersion("2", launchFirst()), then: []moment{{85 * time.Second, cancel(aws.Bool(false))}}},
		{name: "cancel_while_a_hook_abandons_every_launch", lasts: 8 * time.Minute, start: toVersion("2", launchFirst()),
			group: "desired_capacity = 2\nlifecycle_hook \"join\" {\n lifecycle_transition = \"autoscaling:EC2_INSTANCE_LAUNCHING\"\n heartbeat_timeout = 60\n}",
			then:  []moment{{time.Minute, scale(4)}, {3 * time.Minute, cancel(nil)}}},
		{name: "rollback_by_hand", group: `desired_capacity = 4`, lasts: 10 * time.Minute, start: toVersion("2", launchFirst()), then: []moment{{3 * time.Minute, rollBack}}},
		{name: "rollback_of_a_broken_image_by_hand", group: `desired_capacity = 4`, lasts: 10 * time.Minute, start: toVersion("3", launchFirst()), then: []moment{{3 * time.Minute, rollBack}}},
		{name: "rollback_is_cancelled", group: `desired_capacity = 4`, lasts: 8 * time.Minute, start: toVersion("2", launchFirst()),
			then: []moment{{3 * time.Minute, rollBack}, {4 * time.Minute, cancel(nil)}}},
		{name: "rollback_while_pending", group: `desired_capacity = 4`, lasts: time.Minute, start: toVersion("2", launchFirst()), then: []moment{{0, rollBack}}},
		{name: "scale_out_takes_the_desired_configuration", group: "desired_capacity = 2\nmax_size = 6", lasts: 6 * time.Minute, start: toVersion("2", launchFirst()), then: []moment{{time.Minute, scale(4)}}},
		{name: "scale_in_meanwhile", group: "desired_capacity = 4", lasts: 6 * time.Minute, start: toVersion("2", launchFirst()), then: []moment{{90 * time.Second, scale(2)}}},
		{name: "launch_suspended_stalls", group: "desired_capacity = 2\nsuspended_processes = [\"Launch\"]", lasts: 65 * time.Minute, start: toVersion("2", launchFirst())},
		{name: "instance_refresh_suspended_pauses", group: "desired_capacity = 2\nsuspended_processes = [\"InstanceRefresh\"]", lasts: 100 * time.Minute,
			start: toVersion("2", launchFirst()), then: []moment{{90 * time.Minute, resume}}},
		{name: "instance_refresh_suspended_midway", group: "desired_capacity = 3", lasts: 10 * time.Minute,
			start: toVersion("2", launchFirst()), then: []moment{{time.Minute, suspend}, {5 * time.Minute, resume}}},
		{name: "protected_instances_are_waited_for", group: "desired_capacity = 3\nprotected = 1", lasts: 70 * time.Minute, start: toVersion("2", launchFirst())},
		{name: "protected_instances_are_ignored", group: "desired_capacity = 3\nprotected = 1", lasts: 5 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) { p.ScaleInProtectedInstances = types.ScaleInProtectedInstancesIgnore }))},
		{name: "protected_instances_are_replaced", group: "desired_capacity = 2\nprotected = 1", lasts: 5 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) {
				p.ScaleInProtectedInstances = types.ScaleInProtectedInstancesRefresh
			}))},
		{name: "standby_instances_are_terminated", group: "desired_capacity = 2\nstandby = 1", lasts: 5 * time.Minute,
			start: toVersion("2", with(launchFirst(), func(p *types.RefreshPreferences) { p.StandbyInstances = types.StandbyInstancesTerminate }))},
		{name: "standby_instances_are_waited_for", group: "desired_capacity = 1\nstandby = 1", lasts: 70 * time.Minute, start: toVersion("2", launchFirst())},
	}
}

func cancel(wait *bool) func(*world) {
	return func(w *world) {
		must[*autoscaling.CancelInstanceRefreshOutput](w.T)(w.as.CancelInstanceRefresh(w.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web"), WaitForTransitioningInstances: wait}))
	}
}

func rollBack(w *world) {
	must[*autoscaling.RollbackInstanceRefreshOutput](w.T)(w.as.RollbackInstanceRefresh(w.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")}))
}

func scale(n int32) func(*world) {
	return func(w *world) {
		must[*autoscaling.UpdateAutoScalingGroupOutput](w.T)(w.as.UpdateAutoScalingGroup(w.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MinSize: whole(1), DesiredCapacity: &n}))
	}
}

func suspend(w *world) {
	must[*autoscaling.SuspendProcessesOutput](w.T)(w.as.SuspendProcesses(w.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"InstanceRefresh"}}))
}

func resume(w *world) {
	must[*autoscaling.ResumeProcessesOutput](w.T)(w.as.ResumeProcesses(w.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"InstanceRefresh"}}))
}

// images is a desired configuration of a mixed instances policy whose
// overrides choose the image.
func images(strategy types.RefreshStrategy, image string, instanceTypes ...string) autoscaling.StartInstanceRefreshInput {
	var rows []types.LaunchTemplateOverrides
	for _, it := range instanceTypes {
		rows = append(rows, types.LaunchTemplateOverrides{InstanceType: &it, ImageId: &image})
	}
	p := launchFirst()
	return autoscaling.StartInstanceRefreshInput{Strategy: strategy, Preferences: &p, DesiredConfiguration: &types.DesiredConfiguration{
		MixedInstancesPolicy: &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: aws.String("1")},
			Overrides:                   rows,
		}},
	}}
}

func shapeScenarios() []scenario {
	const policy = `
desired_capacity = 2
mixed_instances_policy {
  override {
    instance_type = "m5.large"
    image_id      = "` + firstImage + `"
  }
  override {
    instance_type = "m5.xlarge"
    image_id      = "` + firstImage + `"
  }
}`
	const weights = `
desired_capacity = 8
mixed_instances_policy {
  override {
    instance_type     = "m5.large"
    weighted_capacity = "2"
  }
  override {
    instance_type     = "m5.xlarge"
    weighted_capacity = "4"
  }
}`
	return []scenario{
		{name: "images_in_overrides", group: policy, lasts: 4 * time.Minute, start: images("", secondImage, "m5.large", "m5.xlarge")},
		{name: "root_volumes", group: policy, lasts: 4 * time.Minute, start: images(types.RefreshStrategyReplaceRootVolume, secondImage, "m5.large", "m5.xlarge")},
		{name: "weighted_capacity", group: weights, lasts: 6 * time.Minute,
			start: autoscaling.StartInstanceRefreshInput{Preferences: &types.RefreshPreferences{MinHealthyPercentage: whole(50), InstanceWarmup: whole(0)}}},
		{name: "warm_pool_after_the_group", group: "desired_capacity = 2\nmax_size = 4\nwarm_pool {}", lasts: 6 * time.Minute, start: toVersion("2", launchFirst())},
		{name: "lifecycle_hook_delays", lasts: 8 * time.Minute, start: toVersion("2", launchFirst()),
			group: "desired_capacity = 1\nlifecycle_hook \"join\" {\n lifecycle_transition = \"autoscaling:EC2_INSTANCE_LAUNCHING\"\n heartbeat_timeout = 120\n default_result = \"CONTINUE\"\n}"},
		{name: "lifecycle_hook_abandons", lasts: 70 * time.Minute, start: toVersion("2", with(launchFirst(), rollingBack)),
			group: "desired_capacity = 1\nlifecycle_hook \"join\" {\n lifecycle_transition = \"autoscaling:EC2_INSTANCE_LAUNCHING\"\n heartbeat_timeout = 600\n}"},
		{name: "group_heals_itself", group: "desired_capacity = 2\nversion = \"3\"\nhealth_check_grace_period = 60", broken: "crash=5m", lasts: 8 * time.Minute,
			then: []moment{{0, scale(3)}}},
	}
}
