package aws

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

const region = "eu-west-1"

// world is the simulated AWS as a person uses it: through the real SDK, over
// the real protocols, with no socket.
type world struct {
	*awssim.Server
	groups *autoscaling.Client
	ec2    *ec2.Client
	place  reconcile.Place
}

// role is what the agent assumes in the tests that are not about its absence.
const role = "arn:aws:iam::" + awssim.DefaultAccount + ":role/moult"

var _ providertest.World = (*world)(nil)

// inBubble plays in a new world, on virtual time, with a provider that has
// never seen it.
func inBubble(t *testing.T, play func(t *testing.T, p *Provider, w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(&awssim.Server{})
		w.place.RoleARN, w.place.ExternalID = role, "external"
		play(t, w.provider(), w)
	})
}

func newWorld(server *awssim.Server) *world {
	w := &world{Server: server, place: reconcile.Place{Region: region}}
	cfg := w.config()
	w.groups, w.ec2 = autoscaling.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
	return w
}

func (w *world) config() awssdk.Config {
	return awssdk.Config{
		Region: region, HTTPClient: awssim.Transport{Server: w.Server}, BaseEndpoint: awssdk.String("http://sim.invalid"),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

func (w *world) provider() *Provider {
	return &Provider{
		Config:       func(context.Context) (awssdk.Config, error) { return w.config(), nil },
		AgentVersion: "1.2.3",
	}
}

func (w *world) Place() reconcile.Place { return w.place }

func (w *world) MakeImage(t *testing.T, name string, broken bool) string {
	t.Helper()
	behaviour := "healthy"
	if broken {
		behaviour = "fail=Client.InvalidSnapshot.NotFound"
	}
	return w.image(t, name, behaviour)
}

func (w *world) image(t *testing.T, name, behaviour string) string {
	t.Helper()
	out, err := w.ec2.RegisterImage(t.Context(), &ec2.RegisterImageInput{
		Name: &name, Architecture: ec2types.ArchitectureValuesX8664, RootDeviceName: awssdk.String("/dev/xvda"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeImage, Tags: []ec2types.Tag{
			{Key: awssdk.String("awssim:behaviour"), Value: &behaviour},
		}}},
	})
	must(t, err)
	return *out.ImageId
}

func (w *world) RemoveImage(t *testing.T, image string) {
	t.Helper()
	_, err := w.ec2.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &image})
	must(t, err)
	w.Wait(2 * time.Hour)
}

func (w *world) MakeGroup(t *testing.T, g providertest.Group) {
	t.Helper()
	id := w.template(t, g.Name, &ec2types.RequestLaunchTemplateData{ImageId: &g.Image, InstanceType: "m5.large"})
	version := "1"
	if g.Floating {
		version = "$Latest"
	}
	w.create(t, g, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.LaunchTemplate = &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: &version}
	})
}

func (w *world) template(t *testing.T, name string, data *ec2types.RequestLaunchTemplateData) string {
	t.Helper()
	out, err := w.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
	must(t, err)
	return *out.LaunchTemplate.LaunchTemplateId
}

// create makes a group and waits until it serves.
func (w *world) create(t *testing.T, g providertest.Group, launches func(*autoscaling.CreateAutoScalingGroupInput)) {
	t.Helper()
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &g.Name, AvailabilityZones: []string{region + "a", region + "b"},
		MinSize: int32Of(&g.Min), MaxSize: int32Of(&g.Max), DesiredCapacity: int32Of(&g.Size),
	}
	launches(in)
	_, err := w.groups.CreateAutoScalingGroup(t.Context(), in)
	must(t, err)
	w.Wait(2 * time.Minute)
}

func (w *world) group(t *testing.T, name string) astypes.AutoScalingGroup {
	t.Helper()
	out, err := w.groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	must(t, err)
	if len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%d groups named %s", len(out.AutoScalingGroups), name)
	}
	return out.AutoScalingGroups[0]
}

