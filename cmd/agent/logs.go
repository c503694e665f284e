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
	options := &slog.HandlerOptions{Level: level}
	if s.logFormat == asText || s.logFormat == "" && watched {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
