package awssim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// TestAnythingCanHappenToAGroup does random things to a group at random times.
// However they fall, the server answers with a result or a refusal of the
// client's making, and a group that is left alone gets to what is desired and
// comes to rest.
func TestAnythingCanHappenToAGroup(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { meddle(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func meddle(t *testing.T, dice *rand.Rand) {
	broken := []string{"unhealthy", "crash=3m", "slow=10m", "fail=InsufficientInstanceCapacity"}[dice.IntN(4)]
	shape := []string{"", "warm_pool {}", "protected = 1", "standby = 1", "health_check_grace_period = 120",
		"mixed_instances_policy {\n override {\n instance_type = \"m5.large\"\n weighted_capacity = \"2\"\n }\n}"}[dice.IntN(6)]
	f, err := ParseFleet("fleet.hcl", fmt.Appendf(nil, scenarioFleet, broken, "desired_capacity = 4\nmin_size = 1\nmax_size = 8\n"+shape))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Speed: 1e-9, Limits: Limits{Off: true}}
	if err := s.Apply(f); err != nil {
		t.Fatal(err)
	}
	r := s.at(place{DefaultAccount, "eu-west-1"})
	g := r.groups["web"]
	ask := func(action, members string) {
		var answer reply
		s.ServeHTTP(&answer, query("autoscaling", "Version=2011-01-01&AutoScalingGroupName=web&Action="+action+members))
		if answer.status != http.StatusOK && answer.status != http.StatusBadRequest {
			t.Fatalf("%s%s: %d %s", action, members, answer.status, answer.body)
		}
	}
	for range 60 {
		action, members := mischief(dice, g)
		ask(action, members)
		if dice.IntN(8) == 0 {
			if err := s.SetAlarm("errors", []string{"OK", "ALARM", "INSUFFICIENT_DATA"}[dice.IntN(3)]); err != nil {
				t.Fatal(err)
			}
		}
		s.Skip(time.Duration(dice.IntN(400)) * time.Second)
	}
	ask("ResumeProcesses", "")
	ask("DeleteLifecycleHook", "&LifecycleHookName=h")
	if err := s.SetImageBehaviour(brokenImage, "healthy"); err != nil {
		t.Fatal(err)
	}
	s.Skip(15 * 24 * time.Hour)
	ask("DescribeAutoScalingGroups", "")
	if rf := g.active(); rf != nil {
		t.Errorf("a refresh does not end: %s", g.tell())
	}
	if got := g.capacity(); got < g.desired {
		t.Errorf("capacity is %d of %d: %s", got, g.desired, g.tell())
	}
}

// mischief is a request about the group, or about one of its instances.
func mischief(dice *rand.Rand, g *group) (action, members string) {
	id := "i-00000000000000000"
	if n := len(g.instances); n > 0 {
		id = g.instances[dice.IntN(n)].id
	}
	version := fmt.Sprint(1 + dice.IntN(3))
	all := [][2]string{
		{"StartInstanceRefresh", "&DesiredConfiguration.LaunchTemplate.LaunchTemplateName=web&DesiredConfiguration.LaunchTemplate.Version=" + version +
			"&Preferences.SkipMatching=true&Preferences.AutoRollback=true&Preferences.MinHealthyPercentage=90&Preferences.MaxHealthyPercentage=150&Preferences.InstanceWarmup=30"},
		{"StartInstanceRefresh", "&Preferences.MinHealthyPercentage=50&Preferences.StandbyInstances=Terminate&Preferences.ScaleInProtectedInstances=Refresh"},
		{"StartInstanceRefresh", "&DesiredConfiguration.LaunchTemplate.LaunchTemplateName=web&DesiredConfiguration.LaunchTemplate.Version=" + version +
			"&Preferences.AlarmSpecification.Alarms.member.1=errors&Preferences.CheckpointPercentages.member.1=50&Preferences.CheckpointPercentages.member.2=100&Preferences.BakeTime=300"},
		{"CancelInstanceRefresh", ""}, {"CancelInstanceRefresh", "&WaitForTransitioningInstances=false"}, {"RollbackInstanceRefresh", ""},
		{"SetDesiredCapacity", "&DesiredCapacity=" + fmt.Sprint(dice.IntN(9))},
		{"UpdateAutoScalingGroup", "&LaunchTemplate.LaunchTemplateName=web&LaunchTemplate.Version=" + version},
		{"SuspendProcesses", "&ScalingProcesses.member.1=" + processes[dice.IntN(len(processes))]}, {"ResumeProcesses", ""},
		{"EnterStandby", "&ShouldDecrementDesiredCapacity=false&InstanceIds.member.1=" + id}, {"ExitStandby", "&InstanceIds.member.1=" + id},
		{"DetachInstances", "&ShouldDecrementDesiredCapacity=false&InstanceIds.member.1=" + id},
		{"SetInstanceHealth", "&HealthStatus=Unhealthy&InstanceId=" + id},
		{"SetInstanceProtection", "&ProtectedFromScaleIn=" + fmt.Sprint(dice.IntN(2) == 0) + "&InstanceIds.member.1=" + id},
		{"TerminateInstanceInAutoScalingGroup", "&ShouldDecrementDesiredCapacity=false&InstanceId=" + id},
		{"PutWarmPool", "&MinSize=1"}, {"DeleteWarmPool", ""},
		{"PutLifecycleHook", "&LifecycleHookName=h&LifecycleTransition=" + hookLaunching + "&HeartbeatTimeout=60&DefaultResult=" + []string{hookContinue, hookAbandon}[dice.IntN(2)]},
		{"DeleteLifecycleHook", "&LifecycleHookName=h"},
		{"DescribeInstanceRefreshes", ""}, {"DescribeScalingActivities", ""}, {"DescribeWarmPool", ""},
	}
	one := all[dice.IntN(len(all))]
	return one[0], one[1]
}
