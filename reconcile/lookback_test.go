package reconcile

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// checking is a world whose images can vanish.
type checking struct {
	*world
	mu     sync.Mutex // guards what is below
	gone   map[string]string
	checks int
	// onCheck, when set, runs as images are asked about.
	onCheck func()
}

func (c *checking) CheckImages(_ context.Context, _ Place, images []string) (map[string]string, error) {
	if c.onCheck != nil {
		c.onCheck()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checks++
	problems := map[string]string{}
	for _, i := range images {
		if why := c.gone[i]; why != "" {
			problems[i] = why
		}
	}
	return problems, nil
}

func TestClosedWayBackIsToldBeforeSomebodyNeedsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &checking{world: newWorld(web), gone: map[string]string{}}
		w.declare("c2", map[ID]string{web: "ami-a"})
		w.declared.Groups[0].Earlier = []Earlier{{Image: "ami-old", Commit: Commit{Hash: "c1"}}}
		l := &Loop{Source: w, Provider: w}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		time.Sleep(time.Minute)
		if r := l.board.report().Reverts; len(r) != 0 {
			t.Errorf("closed ways while all are open: %+v", r)
		}
		w.mu.Lock()
		w.gone["ami-old"] = "is deregistered"
		w.mu.Unlock()
		time.Sleep(time.Hour + time.Minute)
		r := l.board.report().Reverts
		if len(r) != 1 || r[0].Image != "ami-old" || r[0].Commit.Hash != "c1" || r[0].Problem != "is deregistered" {
			t.Errorf("closed ways %+v, want ami-old of c1", r)
		}
		if w.checks > 3 {
			t.Errorf("asked %d times in an hour, want once an hour and once a commit", w.checks)
		}
		cancel()
		<-done
	})
}
