package awssim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// prefer is a request for version 2 with some preferences.
func prefer(change func(*types.RefreshPreferences)) autoscaling.StartInstanceRefreshInput {
	return toVersion("2", with(types.RefreshPreferences{}, change))
}

func TestStartInstanceRefreshIsRefused(t *testing.T) {
	t.Parallel()
	attributes := "mixed_instances_policy {\n override {\n instance_requirements = { \"VCpuCount.Min\" = \"2\" }\n }\n}"
	for _, c := range []struct {
		name, group string
		start       autoscaling.StartInstanceRefreshInput
		message     string // part of it
	}{
		{"min below range", "", prefer(func(p *types.RefreshPreferences) { p.MinHealthyPercentage = whole(-1) }), "minHealthyPercentage"},
		{"min above range", "", prefer(func(p *types.RefreshPreferences) { p.MinHealthyPercentage = whole(101) }), "minHealthyPercentage"},
		{"max below range", "", prefer(func(p *types.RefreshPreferences) {
			p.MinHealthyPercentage, p.MaxHealthyPercentage = whole(50), whole(99)
		}), "maxHealthyPercentage"},
		{"max above range", "", prefer(func(p *types.RefreshPreferences) {
			p.MinHealthyPercentage, p.MaxHealthyPercentage = whole(100), whole(201)
		}), "maxHealthyPercentage"},
		{"max without min", "", prefer(func(p *types.RefreshPreferences) { p.MaxHealthyPercentage = whole(110) }), "MinHealthyPercentage"},
		{"max and min too far apart", "", prefer(func(p *types.RefreshPreferences) {
			p.MinHealthyPercentage, p.MaxHealthyPercentage = whole(50), whole(151)
		}), "difference"},
		{"warm-up below range", "", prefer(func(p *types.RefreshPreferences) { p.InstanceWarmup = whole(-1) }), "instanceWarmup"},
		{"bake time above range", "", prefer(func(p *types.RefreshPreferences) { p.BakeTime = whole(172801) }), "bakeTime"},
		{"checkpoint of zero", "", prefer(func(p *types.RefreshPreferences) { p.CheckpointPercentages = []int32{0, 100} }), "checkpointPercentages"},
		{"checkpoint above all", "", prefer(func(p *types.RefreshPreferences) { p.CheckpointPercentages = []int32{50, 101} }), "checkpointPercentages"},
		{"checkpoints out of order", "", prefer(func(p *types.RefreshPreferences) { p.CheckpointPercentages = []int32{50, 20} }), "ascending"},
		{"checkpoints twice", "", prefer(func(p *types.RefreshPreferences) { p.CheckpointPercentages = []int32{50, 50} }), "unique"},
		{"checkpoint delay without checkpoints", "", prefer(func(p *types.RefreshPreferences) { p.CheckpointDelay = whole(60) }), "CheckpointPercentages"},
		{"checkpoint delay above range", "", prefer(func(p *types.RefreshPreferences) {
			p.CheckpointPercentages, p.CheckpointDelay = []int32{100}, whole(172801)
		}), "checkpointDelay"},
		{"policy that does not exist", "", prefer(func(p *types.RefreshPreferences) { p.StandbyInstances = "Keep" }), "standbyInstances"},
		{"too many alarms", "", prefer(func(p *types.RefreshPreferences) {
			p.AlarmSpecification = &types.AlarmSpecification{Alarms: make11("errors")}
		}), "10"},
		{"alarm that does not exist", "", prefer(func(p *types.RefreshPreferences) {
			p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"nowhere"}}
		}), "nowhere"},
		{"alarm that fires", "", prefer(func(p *types.RefreshPreferences) {
			p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"firing"}}
		}), "ALARM"},
		{"alarm without data", "", prefer(func(p *types.RefreshPreferences) {
			p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"silent"}}
		}), "INSUFFICIENT_DATA"},
		{"rollback without a desired configuration", "", autoscaling.StartInstanceRefreshInput{Preferences: &types.RefreshPreferences{AutoRollback: aws.Bool(true)}},
			"AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty"},
		{"rollback to a floating version", "version = \"$Latest\"", prefer(rollingBack), "$Latest"},
		{"rollback to an alias", "version = \"4\"", prefer(rollingBack), "Systems Manager"},
		{"version that does not exist", "", toVersion("9", types.RefreshPreferences{}), "You must use a valid fully-formed launch template."},
		{"image that does not exist", "", toVersion("5", types.RefreshPreferences{}), "The image id '[ami-0000000000000dead]' does not exist"},
		{"image of another architecture", "", toVersion("6", types.RefreshPreferences{}), "architecture"},
		{"attributes with a desired configuration", attributes, toVersion("2", types.RefreshPreferences{}), "InstanceRequirements"},
		{"attributes with skip matching", attributes, autoscaling.StartInstanceRefreshInput{Preferences: &types.RefreshPreferences{SkipMatching: aws.Bool(true)}}, "SkipMatching"},
		{"strategy that does not exist", "", autoscaling.StartInstanceRefreshInput{Strategy: "Gentle"}, "strategy"},
		{"root volumes of a plain group", "", autoscaling.StartInstanceRefreshInput{Strategy: types.RefreshStrategyReplaceRootVolume}, "ReplaceRootVolume"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, fmt.Sprintf(refusingFleet, c.group))
			c.start.AutoScalingGroupName = aws.String("web")
			_, err := w.as.StartInstanceRefresh(t.Context(), &c.start)
			refused(t, err, 400, "ValidationError")
			if !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want it to say %q", err, c.message)
			}
			if g := w.web(); len(g.refreshes) != 0 {
				t.Error("a refresh was started")
			}
		})
	}
}

// refusingFleet has what can be wrong with alarms and templates.
const refusingFleet = `
region = "eu-west-1"
image "` + firstImage + `" {}
image "` + secondImage + `" {}
image "ami-00000000000000a64" { architecture = "arm64" }
parameter "golden" { value = "` + firstImage + `" }
template "web" {
  image_id      = "` + firstImage + `"
  instance_type = "m5.large"
  version { image_id = "` + secondImage + `" }
  version { image_id = "` + firstImage + `" }
  version { image_id = "resolve:ssm:golden" }
  version { image_id = "ami-0000000000000dead" }
  version { image_id = "ami-00000000000000a64" }
  version { image_id = "` + firstImage + `" }
}
alarm "errors" {}
alarm "firing" { state = "ALARM" }
alarm "silent" { state = "INSUFFICIENT_DATA" }
group "web" {
  template = "web"
  %s
}
`

func make11(name string) []string {
	out := make([]string, 11)
	for i := range out {
		out[i] = name
	}
	return out
}
