package main

import (
	"fmt"
	"strings"
	"testing"

	"moult/reconcile"
)

func TestWhatRunsIsCountedAsPeopleCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		images string // of each instance
		want   string
	}{
		{"", "0 instances in service;"},
		{"b", "1 instance in service, on b;"},
		{"a", "1 instance in service, on a instead of b;"},
		{"b b b", "3 instances in service, all on b;"},
		{"a a a a", "4 instances in service, all on a instead of b;"},
		{"a a b", "3 instances in service, 1 of them on b, 2 on a;"},
		{"a a b c", "4 instances in service, 1 of them on b, most on a;"},
		{"a a c", "3 instances in service, 0 of them on b, most on a;"},
	} {
		observed := reconcile.Observed{Exists: true}
		for n, image := range strings.Fields(c.images) {
			observed.Instances = append(observed.Instances, reconcile.Instance{ID: fmt.Sprint(n), Lifecycle: "InService", Image: image})
		}
		desired := reconcile.Desired{Declaration: reconcile.Declaration{Image: "b"}}
		answer := reconcile.Diff([]reconcile.Desired{desired}, []reconcile.Observed{observed}, sampleNow()).Answers[0]
		if got := runs(explanation{Observed: observed, Answer: answer}); !strings.HasPrefix(got, c.want) {
			t.Errorf("of %q it says %q, want %q", c.images, got, c.want)
		}
	}
}

func TestMistakesOfOtherEnvironmentsAreNotToldOfAGroup(t *testing.T) {
	t.Parallel()
	all := []reconcile.Mistake{{Environment: "dev"}, {Environment: "staging"}, {Message: "nobody knows whose"}}
	got := concerning(all, reconcile.ID{Environment: "dev", Group: "web"})
	if len(got) != 2 || got[0].Environment != "dev" || got[1].Environment != "" {
		t.Errorf("of dev/web are %+v", got)
	}
	if len(all) != 3 || all[1].Environment != "staging" {
		t.Errorf("the mistakes themselves became %+v", all)
	}
}
