package aws

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// fragile is a body that cannot be read once it is closed, like the SDK's.
type fragile struct {
	io.Reader
	closed bool
}

func (f *fragile) Read(p []byte) (int, error) {
	if f.closed {
		return 0, errors.New("read of a closed body")
	}
	return f.Reader.Read(p)
}

func (f *fragile) Close() error { f.closed = true; return nil }

// hasty closes the caller's body before it has read its own.
type hasty struct {
	callers *fragile
	got     string
}

func (h *hasty) Do(req *http.Request) (*http.Response, error) {
	_ = h.callers.Close()
	text, err := io.ReadAll(req.Body)
	h.got = string(text)
	return nil, err
}

func TestBodyOutlivesTheCallersClose(t *testing.T) {
	t.Parallel()
	body := &fragile{Reader: strings.NewReader("Action=DescribeAutoScalingGroups")}
	client := &hasty{callers: body}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.test/", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newWholeBody(client).Do(req); err != nil {
		t.Fatalf("send: %v", err)
	}
	if want := "Action=DescribeAutoScalingGroups"; client.got != want {
		t.Errorf("sent %q, want %q", client.got, want)
	}
}
