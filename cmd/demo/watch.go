package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/fatih/color"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"moult/reconcile"
)

func bold(text string) string { return color.New(color.Bold).Sprint(text) }

// report is what the agent says now; false while it cannot be asked.
func (s *stage) report() (reconcile.Report, bool) {
	resp, err := s.client.Get("http://moult/v1/report")
	if err != nil {
		return reconcile.Report{}, false
	}
	defer resp.Body.Close()
	var r reconcile.Report
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&r) != nil {
		return reconcile.Report{}, false
	}
	return r, true
}

// answer is what the agent says of one group, once it goes by the newest
// commit.
func (s *stage) answer(group string) (reconcile.Answer, bool) {
	r, ok := s.report()
	if !ok || r.Head.Hash != s.origin.newest().Hash {
		return reconcile.Answer{}, false
	}
	for _, a := range r.Plan.Answers {
		if a.Group.String() == group {
			return a, true
		}
	}
	return reconcile.Answer{}, false
}

// follow shows a group's progress until it has reached a state, having gone
// through others before it.
func (s *stage) follow(ctx context.Context, group string, through, until reconcile.State) (reconcile.Answer, error) {
	show := newShow(group)
	defer show.done()
	passed := through == ""
	var last reconcile.Answer
	err := s.until(ctx, fmt.Sprintf("%s is %s", group, until), 40*time.Second, func() bool {
		a, ok := s.answer(group)
		if !ok {
			return false
		}
		last = a
		show.see(a)
		passed = passed || a.State == through
		return passed && a.State == until
	})
	if err != nil && last.State != "" {
		err = fmt.Errorf("%w; it is %s: %s", err, last.State, last.Reason)
	}
	return last, err
}

// show is how progress is shown: a live bar on a terminal, a line for each
// change elsewhere.
type show struct {
	bars *mpb.Progress
	bar  *mpb.Bar
	last string
	word string
}

func newShow(group string) *show {
	v := &show{word: "waiting for the agent to notice"}
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		return v
	}
	v.bars = mpb.New(mpb.WithWidth(24), mpb.WithRefreshRate(60*time.Millisecond))
	v.bar = v.bars.AddBar(100,
		mpb.PrependDecorators(decor.Name("  "+group+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + v.word })))
	return v
}

func (v *show) see(a reconcile.Answer) {
	text := fmt.Sprintf("%s: %s", a.State, a.Reason)
	if v.bar != nil {
		if a.Instances > 0 {
			v.bar.SetCurrent(int64(min(99, 100*a.Current/a.Instances)))
		}
		v.word = clip(text, 90)
	} else if text != v.last {
		fmt.Printf("  %s %s %s\n", a.Glyph(), a.Group, text)
	}
	v.last = text
}

// done leaves the bar as it is.
func (v *show) done() {
	if v.bars == nil {
		return
	}
	v.bar.Abort(false)
	v.bars.Wait()
}

func clip(text string, width int) string {
	if letters := []rune(text); len(letters) > width {
		return string(letters[:width-1]) + "…"
	}
	return text
}
