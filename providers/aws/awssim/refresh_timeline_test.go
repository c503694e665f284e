package awssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// The images and the template of every scenario. Versions 1 and 2 are good.
const (
	firstImage  = "ami-00000000000000001"
	secondImage = "ami-00000000000000002"
	brokenImage = "ami-0000000000000000b"

	scenarioFleet = `
region = "eu-west-1"
image "` + firstImage + `" {}
image "` + secondImage + `" {}
image "` + brokenImage + `" { behaviour = "%s" }
template "web" {
  image_id      = "` + firstImage + `"
  instance_type = "m5.large"
  version { image_id = "` + secondImage + `" }
  version { image_id = "` + brokenImage + `" }
}
alarm "errors" {}
group "web" {
  template = "web"
  %s
}
`
)

// scenario is a refresh of the group "web" from version 1, and what happens
// meanwhile.
type scenario struct {
	name   string
	broken string // behaviour of the broken image; default unhealthy
	group  string // attributes of the group, HCL
	start  autoscaling.StartInstanceRefreshInput
	then   []moment
	lasts  time.Duration
}

// moment is something that is done at a time after the start.
type moment struct {
	at time.Duration
	do func(w *world)
}

// world is a simulated AWS with one group.
type world struct {
	*testing.T
	server *Server
	as     *autoscaling.Client
}

func newWorld(t *testing.T, fleet string) *world {
	t.Helper()
	f, err := ParseFleet("fleet.hcl", []byte(fleet))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{}
	if err := s.Apply(f); err != nil {
		t.Fatal(err)
	}
	return &world{t, s, autoscaling.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"))}
}

// web is the group, as it is now.
func (w *world) web() *group {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	r := w.server.at(place{DefaultAccount, "eu-west-1"})
	r.advance(w.server.now())
	return r.groups["web"]
}

// toVersion is a request for a refresh to a version of the template "web".
func toVersion(version string, p types.RefreshPreferences) autoscaling.StartInstanceRefreshInput {
	return autoscaling.StartInstanceRefreshInput{
		DesiredConfiguration: &types.DesiredConfiguration{
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: &version},
		},
		Preferences: &p,
	}
}

func TestRefreshTimelines(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				golden(t, "timelines/"+s.name+".txt", s.play(t))
			})
		})
	}
}

// play runs a scenario and tells what changed when, looking every five
// seconds.
func (s scenario) play(t *testing.T) string {
	broken := s.broken
	if broken == "" {
		broken = "unhealthy"
	}
	w := newWorld(t, fmt.Sprintf(scenarioFleet, broken, s.group))
	s.start.AutoScalingGroupName = aws.String("web")
	if s.start.Preferences != nil {
		must[*autoscaling.StartInstanceRefreshOutput](t)(w.as.StartInstanceRefresh(t.Context(), &s.start))
	}
	var story strings.Builder
	var last string
	for at := time.Duration(0); at <= s.lasts; at += 5 * time.Second {
		for _, m := range s.then {
			if m.at == at {
				m.do(w)
			}
		}
		if now := w.web().tell(); now != last {
			fmt.Fprintf(&story, "%s  %s\n", clock(at), now)
			last = now
		}
		time.Sleep(5 * time.Second)
	}
	return story.String()
}

func clock(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// tell is the group in a line: the refresh, the saved template version, the
// instances by version and state, and why.
func (g *group) tell() string {
	line := fmt.Sprintf("saved %s | %s", g.savedVersion(), tellInstances(g.instances))
	if len(g.warm) > 0 {
		line += " | pool: " + tellInstances(g.warm)
	}
	if len(g.refreshes) == 0 {
		return line
	}
	rf := g.refreshes[len(g.refreshes)-1]
	line = fmt.Sprintf("%s %d%% %d left | %s", rf.status, rf.live.percent, rf.live.toUpdate, line)
	if reason := rf.statusReason(simulatedTime); reason != "" {
		line += " | " + g.anonymous(reason)
	}
	return line
}

func (g *group) savedVersion() string {
	if g.recipe.template == nil {
		return "policy"
	}
	return g.recipe.template.version
}

func tellInstances(all []*instance) string {
	count := map[string]int{}
	var order []string
	for _, i := range all {
		kind := i.state
		if i.template != nil {
			kind = "v" + i.template.version + " " + kind
		}
		if i.imageChosen {
			kind += " of " + i.imageID[len(i.imageID)-1:]
		}
		if i.unhealthy {
			kind += " unhealthy"
		}
		if count[kind] == 0 {
			order = append(order, kind)
		}
		count[kind] += i.units
	}
	slices.Sort(order)
	for n, kind := range order {
		order[n] = fmt.Sprintf("%d %s", count[kind], kind)
	}
	return strings.Join(order, ", ")
}

// anonymous replaces ids and times, which say nothing here.
func (g *group) anonymous(reason string) string {
	words := strings.Fields(reason)
	for n, word := range words {
		if strings.HasPrefix(word, "i-") {
			words[n] = "i-…"
		}
		if strings.HasPrefix(word, "2000-") {
			words[n] = "…"
		}
	}
	return strings.Join(words, " ")
}
