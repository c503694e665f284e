package main

import (
	"fmt"
	"strings"
	"time"
)

// momentLayouts are the forms of a time that people write: RFC 3339, and what
// is near it. Where no zone is named, it is UTC: all who ask the same must get
// the same answer.
var momentLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly,
}

// parseMoment reads a time; the zero one when none was given.
func parseMoment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	form := strings.ToUpper(strings.TrimSpace(text))
	form = strings.TrimSuffix(strings.TrimSuffix(form, " UTC"), " GMT")
	if day, rest, two := strings.Cut(form, " "); two { // "2026-03-03 14:00 +01:00"
		form = day + "T" + strings.ReplaceAll(rest, " ", "")
	}
	for _, layout := range momentLayouts {
		if t, err := time.Parse(layout, form); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, advise(fmt.Errorf("history: --%s %.40q is no time", flag, text),
		"write it as 2026-03-03T14:00Z, as \"2026-03-03 14:00 +01:00\", or as 2026-03-03")
}

// instant is a time in full, so that nobody need guess its day or zone.
func instant(t time.Time) string {
	if t.Nanosecond() != 0 {
		return t.UTC().Format("2006-01-02 15:04:05.000 UTC")
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// minuteOf is a time in a column that says UTC.
func minuteOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
