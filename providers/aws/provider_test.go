package aws

import (
	"strings"
	"testing"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
)

func TestProviderLivesThroughTheStory(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T, play providertest.Play) {
		inBubble(t, func(t *testing.T, p *Provider, w *world) {
			play(t, p, w)
			for _, write := range w.byMoult() {
				checkWrite(t, write)
			}
		})
	})
}

// byMoult is the writes that the provider sent.
func (w *world) byMoult() []awssim.Write {
	var own []awssim.Write
	for _, write := range w.Writes() {
		if strings.Contains(write.UserAgent, "moult/1.2.3") {
			own = append(own, write)
		}
	}
	return own
}

// checkWrite holds a write against the rules that hold for every one. Numbers
// are those of "What always holds".
func checkWrite(t *testing.T, w awssim.Write) {
	t.Helper()
	for member, value := range w.Members {
		switch {
		case member == "MinSize" || member == "MaxSize" || strings.HasPrefix(member, "DesiredCapacity"):
			t.Errorf("rule 2: %s writes %s", w.Action, member)
		case strings.HasSuffix(member, "LaunchTemplateSpecification.Version"), strings.HasSuffix(member, "LaunchTemplate.Version"):
			if strings.HasPrefix(value, "$") {
				t.Errorf("rule 3: %s writes version %s", w.Action, value)
			}
		}
	}
	if w.Action == "StartInstanceRefresh" && w.Members["Strategy"] != "Rolling" {
		t.Errorf("rule 1: refresh started with strategy %q", w.Members["Strategy"])
	}
	_, commit, named := strings.Cut(w.UserAgent, " commit/")
	if commit, _, _ = strings.Cut(commit, " "); !named || len(commit) != 40 {
		t.Errorf("rule 8: %s has user agent %q", w.Action, w.UserAgent)
	} else if want := "assumed-role/moult/moult-" + commit; !strings.HasSuffix(w.Principal, want) {
		t.Errorf("rule 8: %s was done by %s, want a session of %s", w.Action, w.Principal, want)
	}
	if want := "moult-" + commit; w.SourceIdentity != want {
		t.Errorf("rule 8: %s was done with the source identity %q, want %s", w.Action, w.SourceIdentity, want)
	}
}
