package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

func (w *world) observes(t *testing.T, p *Provider, declared ...reconcile.Declaration) []reconcile.Observed {
	t.Helper()
	desired := make([]reconcile.Desired, len(declared))
	for i, d := range declared {
		desired[i].Declaration = d
	}
	observed, err := p.Observe(t.Context(), w.Place(), desired)
	must(t, err)
	return observed
}

func TestGroupsComeInTheOrderInWhichTheyAreAskedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		must(t, w.Apply(fleetOf(250)))
		var declared []reconcile.Declaration
		for n := range 250 {
			declared = append(declared, w.declares(fmt.Sprintf("web-%05d", (n*7)%250), fleetImage))
		}
		declared = append(declared, w.declares("missing", fleetImage), declared[0])
		for i, o := range w.observes(t, p, declared...) {
			if o.ID != declared[i].ID || o.Exists != (o.ID.Group != "missing") || o.Exists && !strings.HasSuffix(o.ARN, "/"+o.ID.Group) {
				t.Errorf("%d: saw %s (%s), want %s", i, o.ID, o.ARN, declared[i].ID)
			}
		}
	})
}

func TestAllThatAGroupSaysOfItselfIsSeen(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		low, high, three, warmup := 90, 120, 3, 45
		must(t, w.Apply(awssim.Fleet{
			Region: region, Images: []awssim.Image{{ID: fleetImage}},
			Templates:            []awssim.Template{{Name: "web", ImageID: fleetImage, InstanceType: "m5.large"}},
			LaunchConfigurations: []awssim.LaunchConfiguration{{Name: "old", ImageID: fleetImage, InstanceType: "m5.large"}},
			Groups: []awssim.Group{
				{Name: "web", Template: "web", Desired: &three, MinSize: 2, MaxSize: 9, GracePeriod: 300, Warmup: &warmup,
					MinHealthyPercentage: &low, MaxHealthyPercentage: &high, Suspended: []string{"Terminate", "AZRebalance"}, Protected: 1, Standby: 1},
				{Name: "old", LaunchConfiguration: "old"},
			},
		}))
		all := w.observes(t, p, w.declares("web", fleetImage), w.declares("old", fleetImage))
		o := all[0]
		if o.Shape != reconcile.ShapePlain || o.Capacity != 3 || o.Min != 2 || o.Max != 9 || o.Grace != reconcile.Span(5*time.Minute) || o.Warmup == nil || *o.Warmup != reconcile.Span(45*time.Second) {
			t.Errorf("saw %+v", o)
		}
		if diff := cmp.Diff(&reconcile.Maintenance{MinHealthyPercentage: 90, MaxHealthyPercentage: 120}, o.Maintenance); diff != "" {
			t.Errorf("maintenance policy (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"AZRebalance", "Terminate"}, o.Suspended); diff != "" {
			t.Errorf("suspended processes (-want +got):\n%s", diff)
		}
		standby, protected := 0, 0
		for _, i := range o.Instances {
			if i.Standby() {
				standby++
			}
			if i.Protected {
				protected++
			}
		}
		if standby != 1 || protected != 1 {
			t.Errorf("%d in standby and %d protected, want 1 and 1", standby, protected)
		}
		if all[1].Shape != reconcile.ShapeOld {
			t.Errorf("shape %s, want a launch configuration", all[1].Shape)
		}
	})
}

func TestOneGroupsTroubleIsItsOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "steady", Image: one, Min: 1, Size: 1, Max: 4})
		w.MakeGroup(t, providertest.Group{Name: "moving", Image: one, Min: 1, Size: 1, Max: 4})
		w.Inject(awssim.Fault{Action: "DescribeInstanceRefreshes", Kind: awssim.Refuse, Code: "AccessDenied", Status: 403, Message: "not authorized"})
		all := w.observes(t, p, w.declares("steady", one), w.declares("moving", two))
		if all[0].Problem != nil || !all[0].Exists {
			t.Errorf("saw %+v, want it undisturbed", all[0])
		}
		problem := all[1].Problem
		if problem == nil || problem.Class != reconcile.Denied || !strings.Contains(problem.Message, "observe production/moving") || !strings.Contains(problem.Message, "grant autoscaling:DescribeInstanceRefreshes") {
			t.Errorf("problem %+v, want it denied, with the group and what to grant", problem)
		}
	})
}

func TestAPlaceThatIsDownIsNotAskedForEveryGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		must(t, w.Apply(fleetOf(1000)))
		w.Inject(awssim.Fault{Kind: awssim.Outage})
		desired := make([]reconcile.Desired, 1000)
		for i := range desired {
			desired[i].Declaration = w.declares(fmt.Sprintf("web-%05d", i), fleetImage)
		}
		began := time.Now()
		_, err := p.Observe(t.Context(), w.Place(), desired)
		if err == nil || reconcile.ClassOf(err) != reconcile.Retry {
			t.Errorf("error %v, want a retry", err)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("gave up after %s", took)
		}
	})
}

