package main

import (
	"fmt"
	"os"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"moult/cmd/internal/page"
	"moult/reconcile"
)

// show is how a group's way to its end is shown: a live bar on a terminal, a
// line for each thing that is new elsewhere. The end itself is for the act to
// tell.
type show struct {
	end    reconcile.State
	bars   *mpb.Progress // nil away from a terminal
	bar    *mpb.Bar
	word   atomic.Pointer[string] // behind the bar
	told   map[string]bool        // what was said already, whichever instance it was about
	failed map[string]bool        // instances that were seen to fail
}

const barWidth = 24

func newShow(group string, end reconcile.State) *show {
	v := &show{end: end, told: map[string]bool{}, failed: map[string]bool{}}
	v.say("waiting for the agent to notice")
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		return v
	}
	v.bars = mpb.New(mpb.WithWidth(barWidth), mpb.WithRefreshRate(60*time.Millisecond))
	v.bar = v.bars.AddBar(101, // never full by itself: done ends it
		mpb.PrependDecorators(decor.Name("  "+group+" ")),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			return page.Cut(" "+*v.word.Load(), s.AvailableWidth-barWidth)
		})))
	return v
}

func (v *show) say(word string) { v.word.Store(&word) }

// see takes what the agent says now.
func (v *show) see(a reconcile.Answer) {
	for _, instance := range failing(a) {
		v.failed[instance] = true
	}
	if v.bar != nil {
		v.draw(a)
	} else if kind := kindOf(a); a.State != v.end && !v.told[kind] {
		v.told[kind] = true
		fmt.Printf("  %s %s %s: %s\n", a.Glyph(), a.Group, a.State, a.Reason)
	}
}

func (v *show) draw(a reconcile.Answer) {
	word := string(a.State)
	switch {
	case len(v.failed) > 0:
		word += fmt.Sprintf(", %s failed", plural(len(v.failed), "instance", "instances"))
	case a.State != v.end:
		word += fmt.Sprintf(", %d of %d done", a.Current, a.Instances)
	}
	v.say(word)
	if a.Instances > 0 {
		v.bar.SetCurrent(int64(100 * a.Current / a.Instances))
	}
}

// done leaves the bar as it is, and counts what was said only once.
func (v *show) done() {
	if v.bars != nil {
		v.bar.Abort(false)
		v.bars.Wait()
	} else if more := len(v.failed) - 1; more > 0 {
		fmt.Printf("    AWS tries again and again: %s like that one\n", plural(more, "more instance fails", "more instances fail"))
	}
}

var (
	anyInstance = regexp.MustCompile(`\bi-[0-9a-f]+`)
	anyFailure  = regexp.MustCompile(`\binstance (i-[0-9a-f]+) failed\b`)
	anyCount    = regexp.MustCompile(`\d+% done, \d+ left`)
)

// kindOf is what an answer says, whichever instance it is about and however far
// it is.
func kindOf(a reconcile.Answer) string {
	return string(a.State) + anyCount.ReplaceAllString(anyInstance.ReplaceAllString(a.Reason, "i"), "some")
}

// failing are the instances that have failed. AWS names others too, such as
// those that it waits for.
func failing(a reconcile.Answer) []string {
	if a.State != reconcile.StateRolling {
		return nil
	}
	var failed []string
	for _, found := range anyFailure.FindAllStringSubmatch(a.Reason, -1) {
		failed = append(failed, found[1])
	}
	return failed
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
