package main

import (
	"log/slog"
	"strings"
	"testing"
)

// TestLogsHaveNoEmptyKeys: what is zero without being empty is news.
func TestLogsHaveNoEmptyKeys(t *testing.T) {
	t.Parallel()
	for _, format := range []string{asText, asJSON} {
		var said strings.Builder
		log := newLog(&said, settings{logFormat: format, logLevel: "info"}, false).With("ami", "")
		log.Info("group is rolling", "was", "", "reason", "one of two", slog.Group("of", "commit", ""), "left_out", 0, "created", false)
		for _, key := range []string{"was", "commit", "ami"} {
			if strings.Contains(said.String(), key) {
				t.Errorf("%s is there: %s", key, said.String())
			}
		}
		for _, key := range []string{"one of two", "left_out", "created"} {
			if !strings.Contains(said.String(), key) {
				t.Errorf("%s is not there: %s", key, said.String())
			}
		}
	}
}