func TestAnInstanceOfADeletedVersionIsKnownAllTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4})
		spec := w.newVersion(t, "web", &ec2types.RequestLaunchTemplateData{ImageId: &two})
		_, err := w.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: awssdk.String("web"), LaunchTemplate: spec})
		must(t, err)
		_, err = w.ec2.ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: spec.LaunchTemplateId, DefaultVersion: spec.Version})
		must(t, err)
		_, err = w.ec2.DeleteLaunchTemplateVersions(t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: spec.LaunchTemplateId, Versions: []string{"1"}})
		must(t, err)
		look := func() {
			o := w.see(t, p, w.declares("web", two))
			if o.Saved.Image != two || len(o.Instances) != 2 || o.Instances[0].Image != one {
				t.Errorf("saw %+v", o)
			}
		}
		first := w.during(look)
		if first["ec2:DescribeInstanceImageMetadata"] != 1 {
			t.Errorf("calls %v, want one that asks what the instances run", first)
		}
		second := w.during(look)
		if second["ec2:DescribeInstanceImageMetadata"] != 0 || second["ec2:DescribeLaunchTemplateVersions"] != 0 {
			t.Errorf("calls %v, want nothing asked twice", second)
		}
	})
}

func TestInstancesTellTheBaseOfTheirVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		w.EditTemplate(t, "web")
		w.roll(t, p, w.declares("web", two))
		if i := serving(w.see(t, p, w.declares("web", two))); i.Version != 1 || i.Base != 1 {
			t.Errorf("saw %+v, want it on version 1, its own base", i)
		}
		if i := serving(w.settles(t, p, w.declares("web", two))); i.Version != 3 || i.Base != 2 {
			t.Errorf("saw %+v, want it on version 3 over 2", i)
		}
	})
}

// serving is an instance that is in service.
func serving(o reconcile.Observed) reconcile.Instance {
	n := slices.IndexFunc(o.Instances, reconcile.Instance.InService)
	return o.Instances[n]
}

func TestLookingAtOneGroupForgetsNothingOfTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one := w.MakeImage(t, "one", false)
		must(t, w.Apply(awssim.Fleet{Region: region, Parameters: []awssim.Parameter{{Name: "/ami", Value: one}}}))
		w.MakeGroup(t, providertest.Group{Name: "blue", Image: "resolve:ssm:/ami", Min: 1, Size: 1, Max: 4})
		w.MakeGroup(t, providertest.Group{Name: "green", Image: one, Min: 1, Size: 1, Max: 4})
		blue, green := w.declares("blue", one), w.declares("green", one)
		both := func() {
			_, err := p.Resolve(t.Context(), w.Place(), []reconcile.Declaration{blue, green})
			must(t, err)
			w.observes(t, p, blue, green)
		}
		both()
		w.resolves(t, p, one)
		w.observes(t, p, green)
		calls := w.during(both)
		if calls["ec2:DescribeImages"] != 0 || calls["ec2:DescribeInstanceImageMetadata"] != 0 {
			t.Errorf("calls %v, want nothing asked again", calls)
		}
	})
}

func TestWarmInstancesAreSeen(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		image := w.MakeImage(t, "one", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: image, Min: 1, Size: 1, Max: 3})
		_, err := w.groups.PutWarmPool(t.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: awssdk.String("web"), MinSize: awssdk.Int32(2)})
		must(t, err)
		w.Wait(5 * time.Minute)
		o := w.see(t, p, w.declares("web", image))
		warm := 0
		for _, i := range o.Instances {
			if i.Warm && i.Image == image && !i.InService() {
				warm++
			}
		}
		if warm != 2 || len(o.Instances) != 3 {
			t.Errorf("%d warm of %+v, want 2 of 3", warm, o.Instances)
		}
	})
}

