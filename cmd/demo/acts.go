package main

import (
	"context"
	"fmt"
	"time"

	"moult/reconcile"
)

// act is one part of the story. It fails when what it tells does not happen.
type act struct {
	title string
	play  func(context.Context, *stage) error
}

func acts() []act {
	return []act{
		{"Everything is as git declares it", curtain},
		{"1. A merge rolls staging to a new image", goodMerge},
		{"2. A merge with a broken image: it starts, fails, and rolls itself back", badMerge},
		{"3. git revert clears it", revertMerge},
		{"4. Somebody changes a group by hand, and it is put right", byHand},
		{"5. What came of each commit, as git log --notes=moult shows it", history},
	}
}

const (
	staging = "environments/staging.hcl"
	web     = "staging/web"
	good    = "ami-0f3c9d5e6a7b8c9d0" // webapp 2026.11.23
	broken  = "ami-0badc0de5badc0de5" // webapp 2026.11.24
)

// curtain waits until the agent has found everything converged.
func curtain(ctx context.Context, s *stage) error {
	groups, err := s.origin.groups()
	if err != nil {
		return err
	}
	var last reconcile.Report
	err = s.until(ctx, "every group is converged", 30*time.Second, func() bool {
		r, ok := s.report()
		last = r
		return ok && len(r.Plan.Answers) == groups && r.Plan.Converged() // a first report may tell of one account only
	})
	if err != nil {
		return fmt.Errorf("%w:\n%s", err, last.Plan.Text())
	}
	s.say("%s", indent(last.Plan.Text()))
	return nil
}

// merge lands a commit that gives staging/web an image.
func (s *stage) merge(author, image, version string) error {
	before, after, err := s.origin.setImage(staging, "web", image, "webapp "+version)
	if err != nil {
		return err
	}
	if err := s.origin.commit(author, "staging: webapp "+version); err != nil {
		return err
	}
	c := s.origin.newest()
	s.say("  %s merges %s %q, which changes one line:\n    - %s\n    + %s\n", c.Author, c.Short(), c.Subject, before, after)
	return nil
}

func goodMerge(ctx context.Context, s *stage) error {
	if err := s.merge("Grace Hopper", good, "2026.11.23"); err != nil {
		return err
	}
	a, err := s.follow(ctx, web, reconcile.StateRolling, reconcile.StateConverged)
	if err != nil {
		return err
	}
	s.say("  %s is %s: %s", a.Group, a.State, a.Reason)
	return nil
}

func badMerge(ctx context.Context, s *stage) error {
	if err := s.merge("Edsger Dijkstra", broken, "2026.11.24"); err != nil {
		return err
	}
	s.say("  AWS gives up after an hour without progress, which is %s here\n", time.Hour/speed)
	a, err := s.follow(ctx, web, reconcile.StateRolling, reconcile.StateHeld)
	if err != nil {
		return err
	}
	s.say("  %s is held: %s", a.Group, a.Reason)
	s.say("  what ends it: %s", a.Ends)
	s.say("  what runs: %s again, on %s", a.From, plural(a.Instances, "instance", "instances"))
	return nil
}

func revertMerge(ctx context.Context, s *stage) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	if err := s.origin.revert("Edsger Dijkstra"); err != nil {
		return err
	}
	c := s.origin.newest()
	s.say("  %s merges %s %s\n", c.Author, c.Short(), c.Subject)
	a, err := s.follow(ctx, web, "", reconcile.StateConverged)
	if err != nil {
		return err
	}
	s.say("  %s is %s: %s, and nothing had to be replaced", a.Group, a.State, a.Reason)
	return s.checkSame(ctx, before)
}

func byHand(ctx context.Context, s *stage) error {
	what, err := s.meddle(ctx)
	if err != nil {
		return err
	}
	s.say("  In the AWS console, %s\n", what)
	a, err := s.follow(ctx, web, reconcile.StateRolling, reconcile.StateConverged)
	if err != nil {
		return err
	}
	s.say("  %s is %s: %s, and nobody had to ask for it", a.Group, a.State, a.Reason)
	return s.checkTemplate(ctx)
}
