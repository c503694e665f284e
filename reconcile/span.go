package reconcile

import (
	"strings"
	"time"
)

// Span is a duration that is written and read as text, in JSON too: "90s" is
// written "1m30s", and units that are zero are left out.
type Span time.Duration

// String is the span as people write it: "6m", "1h30m".
func (s Span) String() string {
	text := time.Duration(s).Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText is String.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}
