package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"moult/cmd/internal/page"
	"moult/reconcile"
)

// mostBars is how many groups get a bar of their own; a terminal has only so
// many lines. The others are counted in the last line.
const mostBars = 12

// barWidth is how wide a bar is; the name before it and the reason behind it
// share the rest of the line.
const barWidth = 30

// bars are the live part of the progress: a bar for each rolling group, and a
// last line that counts all groups and says what is being waited for.
type bars struct {
	*mpb.Progress
	groups map[reconcile.ID]*bar
	sum    *mpb.Bar
	count  *atomic.Pointer[string]
}

// bar is one rolling group.
type bar struct {
	*mpb.Bar
	reason atomic.Pointer[string]
}

func newBars(w io.Writer, l *liveness) *bars {
	b := &bars{
		Progress: mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(100*time.Millisecond)),
		groups:   map[reconcile.ID]*bar{}, count: &atomic.Pointer[string]{},
	}
	empty := ""
	b.count.Store(&empty)
	b.sum = b.New(0, mpb.SpinnerStyle().PositionLeft(), mpb.BarPriority(1<<30), mpb.BarWidth(2),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return joined(*b.count.Load(), busyWith(l)) })))
	return b
}

// draw brings the bars up to a report.
func (b *bars) draw(answers []reconcile.Answer) {
	count := tally(answers)
	b.count.Store(&count)
	for _, a := range answers {
		rolls := a.State == reconcile.StateRolling || a.State == reconcile.StateRollingBack
		group := b.groups[a.Group]
		switch {
		case !rolls && group != nil:
			group.Abort(true)
			delete(b.groups, a.Group)
		case rolls && group == nil && len(b.groups) < mostBars:
			group = b.add(a)
			fallthrough
		case rolls && group != nil:
			group.reason.Store(&a.Reason)
			group.SetCurrent(int64(a.Percent))
		}
	}
}

func (b *bars) add(a reconcile.Answer) *bar {
	group := &bar{}
	group.reason.Store(&a.Reason)
	group.Bar = b.New(101, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarWidth(barWidth), mpb.BarPriority(len(b.groups)),
		mpb.PrependDecorators(decor.Name(a.Group.String()+" ", decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			return page.Cut(fmt.Sprintf("%3d%%  %s", s.Current, *group.reason.Load()), s.AvailableWidth-barWidth)
		})))
	b.groups[a.Group] = group
	return group
}

// joined is what of two texts there is, with a bar between them.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " | " + b
}

// stop takes the bars off the screen.
func (b *bars) stop() {
	for _, group := range b.groups {
		group.Abort(true)
	}
	b.sum.Abort(true)
	b.Wait()
}

// busyWith says which call has been under way for longest, once that is long
// enough for a person to wonder.
func busyWith(l *liveness) string {
	c, busy := l.oldest()
	waited := time.Since(c.began)
	switch {
	case !busy || waited < busyAfter:
		return ""
	case waited < time.Second:
		return c.what
	}
	return c.what + ", " + span(waited)
}

// busyAfter is how long a command works before it says at what.
const busyAfter = 500 * time.Millisecond

// showBusy tells a person at a terminal what a command is waiting for, until
// the function that it returns is called.
func showBusy(at surroundings, l *liveness) (done func()) {
	if !at.live(at.err) {
		return func() {}
	}
	late := make(chan any)
	timer := time.AfterFunc(busyAfter, func() { close(late) })
	p := mpb.New(mpb.WithOutput(at.err), mpb.WithRenderDelay(late))
	spinner := p.New(0, mpb.SpinnerStyle().PositionLeft(), mpb.BarWidth(2),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return busyWith(l) })))
	return func() {
		timer.Stop()
		spinner.Abort(true)
		p.Wait()
	}
}
