package awssim

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
)

func TestFaultsAnswerAsAWSDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  Fault
		status int
		code   string
	}{
		"throttled":           {Fault{Kind: Throttle}, 400, "Throttling"},
		"throttled otherwise": {Fault{Kind: Throttle, Code: "RateExceeded"}, 400, "RateExceeded"},
		"internal error":      {Fault{Kind: Error}, 500, "InternalFailure"},
		"contention":          {Fault{Kind: Error, Code: "ResourceContention"}, 500, "ResourceContention"},
		"refusal":             {Fault{Kind: Refuse, Code: "AccessDenied", Status: 403}, 403, "AccessDenied"},
		"outage":              {Fault{Kind: Outage}, 503, "ServiceUnavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainFleet(""))
			remove := w.server.Inject(c.fault)
			_, err := w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
			refused(t, err, c.status, c.code)
			remove()
			w.only()
		})
	}
}

func TestEC2ThrottlesInItsOwnWords(t *testing.T) {
	t.Parallel()
	c, s := ec2Here(t)
	s.Inject(Fault{Kind: Throttle, Service: "ec2"})
	_, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	refused(t, err, 503, "RequestLimitExceeded")
}

func TestFaultHitsOnlyWhatItSelects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet(""))
	for _, f := range []Fault{
		{Kind: Outage, Region: "us-east-1"}, {Kind: Outage, Account: "999999999999"},
		{Kind: Outage, Service: "ec2"}, {Kind: Outage, Action: "StartInstanceRefresh"},
	} {
		w.server.Inject(f)
	}
	w.only()
	_, err := w.as.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
	refused(t, err, 503, "ServiceUnavailable")
}

func TestFaultIsOverAfterSomeCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet(""))
	w.server.Inject(Fault{Kind: Error, Times: 2})
	var failed []bool
	for range 4 {
		_, err := w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
		failed = append(failed, err != nil)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
}

func TestFaultWithAProbabilityFollowsTheSeed(t *testing.T) {
	t.Parallel()
	failures := func() (n int) {
		w := newWorld(t, plainFleet(""))
		w.server.Limits.Off = true
		w.server.Inject(Fault{Kind: Error, Probability: 0.25})
		for range 200 {
			if _, err := w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{}); err != nil {
				n++
			}
		}
		return n
	}
	first := failures()
	if first < 30 || first > 70 {
		t.Errorf("%d of 200 calls failed, want about 50", first)
	}
	if again := failures(); again != first {
		t.Errorf("%d calls failed, then %d: the seed is the same", first, again)
	}
}

func TestLostRepliesActOrDoNot(t *testing.T) {
	t.Parallel()
	for kind, acts := range map[FaultKind]bool{LostBefore: false, LostAfter: true} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainFleet(""))
			w.server.Inject(Fault{Kind: kind, Action: "StartInstanceRefresh"})
			_, err := w.as.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
			if err == nil {
				t.Fatal("the reply arrived")
			}
			if got := len(w.web().refreshes) == 1; got != acts {
				t.Errorf("acted: %v, want %v", got, acts)
			}
			if got := len(w.server.Writes()) == 1; got != acts {
				t.Errorf("noted as a write: %v, want %v", got, acts)
			}
		})
	}
}

func TestLostReplyOverARealConnectionIsRetriedByTheSDK(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet(""))
	listener := httptest.NewServer(w.server)
	defer listener.Close()
	cfg := sdk(w.server, DefaultAccount, "eu-west-1")
	cfg.HTTPClient, cfg.BaseEndpoint = listener.Client(), aws.String(listener.URL)
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	}
	w.server.Inject(Fault{Kind: LostAfter, Times: 1})
	_, err := autoscaling.NewFromConfig(cfg).StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
	refused(t, err, 400, "InstanceRefreshInProgress") // the second attempt meets the first one's refresh
}

func TestSlowCallTakesItsTimeAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plainFleet(""))
		w.server.Inject(Fault{Kind: Slow, Delay: time.Minute, Action: "StartInstanceRefresh"})
		begun := time.Now()
		slow := make(chan time.Duration)
		go func() {
			w.start("2")
			slow <- time.Since(begun)
		}()
		synctest.Wait()
		w.only()
		if d := time.Since(begun); d != 0 {
			t.Errorf("another call waited %v", d)
		}
		if d := <-slow; d != time.Minute {
			t.Errorf("the slow call took %v", d)
		}
	})
}

func TestSlowCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plainFleet(""))
		w.server.Inject(Fault{Kind: Slow, Delay: time.Hour})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		begun := time.Now()
		_, err := w.as.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		if len(w.web().refreshes) != 0 {
			t.Error("the call acted although its caller had hung up")
		}
	})
}

func TestBucketsFillOnTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plainFleet(""))
		w.server.Speed = 1000
		w.server.Limits = Limits{AutoScaling: Rate{Burst: 2, PerSecond: 1}}
		call := func() error {
			_, err := w.as.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
			return err
		}
		for range 2 {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, call(), 400, "Throttling")
		time.Sleep(900 * time.Millisecond)
		refused(t, call(), 400, "Throttling")
		time.Sleep(100 * time.Millisecond)
		if err := call(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryEC2ActionHasItsOwnBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := ec2Here(t)
		for range 100 {
			must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{}))
		}
		_, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
		refused(t, err, 503, "RequestLimitExceeded")
		must[*ec2.DescribeLaunchTemplatesOutput](t)(c.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{}))
	})
}

func TestRequestWithoutCredentialsIsRefused(t *testing.T) {
	t.Parallel()
	req := query("autoscaling", "Action=DescribeAutoScalingGroups&Version=2011-01-01")
	req.Header.Del("Authorization")
	w := httptest.NewRecorder()
	(&Server{}).ServeHTTP(w, req)
	if w.Code != 403 || !strings.Contains(w.Body.String(), "MissingAuthenticationToken") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestUnknownActionIsRefused(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	(&Server{}).ServeHTTP(w, query("autoscaling", "Action=Dance&Version=2011-01-01"))
	const want = `<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type><Code>InvalidAction</Code>`
	if w.Code != 400 || !strings.Contains(w.Body.String(), want) || w.Header().Get("X-Amzn-Requestid") == "" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestWritesSayWhoDidWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainFleet(""))
	w.start("2")
	w.only()
	_, err := w.as.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: web})
	refused(t, err, 400, "InstanceRefreshInProgress")
	got := w.server.Writes()
	if len(got) != 2 || got[0].Error != "" || got[1].Error != "InstanceRefreshInProgress" {
		t.Fatalf("got %+v", got)
	}
	first := got[0]
	if first.Action != "StartInstanceRefresh" || first.Account != DefaultAccount || first.Region != "eu-west-1" ||
		!strings.Contains(first.UserAgent, "aws-sdk-go-v2") || !strings.HasPrefix(first.Principal, "arn:aws:iam::") ||
		first.Members["DesiredConfiguration.LaunchTemplate.Version"] != "2" {
		t.Errorf("got %+v", first)
	}
	if diff := cmp.Diff(map[string]int{"autoscaling:StartInstanceRefresh": 2, "autoscaling:DescribeAutoScalingGroups": 1}, w.server.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
