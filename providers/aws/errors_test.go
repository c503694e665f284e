package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

func TestErrorsAreClassedByWhatToDoNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, message string
		want          reconcile.Class
	}{
		{"Throttling", "Rate exceeded", reconcile.Retry},
		{"RateExceeded", "Rate exceeded", reconcile.Retry},
		{"RequestLimitExceeded", "Request limit exceeded.", reconcile.Retry},
		{"ResourceContention", "You already have a pending update", reconcile.Retry},
		{"LimitExceeded", "too many refreshes", reconcile.Retry},
		{"InternalError", "an internal error has occurred", reconcile.Retry},
		{"ExpiredToken", "The security token included in the request is expired", reconcile.Retry},
		{"InstanceRefreshInProgress", "in progress", reconcile.Conflict},
		{"ActiveInstanceRefreshNotFound", "none", reconcile.Conflict},
		{"ScalingActivityInProgress", "busy", reconcile.Conflict},
		{"IdempotentParameterMismatch", "another request", reconcile.Conflict},
		{"ValidationError", "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.", reconcile.Conflict},
		{"ValidationError", "AutoScalingGroup name not found - null", reconcile.Conflict},
		{"ValidationError", "You must use a valid fully-formed launch template. The image id '[ami-1]' does not exist", reconcile.Invalid},
		{"ValidationError", "You are not authorized to use launch template: lt-1", reconcile.Denied},
		{"ValidationError", "something that nobody has seen before", reconcile.Invalid},
		{"IrreversibleInstanceRefresh", "no desired configuration", reconcile.Invalid},
		{"InvalidLaunchTemplateId.NotFound", "no such template", reconcile.Invalid},
		{"MaxTemplateVersionLimitExceeded", "too many versions", reconcile.Invalid},
		{"UnauthorizedOperation", "You are not authorized to perform this operation.", reconcile.Denied},
		{"AccessDenied", "User is not authorized to perform: autoscaling:StartInstanceRefresh", reconcile.Denied},
		{"AuthFailure", "AWS was not able to validate the provided access credentials", reconcile.Denied},
	} {
		err := failed("start refresh of production/web", &smithy.GenericAPIError{Code: c.code, Message: c.message})
		if got := reconcile.ClassOf(err); got != c.want {
			t.Errorf("%s (%s) is %s, want %s", c.code, c.message, got, c.want)
		}
	}
}

func TestWhatIsNoAnswerOfAWSIsARetry(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("connection reset by peer"), fmt.Errorf("get credentials: %w", errors.New("no such host"))} {
		if got := reconcile.ClassOf(failed("observe", err)); got != reconcile.Retry {
			t.Errorf("%v is %s, want retry", err, got)
		}
	}
}

func TestADenialSaysWhatToGrant(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		w.Inject(awssim.Fault{
			Action: "CreateLaunchTemplateVersion", Kind: awssim.Refuse, Code: "UnauthorizedOperation", Status: 403,
			Message: "You are not authorized to perform this operation. Encoded authorization failure message: oqjUf0aXXXX",
		})
		_, err := p.Apply(t.Context(), action)
		if !errors.Is(err, reconcile.ErrDenied) {
			t.Fatalf("error %v, want it denied", err)
		}
		text := err.Error()
		for _, part := range []string{"start refresh of production/web", "You are not authorized to perform this operation (UnauthorizedOperation, request ", "grant ec2:CreateLaunchTemplateVersion"} {
			if !strings.Contains(text, part) {
				t.Errorf("%q does not say %q", text, part)
			}
		}
		if strings.Contains(text, "oqjUf0a") || strings.Contains(text, "operation error") {
			t.Errorf("%q says what nobody can read", text)
		}
	})
}

func TestARoleThatMayNotBeAssumedIsDenied(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		w.Inject(awssim.Fault{Action: "AssumeRole", Kind: awssim.Refuse, Code: "AccessDenied", Status: 403, Message: "User: arn:aws:iam::1:user/agent is not authorized to perform: sts:AssumeRole"})
		_, err := p.Observe(t.Context(), w.Place(), []reconcile.Desired{{Declaration: w.declares("web", "ami-1")}})
		if !errors.Is(err, reconcile.ErrDenied) || !strings.Contains(err.Error(), "sts:AssumeRole") || !strings.Contains(err.Error(), "trust policy") {
			t.Errorf("error %v, want it denied, and what to grant", err)
		}
	})
}

