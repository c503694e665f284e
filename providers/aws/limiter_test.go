package aws

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

func testLimiter() *limiter {
	return &limiter{limits: Limits{}.filled(), log: slog.New(slog.DiscardHandler)}
}

// takes is how long n calls of an action wait for their turn.
func takes(t *testing.T, l *limiter, service, operation string, n int) time.Duration {
	t.Helper()
	began := time.Now()
	for range n {
		for _, b := range l.of(service, operation) {
			must(t, b.rate.Wait(context.Background()))
		}
	}
	return time.Since(began).Round(100 * time.Millisecond)
}

func TestEachBucketKeepsItsRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service, operation string
		calls              int
		want               time.Duration
	}{
		{"Auto Scaling", "DescribeAutoScalingGroups", 20, 0},
		{"Auto Scaling", "DescribeAutoScalingGroups", 30, 2 * time.Second},
		{"Auto Scaling", "StartInstanceRefresh", 15, 5 * time.Second},
		{"EC2", "DescribeImages", 120, time.Second},
		{"EC2", "CreateLaunchTemplateVersion", 110, 2 * time.Second},
		{"CloudWatch", "DescribeAlarms", 60, 2 * time.Second},
	} {
		t.Run(c.operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := takes(t, testLimiter(), c.service, c.operation, c.calls); got != c.want {
					t.Errorf("%d calls take %s, want %s", c.calls, got, c.want)
				}
			})
		})
	}
}

func TestAutoScalingActionsShareABucketAndThoseOfEC2DoNot(t *testing.T) {
	t.Parallel()
	l := testLimiter()
	if l.of("Auto Scaling", "DescribeWarmPool")[0] != l.of("Auto Scaling", "StartInstanceRefresh")[0] {
		t.Error("Auto Scaling actions have buckets of their own")
	}
	if l.of("EC2", "DescribeImages")[0] == l.of("EC2", "DescribeLaunchTemplates")[0] {
		t.Error("EC2 actions share a bucket")
	}
}

func TestAThrottledBucketSlowsDownAndRecovers(t *testing.T) {
	t.Parallel()
	l := testLimiter()
	b := l.of("Auto Scaling", "DescribeAutoScalingGroups")[0]
	throttling := &smithy.GenericAPIError{Code: "RateExceeded"}
	b.learn(throttling, l.log)
	if b.rate.Limit() != 2.5 || b.rate.Burst() != 1 {
		t.Errorf("after one throttling: %v a second, burst %d", b.rate.Limit(), b.rate.Burst())
	}
	for range 20 {
		b.learn(throttling, l.log)
	}
	if b.rate.Limit() != 5.0/16 {
		t.Errorf("after many: %v a second, want a sixteenth", b.rate.Limit())
	}
	for range 20 {
		b.learn(nil, l.log)
	}
	if b.rate.Limit() != 5 || b.rate.Burst() != 20 {
		t.Errorf("after as many good calls: %v a second, burst %d, want all back", b.rate.Limit(), b.rate.Burst())
	}
}

// Both spellings of throttling are retried by the SDK, and each retry waits
// its turn.
func TestThrottledCallsAreRetriedSlower(t *testing.T) {
	for _, code := range []string{"Throttling", "RateExceeded"} {
		t.Run(code, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *Provider, w *world) {
				image := w.MakeImage(t, "one", false)
				w.MakeGroup(t, providertest.Group{Name: "web", Image: image, Min: 1, Size: 1, Max: 4})
				w.Inject(awssim.Fault{Service: "autoscaling", Kind: awssim.Throttle, Code: code, Times: 3})
				w.see(t, p, w.declares("web", image))
				s, err := p.site(t.Context(), w.Place())
				must(t, err)
				b := s.limits.of("Auto Scaling", "")[0]
				if b.rate.Limit() >= 5 {
					t.Errorf("%v calls a second after three throttlings, want fewer than 5", b.rate.Limit())
				}
			})
		})
	}
}

func TestOnePlaceInTroubleDelaysNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		image := w.MakeImage(t, "one", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: image, Min: 1, Size: 1, Max: 4})
		w.Inject(awssim.Fault{Region: "us-east-1", Kind: awssim.Throttle})
		elsewhere := w.Place()
		elsewhere.Region = "us-east-1"
		done := make(chan error)
		go func() {
			_, err := p.Observe(t.Context(), elsewhere, []reconcile.Desired{{Declaration: w.declares("web", image)}})
			done <- err
		}()
		began := time.Now()
		w.see(t, p, w.declares("web", image))
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %s while another region was throttled", took)
		}
		if err := <-done; reconcile.ClassOf(err) != reconcile.Retry || err == nil {
			t.Errorf("error of the throttled region %v, want a retry", err)
		}
	})
}
