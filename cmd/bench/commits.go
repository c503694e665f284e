package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// measureCommits runs the agent on a local repository and times each commit
// until the simulated AWS gets its StartInstanceRefresh.
func measureCommits(ctx context.Context, moult string, groups, commits int) error {
	s, err := newStage(moult, groups)
	if err != nil {
		return err
	}
	defer s.strike()
	agent := s.agent(ctx, "--poll", "60s", "--interval", "60s")
	if err := agent.Start(); err != nil {
		return err
	}
	defer func() { _ = agent.Cancel(); _ = agent.Wait() }()
	if err := s.awaitFirstPass(ctx); err != nil {
		return err
	}
	var took []time.Duration
	for n := range commits {
		if err := rest(ctx); err != nil {
			return err
		}
		if err := s.commit(n * groups / commits); err != nil {
			return err
		}
		t, err := s.awaitStart(ctx, n+1)
		if err != nil {
			return err
		}
		took = append(took, t)
	}
	slices.Sort(took)
	fmt.Printf("\nFrom a commit to its StartInstanceRefresh, %d groups, local repository, %d commits: half within %d ms, the slowest %d ms\n",
		groups, commits, took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds())
	return nil
}

// between is how long nothing is committed, so that what is measured is the
// way of one commit and not the limit that the agent sets to its own calls.
const between = 4 * time.Second

func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(between):
		return nil
	}
}

// awaitFirstPass waits until every group was looked at once.
func (s *stage) awaitFirstPass(ctx context.Context) error {
	return s.poll(ctx, 2*time.Minute, func() bool {
		return s.server.Calls()["autoscaling:DescribeAutoScalingGroups"] >= (s.groups+99)/100
	})
}

// awaitStart waits for the nth start and says how long that took from now, the
// moment at which the commit was made.
func (s *stage) awaitStart(ctx context.Context, nth int) (time.Duration, error) {
	committed := time.Now()
	err := s.poll(ctx, 10*time.Second, func() bool {
		return s.server.Calls()["autoscaling:StartInstanceRefresh"] >= nth
	})
	if err != nil {
		return 0, errNoStart
	}
	return time.Since(committed), nil
}

// poll asks a thousand times a second: the figure is good to a millisecond.
func (s *stage) poll(ctx context.Context, patience time.Duration, so func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the agent: %w", ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