func TestAVersionThatWasJustMadeMayNotBeSeenYet(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		w.Inject(awssim.Fault{
			Action: "StartInstanceRefresh", Kind: awssim.Refuse, Times: 2,
			Message: "You must use a valid fully-formed launch template. Version 2 does not exist",
		})
		for _, want := range []reconcile.Class{reconcile.Retry, reconcile.Invalid} {
			if _, err := p.Apply(t.Context(), action); reconcile.ClassOf(err) != want {
				t.Errorf("error %v, want it %s", err, want)
			}
		}
		if _, err := p.Apply(t.Context(), action); err != nil || w.Versions(t, "web") != 2 {
			t.Errorf("error %v with %d versions, want one more version and a refresh", err, w.Versions(t, "web"))
		}
	})
}

func TestAnUnsettledLostReplyIsTriedAgainByTheNextPass(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		one, two := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 1, Max: 4})
		action := w.action(t, p, reconcile.Roll, w.declares("web", two))
		w.Inject(awssim.Fault{Action: "StartInstanceRefresh", Kind: awssim.LostBefore, Times: 1})
		before := w.Calls()["autoscaling:StartInstanceRefresh"]
		if _, err := p.Apply(t.Context(), action); reconcile.ClassOf(err) != reconcile.Retry {
			t.Errorf("error %v, want a retry", err)
		}
		if sent := w.Calls()["autoscaling:StartInstanceRefresh"] - before; sent != 1 {
			t.Errorf("sent %d times, want once", sent)
		}
		if _, err := p.Apply(t.Context(), action); err != nil {
			t.Error(err)
		}
		if starts := w.Starts(t, "web"); starts != 1 {
			t.Errorf("%d refreshes, want 1", starts)
		}
	})
}

func TestACallThatIsNotAnsweredIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		w.Inject(awssim.Fault{Action: "DescribeAutoScalingGroups", Kind: awssim.Slow, Delay: 24 * time.Hour})
		began := time.Now()
		_, err := p.Observe(t.Context(), w.Place(), []reconcile.Desired{{Declaration: w.declares("web", "ami-1")}})
		if reconcile.ClassOf(err) != reconcile.Retry || err == nil || !strings.Contains(err.Error(), "did not answer within 30s") {
			t.Errorf("error %v, want a retry for want of an answer", err)
		}
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("gave up after %s", took)
		}
	})
}

// TestCredentialsThatAreNowhereAreCalledThat asks the SDK's own chain, with
// nothing in the environment.
func TestCredentialsThatAreNowhereAreCalledThat(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	p := &Provider{Backoff: retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })}
	_, err := p.Resolve(t.Context(), reconcile.Place{Region: "eu-west-1"}, []reconcile.Declaration{{Image: "ami-0a4f1c2d3e5b60718"}})
	wantRetry(t, err, "describe images: no AWS credentials were found (environment, profile, instance role): AWS_EC2_METADATA_DISABLED is set")
}

func TestTheCauseOfMissingCredentialsIsShort(t *testing.T) {
	t.Parallel()
	refused := &url.Error{Op: "Get", URL: "http://169.254.169.254/latest/", Err: errors.New("connection refused")}
	notFound := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotFound}}, Err: errors.New("not found")}
	for want, err := range map[string]error{
		"the instance metadata service does not answer: connection refused": &smithyhttp.RequestSendError{Err: refused},
		"the instance metadata service does not answer":                     context.DeadlineExceeded,
		"the instance has no role":                                          notFound,
	} {
		asked := &smithy.OperationError{ServiceID: "ec2imds", OperationName: "GetMetadata", Err: err}
		err := failed("describe images", &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeImages", Err: fmt.Errorf("get credentials: %w", asked)})
		wantRetry(t, err, "describe images: no AWS credentials were found (environment, profile, instance role): "+want)
	}
}

func TestAProfileThatDoesNotExistIsNotTriedAgain(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_PROFILE", "nope")
	_, err := (&Provider{}).Resolve(t.Context(), reconcile.Place{Region: "eu-west-1"}, nil)
	wantRetry(t, err, `load the AWS configuration: there is no profile "nope"; correct AWS_PROFILE`)
}

// wantRetry wants a retry that does not speak of trying again.
func wantRetry(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), says) || strings.Contains(err.Error(), "try again") {
		t.Errorf("it says %v, want %q", err, says)
	}
	if !errors.Is(err, reconcile.ErrRetry) {
		t.Errorf("%v is %s, want retry", err, reconcile.ClassOf(err))
	}
}