func (w *world) spec(t *testing.T, name string) *astypes.LaunchTemplateSpecification {
	t.Helper()
	g := w.group(t, name)
	if g.MixedInstancesPolicy != nil {
		return g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}

func (w *world) Group(t *testing.T, name string) providertest.Group {
	t.Helper()
	g, spec := w.group(t, name), w.spec(t, name)
	return providertest.Group{
		Name: name, Image: w.version(t, *spec.LaunchTemplateId, *spec.Version).Image,
		Min: number(g.MinSize), Size: number(g.DesiredCapacity), Max: number(g.MaxSize),
		Floating: (*spec.Version)[0] == '$',
	}
}

func (w *world) versionData(t *testing.T, template, version string) ec2types.LaunchTemplateVersion {
	t.Helper()
	out, err := w.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &template, Versions: []string{version},
	})
	must(t, err)
	return out.LaunchTemplateVersions[0]
}

func (w *world) version(t *testing.T, template, version string) reconcile.Version {
	t.Helper()
	return knownOf(w.versionData(t, template, version)).Version
}

func (w *world) inService(t *testing.T, name string) []ec2types.Instance {
	t.Helper()
	var ids []string
	for _, i := range w.group(t, name).Instances {
		if i.LifecycleState == astypes.LifecycleStateInService {
			ids = append(ids, *i.InstanceId)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	out, err := w.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: ids})
	must(t, err)
	var all []ec2types.Instance
	for _, r := range out.Reservations {
		all = append(all, r.Instances...)
	}
	return all
}

func (w *world) Running(t *testing.T, name string) []string {
	t.Helper()
	var images []string
	for _, i := range w.inService(t, name) {
		images = append(images, *i.ImageId)
	}
	slices.Sort(images)
	return images
}

func (w *world) Instances(t *testing.T, name string) []string {
	t.Helper()
	var ids []string
	for _, i := range w.inService(t, name) {
		ids = append(ids, *i.InstanceId)
	}
	slices.Sort(ids)
	return ids
}

func (w *world) Resize(t *testing.T, name string, size int) {
	t.Helper()
	_, err := w.groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &name, DesiredCapacity: int32Of(&size)})
	must(t, err)
}

// newVersion makes a version by hand, over the one that the group has saved.
func (w *world) newVersion(t *testing.T, name string, data *ec2types.RequestLaunchTemplateData) *astypes.LaunchTemplateSpecification {
	t.Helper()
	spec := w.spec(t, name)
	out, err := w.ec2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: spec.LaunchTemplateId, SourceVersion: spec.Version, LaunchTemplateData: data,
	})
	must(t, err)
	number := strconv.FormatInt(*out.LaunchTemplateVersion.VersionNumber, 10)
	return &astypes.LaunchTemplateSpecification{LaunchTemplateId: spec.LaunchTemplateId, Version: &number}
}

func (w *world) EditTemplate(t *testing.T, name string) {
	t.Helper()
	_, err := w.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name, LaunchTemplate: w.newVersion(t, name, &ec2types.RequestLaunchTemplateData{UserData: awssdk.String("aGVsbG8=")}),
	})
	must(t, err)
}

func (w *world) StartByHand(t *testing.T, name, image string) {
	t.Helper()
	_, err := w.groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: &name,
		DesiredConfiguration: &astypes.DesiredConfiguration{LaunchTemplate: w.newVersion(t, name, &ec2types.RequestLaunchTemplateData{ImageId: &image})},
	})
	must(t, err)
}

func (w *world) LoseReply(t *testing.T) {
	w.Inject(awssim.Fault{Action: "StartInstanceRefresh", Kind: awssim.LostAfter, Times: 1})
}

func (w *world) Wait(d time.Duration) { time.Sleep(d) } // virtual time: only called in a bubble

func (w *world) Written() int {
	accepted := 0
	for _, write := range w.Writes() {
		if write.Error == "" {
			accepted++
		}
	}
	return accepted
}

func (w *world) Starts(t *testing.T, name string) int {
	t.Helper()
	out, err := w.groups.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &name})
	must(t, err)
	return len(out.InstanceRefreshes)
}

func (w *world) Versions(t *testing.T, name string) int {
	t.Helper()
	out, err := w.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: w.spec(t, name).LaunchTemplateId})
	must(t, err)
	return len(out.LaunchTemplateVersions)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// during is the calls that were made while do ran, by "service:Action".
func (w *world) during(do func()) map[string]int {
	before := w.Calls()
	do()
	calls := map[string]int{}
	for action, n := range w.Calls() {
		if d := n - before[action]; d > 0 {
			calls[action] = d
		}
	}
	return calls
}