func TestBeforeAStartAlarmsAndArchitecturesAreRead(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		must(t, w.Apply(awssim.Fleet{Region: region, Alarms: []awssim.Alarm{{Name: "5xx", State: "ALARM"}, {Name: "cpu"}}}))
		_, err := cloudwatch.NewFromConfig(w.config()).PutCompositeAlarm(t.Context(), &cloudwatch.PutCompositeAlarmInput{
			AlarmName: awssdk.String("any"), AlarmRule: awssdk.String(`ALARM("5xx") OR ALARM("cpu")`),
		})
		must(t, err)
		d := w.declares("web", two)
		d.Rollout.Alarms = []string{"5xx", "cpu", "any", "nobody-made-it"}
		o := w.see(t, p, d)
		if diff := cmp.Diff(map[string]string{"5xx": "ALARM", "cpu": "OK", "any": "ALARM", "nobody-made-it": ""}, o.Alarms); diff != "" {
			t.Errorf("alarms (-want +got):\n%s", diff)
		}
		if !slices.Contains(o.Architectures["m5.large"], "x86_64") || o.TemplateVersions != 1 {
			t.Errorf("architectures %v, %d template versions", o.Architectures, o.TemplateVersions)
		}
		d.Image = one
		if o := w.see(t, p, d); o.Alarms != nil || o.Architectures != nil {
			t.Errorf("read alarms %v and architectures %v of a converged group", o.Alarms, o.Architectures)
		}
	})
}

func TestARefreshIsSeenToItsEndEvenIfGitWentBackBeforeItReplacedAnything(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4})
		w.roll(t, p, w.declares("web", two))
		o := w.see(t, p, w.declares("web", one))
		if len(o.Refreshes) == 0 || !o.Refreshes[0].Status.Active() || o.Refreshes[0].Image != two {
			t.Errorf("refreshes %+v, want the one that runs", o.Refreshes)
		}
	})
}

func TestSomebodysRefreshToASymbolIsSeenForWhatItLaunches(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4})
		spec := w.newVersion(t, "web", &ec2types.RequestLaunchTemplateData{ImageId: &two})
		spec.Version = awssdk.String("$Latest")
		_, err := w.groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
			AutoScalingGroupName: awssdk.String("web"), DesiredConfiguration: &astypes.DesiredConfiguration{LaunchTemplate: spec},
		})
		must(t, err)
		if r := w.see(t, p, w.declares("web", two)).Refreshes[0]; r.Image != two || r.Version.Number != 2 || r.Version.Commit != "" {
			t.Errorf("saw %+v", r)
		}
	})
}

func TestWithoutARoleTheUserAgentAloneNamesTheCommit(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		w.place = reconcile.Place{Region: region}
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		w.roll(t, p, w.declares("web", two))
		if w.Calls()["sts:AssumeRole"] != 0 || len(w.byMoult()) != 2 {
			t.Errorf("calls %v, %d writes", w.Calls(), len(w.byMoult()))
		}
		for _, write := range w.byMoult() {
			if !strings.Contains(write.UserAgent, " commit/"+commit.Hash) {
				t.Errorf("%s has user agent %q", write.Action, write.UserAgent)
			}
		}
	})
}

func TestTheExternalIDIsSentWithTheRole(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		var sent []string
		p.Config = func(context.Context) (awssdk.Config, error) {
			cfg := w.config()
			cfg.HTTPClient = spy{awssim.Transport{Server: w.Server}, &sent}
			return cfg, nil
		}
		w.see(t, p, w.declares("web", w.groupOfOne(t)))
		if !slices.ContainsFunc(sent, func(body string) bool {
			return strings.Contains(body, "Action=AssumeRole&") && strings.Contains(body, "ExternalId=external")
		}) {
			t.Errorf("requests %q, want the external id with the role", sent)
		}
	})
}

// spy notes the bodies of requests.
type spy struct {
	awssim.Transport
	sent *[]string
}

func (s spy) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	*s.sent = append(*s.sent, string(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return s.Transport.Do(r)
}

// groupOfOne makes the group "web" and returns its image.
func (w *world) groupOfOne(t *testing.T) string {
	t.Helper()
	image := w.MakeImage(t, "one", false)
	w.MakeGroup(t, providertest.Group{Name: "web", Image: image, Min: 1, Size: 1, Max: 4})
	return image
}

func TestTemplatesOfTwoAccountsAreNotMixedUp(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:0b1c:autoScalingGroupName/web"
	if got, want := scopeOf(arn), scope("111122223333/eu-west-1"); got != want {
		t.Errorf("scope %q, want %q", got, want)
	}
	if got := scopeOf("not an arn"); got != "" {
		t.Errorf("scope %q of what is no ARN", got)
	}
}

func TestARoleIsAssumedOnceForEachCommit(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		for _, name := range []string{"blue", "green"} {
			w.MakeGroup(t, providertest.Group{Name: name, Image: one, Min: 1, Size: 1, Max: 4})
		}
		w.roll(t, p, w.declares("blue", two))
		w.roll(t, p, w.declares("green", two))
		if n := w.Calls()["sts:AssumeRole"]; n != 2 {
			t.Errorf("assumed %d times, want once to read and once for the commit", n)
		}
	})
}
