package main

import (
	"strings"
	"testing"
	"time"

	"moult/reconcile"
)

func TestACaretStaysBelowWhatItPointsAt(t *testing.T) {
	t.Parallel()
	drawn := "a.hcl:7:5: the ami is wrong\n" +
		"  7 | ami = \"x\" # a comment\n" +
		"    |       ^^^\n" +
		"  so"
	cases := map[int]string{
		0: drawn,
		18: "a.hcl:7:5: the ami\n  is wrong\n" +
			"  7 | ami = \"x\" #…\n" +
			"    |       ^^^\n" +
			"  so",
		10: "a.hcl:7:5:\n  the ami\n  is wrong\n" +
			"  7 | ami = \"x\" # a comment\n" +
			"    |       ^^^\n" +
			"  so",
	}
	for width, want := range cases {
		if got := foldDrawn(drawn, width); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestTwoReasonsAreTwoLines(t *testing.T) {
	t.Parallel()
	stale := reconcile.Stale{
		Since: sampleNow().Add(-time.Hour), Reason: "commit 1 is not signed", Held: true,
		Also: &reconcile.Stale{Since: sampleNow().Add(-time.Minute), Reason: "access denied"},
	}
	var got strings.Builder
	renderHead(&got, reconcile.Report{Head: reconcile.Commit{Hash: hashOf(1)}, Stale: &stale}, view{now: sampleNow()})
	for _, want := range []string{"\n! the repository cannot be read since ", ": access denied\n! the newest commit is held since ", "(1 hour ago): commit 1 is not signed\n  what "} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("it says\n%s\nwithout %q", got.String(), want)
		}
	}
}
