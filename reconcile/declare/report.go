package declare

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// maxTold is how many mistakes of one environment in one file are told. Beyond
// it nobody reads on, and a hostile file must not fill a screen.
const maxTold = 50

// problem is a mistake in words, without a place.
type problem struct {
	summary string // what is wrong
	detail  string // the rule
	hint    string // what to do
}

// report gathers the mistakes of one file.
type report struct {
	src         []byte
	environment string // the one being read; empty for none
	diagnostics Diagnostics
	told        map[told]bool
	count       map[string]int // mistakes by environment, told or not
}

// told remembers a mistake so that a default inherited by a hundred groups is
// reported once.
type told struct {
	offset  int
	summary string
}

func newReport(src []byte) *report {
	return &report{src: src, told: map[told]bool{}, count: map[string]int{}}
}

// add reports a problem at a place, about the environment being read.
func (r *report) add(at hcl.Range, p problem) {
	key := told{at.Start.Byte, p.summary}
	if r.told[key] {
		return
	}
	r.told[key] = true
	r.count[r.environment]++
	switch n := r.count[r.environment]; {
	case n == maxTold+1:
		p = problem{summary: fmt.Sprintf("more than %d mistakes; the rest is not shown", maxTold), hint: "Mend those above first."}
	case n > maxTold:
		return
	}
	r.diagnostics = append(r.diagnostics, diagnose(markAt(r.src, at), p, namesOf(r.environment)))
}

// namesOf is the environments that a diagnostic is about.
func namesOf(environment string) []string {
	if environment == "" {
		return nil
	}
	return []string{environment}
}

// diagnose joins a place and a problem.
func diagnose(m mark, p problem, environments []string) Diagnostic {
	return Diagnostic{
		Severity:     Error,
		Line:         m.line,
		Column:       m.column,
		Summary:      p.summary,
		Detail:       p.detail,
		Hint:         p.hint,
		Source:       m.source,
		Environments: environments,
		caret:        m.caret,
		width:        m.width,
	}
}
