package main

import (
	"io"
	"log/slog"
)

// newLog is where events go: one a line, as text for a person at a terminal
// and as JSON for programs, unless agent.hcl says otherwise.
func newLog(w io.Writer, s settings, watched bool) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.logLevel)) // checked when it was read
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: leaveOutEmpty}
	if s.logFormat == asText || s.logFormat == "" && watched {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// leaveOutEmpty leaves out a key without a value: reason="" reads as if
// something got lost.
func leaveOutEmpty(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString && a.Value.String() == "" {
		return slog.Attr{}
	}
	return a
}
