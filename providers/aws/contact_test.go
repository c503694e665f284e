package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
)

func TestSilenceIsToldOnceAndItsEndToo(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	refused := errors.New("connection refused")
	var c contact
	for _, attempt := range []struct {
		service string
		err     error
	}{
		{"EC2", nil},
		{"EC2", context.Canceled}, // whoever asked went away
		{"EC2", refused},
		{"EC2", refused},
		{"Auto Scaling", nil}, // another service
		{"EC2", &smithy.GenericAPIError{Code: "UnauthorizedOperation"}},
		{"EC2", nil},
		{"EC2", fmt.Errorf("sign: %w", refused)},
	} {
		c.learn(attempt.service, "DescribeImages", attempt.err, log)
	}
	want := []string{
		`level=WARN msg="AWS cannot be asked, trying again" service=EC2 operation=DescribeImages error="connection refused"`,
		`level=INFO msg="AWS can be asked again" service=EC2`,
		`level=WARN msg="AWS cannot be asked, trying again" service=EC2 operation=DescribeImages error="sign: connection refused"`,
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(told.String()), "\n")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// The first line comes while the SDK still tries, not after it.
func TestWhoWaitsForAWSIsToldWhy(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		image := w.MakeImage(t, "one", false)
		w.MakeGroup(t, providertest.Group{Name: "web", Image: image, Min: 1, Size: 1, Max: 4})
		var told bytes.Buffer
		p.Log = slog.New(slog.NewTextHandler(&told, nil))
		w.Inject(awssim.Fault{Service: "autoscaling", Kind: awssim.LostBefore, Times: 2})
		w.see(t, p, w.declares("web", image))
		text := told.String()
		if strings.Count(text, "AWS cannot be asked, trying again") != 1 || strings.Count(text, "AWS can be asked again") != 1 || !strings.Contains(text, "region="+w.Place().Region) {
			t.Errorf("it logs\n%s", text)
		}
	})
}
