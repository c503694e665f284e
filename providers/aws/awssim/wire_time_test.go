package awssim

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// fastWorld is a world at sixty times the speed that began in another year.
func fastWorld(t *testing.T) *world {
	t.Helper()
	f, err := ParseFleet("fleet.hcl", []byte(plainFleet("desired_capacity = 1\nsuspended_processes = [\"AZRebalance\"]")+`parameter "/ami" { value = "`+firstImage+`" }`+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Speed: 60, Start: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := s.Apply(f); err != nil {
		t.Fatal(err)
	}
	return &world{t, s, autoscaling.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"))}
}

// wants compares a time of a reply, to the millisecond.
func (w *world) wants(what string, got *time.Time, want time.Time) {
	w.Helper()
	if got == nil || !got.Equal(want.Truncate(time.Millisecond)) {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (w *world) newest() types.InstanceRefresh {
	w.Helper()
	return must[*autoscaling.DescribeInstanceRefreshesOutput](w.T)(w.as.DescribeInstanceRefreshes(w.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: web})).InstanceRefreshes[0]
}

func (w *world) activities(filters ...types.Filter) []types.Activity {
	w.Helper()
	return must[*autoscaling.DescribeScalingActivitiesOutput](w.T)(w.as.DescribeScalingActivities(w.Context(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: web, Filters: filters})).Activities
}

func TestRefreshTimesAreTheClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := fastWorld(t)
		begun := time.Now()
		time.Sleep(7 * time.Second)
		in := toVersion("2", launchFirst())
		in.AutoScalingGroupName = web
		in.Preferences.BakeTime = aws.Int32(600)
		must[*autoscaling.StartInstanceRefreshOutput](t)(w.as.StartInstanceRefresh(t.Context(), &in))
		started := time.Now()
		time.Sleep(5 * time.Second)
		baking := w.newest()
		if want := "Waiting for the bake time to end at " + started.Add(10*time.Second).Format("2006-01-02T15:04:"); baking.Status != types.InstanceRefreshStatusBaking || !strings.HasPrefix(*baking.StatusReason, want) {
			t.Errorf("after five minutes: %s, %s; want %s…", baking.Status, aws.ToString(baking.StatusReason), want)
		}
		time.Sleep(time.Minute)
		rf := w.newest()
		w.wants("start of the refresh", rf.StartTime, started)
		if took := rf.EndTime.Sub(*rf.StartTime); took < 10*time.Second || took > 15*time.Second {
			t.Errorf("a refresh of some eleven minutes took %v", took)
		}
		group := w.only()
		w.wants("the group", group.CreatedTime, begun.Add(-before/60))
		if got, want := *group.SuspendedProcesses[0].SuspensionReason, "User suspended at "+begun.Format(time.RFC3339); got != want {
			t.Errorf("suspension: got %s, want %s", got, want)
		}
	})
}

func TestActivityTimesAreTheClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := fastWorld(t)
		time.Sleep(1500*time.Millisecond + 700*time.Microsecond) // the wire has no microseconds
		in := &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: aws.Int32(2)}
		must[*autoscaling.SetDesiredCapacityOutput](t)(w.as.SetDesiredCapacity(t.Context(), in))
		launched := time.Now()
		time.Sleep(time.Minute)
		all := w.activities()
		if len(all) != 1 {
			t.Fatalf("got %d activities, want the launch", len(all))
		}
		w.wants("start", all[0].StartTime, launched)
		w.wants("end", all[0].EndTime, launched.Add(500*time.Millisecond)) // half a minute of booting
		if want := "At " + launched.Format(time.RFC3339) + " "; !strings.HasPrefix(*all[0].Cause, want) {
			t.Errorf("the cause is %s, want %s…", *all[0].Cause, want)
		}
		for _, test := range []struct {
			name, value string
			found       int
		}{
			{"StartTimeLowerBound", launched.Truncate(time.Second).Format(time.RFC3339), 1},
			{"StartTimeLowerBound", all[0].StartTime.Format(time.RFC3339Nano), 1},
			{"StartTimeLowerBound", launched.Add(time.Second).Format(time.RFC3339), 0},
			{"StartTimeUpperBound", all[0].StartTime.Format(time.RFC3339Nano), 1},
			{"StartTimeUpperBound", launched.Truncate(time.Second).Format(time.RFC3339), 0},
		} {
			if got := len(w.activities(types.Filter{Name: &test.name, Values: []string{test.value}})); got != test.found {
				t.Errorf("%s %s: found %d, want %d", test.name, test.value, got, test.found)
			}
		}
		_, err := w.as.DescribeScalingActivities(t.Context(), &autoscaling.DescribeScalingActivitiesInput{Filters: []types.Filter{{Name: aws.String("StartTimeLowerBound"), Values: []string{"today"}}}})
		refused(t, err, http.StatusBadRequest, "ValidationError")
	})
}

func TestTimesOfTheOtherServicesAreTheClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := fastWorld(t)
		begun := time.Now()
		cfg := sdk(w.server, DefaultAccount, "eu-west-1")
		time.Sleep(time.Minute)
		alarm := must[*cloudwatch.DescribeAlarmsOutput](t)(cloudwatch.NewFromConfig(cfg).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{}))
		w.wants("the alarm (CBOR)", alarm.MetricAlarms[0].StateUpdatedTimestamp, begun)
		parameter := must[*ssm.GetParameterOutput](t)(ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/ami")}))
		w.wants("the parameter (JSON)", parameter.Parameter.LastModifiedDate, begun)
		c := ec2.NewFromConfig(cfg)
		name := aws.String("launch-time")
		in := &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: name, Values: []string{ec2Time(begun.Add(-before / 60))}}}}
		instances := must[*ec2.DescribeInstancesOutput](t)(c.DescribeInstances(t.Context(), in))
		if len(instances.Reservations) != 1 {
			t.Fatalf("found %d instances by their launch time, want 1", len(instances.Reservations))
		}
		w.wants("the instance", instances.Reservations[0].Instances[0].LaunchTime, begun.Add(-before/60))
		version := &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateName: web, Versions: []string{"1"}}
		w.wants("the version", must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), version)).LaunchTemplateVersions[0].CreateTime, begun)
	})
}

func TestDeprecationIsByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := fastWorld(t)
		c := ec2.NewFromConfig(sdk(w.server, DefaultAccount, "eu-west-1"))
		time.Sleep(time.Hour)
		for _, after := range []time.Duration{5 * time.Minute, 9 * 365 * 24 * time.Hour} {
			at := time.Now().Add(after).Truncate(time.Minute)
			must[*ec2.EnableImageDeprecationOutput](t)(c.EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: aws.String(firstImage), DeprecateAt: &at}))
			seen := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{firstImage}})).Images[0]
			if got, want := *seen.DeprecationTime, ec2Time(at); got != want {
				t.Errorf("deprecated at %s, want %s", got, want)
			}
		}
		_, err := c.EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: aws.String(firstImage), DeprecateAt: aws.Time(time.Now().Add(-time.Minute))})
		refused(t, err, http.StatusBadRequest, "InvalidParameterValue")
	})
}

func TestNothingOfASkipIsInTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plainFleet("desired_capacity = 1"))
		w.start("2")
		started := time.Now()
		time.Sleep(10 * time.Second)
		w.server.Skip(time.Hour)
		rf := w.newest()
		w.wants("start", rf.StartTime, started)
		w.wants("end", rf.EndTime, time.Now())
		if got := w.server.Now(); !got.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("simulated time is %v at %v", got, time.Now())
		}
	})
}
