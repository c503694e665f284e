package main

import (
	"io"
	"strings"
	"testing"
)

// narrow is as wide as a terminal that nobody has widened.
const narrow = 80

// TestDrawings holds every drawing, as a pipe gets it, in colour and at a
// narrow terminal, against its golden file.
func TestDrawings(t *testing.T) {
	t.Parallel()
	drawings := map[string]func(w io.Writer, v view){
		"status": func(w io.Writer, v view) {
			renderStatus(w, agentReport{Report: sampleReport(), Ledger: &ledgerState{}}, v)
		},
		"status_troubled": func(w io.Writer, v view) {
			renderStatus(w, agentReport{Report: troubledReport(), Ledger: sampleLedger()}, v)
		},
		"plan":          func(w io.Writer, v view) { renderPlan(w, sampleReport(), v) },
		"plan_troubled": func(w io.Writer, v view) { renderPlan(w, troubledReport(), v) },
		"explain":       func(w io.Writer, v view) { renderExplanation(w, sampleExplanation(), v) },
		"report.json":   func(w io.Writer, _ view) { writeJSON(w, agentReport{Report: sampleReport(), Ledger: sampleLedger()}) },
		"explain.json":  func(w io.Writer, _ view) { writeJSON(w, sampleExplanation()) },
	}
	for name, draw := range drawings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text, colour, folded strings.Builder
			draw(&text, view{now: sampleNow()})
			checkGolden(t, goldenName(name, ".txt"), text.String())
			if !strings.HasSuffix(name, ".json") {
				draw(&colour, view{now: sampleNow(), paint: paint{on: true}})
				checkGolden(t, name+".ansi", visibleEscapes(colour.String()))
				draw(&folded, view{now: sampleNow(), width: narrow})
				checkGolden(t, name+".narrow.txt", folded.String())
			}
		})
	}
}

func goldenName(name, suffix string) string {
	if strings.HasSuffix(name, ".json") {
		return name
	}
	return name + suffix
}

// visibleEscapes makes colour codes readable in a diff.
func visibleEscapes(text string) string { return strings.ReplaceAll(text, "\x1b[", "<") }
