package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"moult/reconcile"
)

// progress tells whoever waits for a rollout how it goes: a line for each
// change and, at a terminal, a bar for each group that rolls.
type progress struct {
	out   io.Writer
	paint paint
	width func() int // of the terminal, which may be resized; nil away from one
	bars  *bars      // nil away from a terminal

	head     string
	trouble  string // the mistakes and staleness that were last told
	answered map[reconcile.ID]reconcile.Answer
}

// show tells what is new in a report.
func (p *progress) show(r reconcile.Report) {
	now := view{now: r.At, paint: p.paint, width: p.columns()}
	p.showHead(r, now)
	if p.answered == nil {
		p.answered = map[reconcile.ID]reconcile.Answer{}
	}
	var news []reconcile.Answer
	for _, a := range r.Plan.Answers {
		if before, known := p.answered[a.Group]; !known || isNews(before, a) {
			news = append(news, a)
		}
		p.answered[a.Group] = a
	}
	seen, unseen := unknownByReason(news)
	for _, a := range seen {
		p.write(newsLines(now, a))
	}
	for _, alike := range unseen {
		p.write(newsLines(now, alike...))
	}
	if p.bars != nil {
		p.bars.draw(r.Plan.Answers)
	}
}

// showHead tells of a new commit, and of trouble with the repository.
func (p *progress) showHead(r reconcile.Report, v view) {
	var told strings.Builder
	renderHead(&told, reconcile.Report{Mistakes: r.Mistakes, Stale: r.Stale}, view{now: r.At})
	if r.Head.Hash == p.head && told.String() == p.trouble {
		return
	}
	p.head, p.trouble = r.Head.Hash, told.String()
	var head strings.Builder
	renderHead(&head, r, v)
	p.write(head.String())
}

func (p *progress) columns() int {
	if p.width == nil {
		return 0
	}
	return p.width()
}

// write writes lines, above the bars if there are any.
func (p *progress) write(lines string) {
	if p.bars != nil {
		_, _ = p.bars.Write([]byte(lines))
		return
	}
	_, _ = io.WriteString(p.out, lines)
}

// end clears the bars away and sums up.
func (p *progress) end(r reconcile.Report) {
	if p.bars != nil {
		p.bars.stop()
	}
	if !r.At.IsZero() { // there was a pass
		fmt.Fprintln(p.out, tally(r.Plan.Answers))
	}
}

// isNews reports whether an answer says more than that a rollout is further
// along.
func isNews(before, now reconcile.Answer) bool {
	if now.State != before.State || now.To != before.To {
		return true
	}
	needsSomebody := now.State == reconcile.StateHeld || now.State == reconcile.StateUnknown
	return needsSomebody && now.Reason != before.Reason
}

// newsLines is a line about a group, or about some that are alike, with the time,
// and for what waits for somebody another that says for whom.
func newsLines(v view, alike ...reconcile.Answer) string {
	var lines strings.Builder
	var names []string
	for _, a := range alike {
		names = append(names, v.paint.bold(a.Group.String()))
	}
	a := alike[0]
	v.line(&lines, 11, "%s %s %s %s: %s", v.paint.faint(v.now.UTC().Format(time.TimeOnly)), v.paint.state(a.State, a.Glyph()),
		some(names), v.paint.state(a.State, stateWord(a.State)), a.Reason)
	if a.Ends != "" && (a.State == reconcile.StateHeld || a.State == reconcile.StateDrifted) {
		v.line(&lines, 11, "           ends: %s", a.Ends)
	}
	return lines.String()
}
