package main

import (
	"testing"
	"time"
)

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	now := sampleNow()
	for before, want := range map[time.Duration]string{
		0:                 "14:30 UTC (just now)",
		time.Second:       "14:29 UTC (1 second ago)",
		59 * time.Second:  "14:29 UTC (59 seconds ago)",
		119 * time.Second: "14:28 UTC (1 minute ago)",
		2 * time.Hour:     "12:30 UTC (2 hours ago)",
		47 * time.Hour:    "2026-11-21 15:30 UTC (47 hours ago)",
		72 * time.Hour:    "2026-11-20 14:30 UTC (3 days ago)",
		-30 * time.Second: "14:30 UTC (just now)",
		-90 * time.Minute: "16:00 UTC (in 1 hour)",
	} {
		if got := moment(now.Add(-before), now); got != want {
			t.Errorf("%v before: %q, want %q", before, got, want)
		}
	}
}

func TestASubjectIsReadableBetweenItsMarks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"webapp 2026.11.24":                   `"webapp 2026.11.24"`,
		`Revert "staging: webapp 2026.11.24"`: `'Revert "staging: webapp 2026.11.24"'`,
		`Revert "don't"`:                      `“Revert "don't"”`,
		"red\x1b[31m \\ and\ttab \u202e back": `"red [31m \ and tab   back"`,
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}
