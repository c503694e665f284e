package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/fatih/color"

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
// commit: each commit of the story sets the image of the group that is asked
// about.
func (s *stage) answer(group string) (reconcile.Answer, bool) {
	r, ok := s.report()
	if !ok || r.Head.Hash != s.origin.newest().Hash {
		return reconcile.Answer{}, false
	}
	for _, a := range r.Plan.Answers {
		if a.Group.String() == group && a.Commit.Hash == r.Head.Hash {
			return a, true
		}
	}
	return reconcile.Answer{}, false
}

// follow shows a group's progress until it has reached a state, having gone
// through others before it.
func (s *stage) follow(ctx context.Context, group string, through, until reconcile.State) (reconcile.Answer, error) {
	show := newShow(group, until)
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
