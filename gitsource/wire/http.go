package wire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"moult/gitsource/fault"
)

// httpLine is git's smart HTTP (gitprotocol-http(5)): one GET for the greeting,
// and a POST for each request.
type httpLine struct {
	base   *url.URL // of the repository; where the first redirect led
	auth   authorizer
	access Access
	given  http.RoundTripper // by the caller; nil: one of our own

	made   tlsFiles // what client was made with
	client *http.Client
	silent time.Duration // how long a connection may be before HTTP/2 asks whether it is alive; zero: silentMost
}

// The content types of what a service says first, is asked and answers.
func (s service) greetingType() string { return "application/x-" + string(s) + "-advertisement" }
func (s service) requestType() string  { return "application/x-" + string(s) + "-request" }
func (s service) replyType() string    { return "application/x-" + string(s) + "-result" }

func newHTTPLine(at Location, access Access, transport http.RoundTripper) *httpLine {
	return &httpLine{base: at.url, auth: authorizerOf(at, access), access: access, given: transport}
}

// silentMost and a third of it are a minute. Without such a question HTTP/2 would
// go on asking for refs on a connection that something on the way has forgotten,
// for as long as TCP takes to notice. At the usual poll interval it is never sent.
const silentMost = 45 * time.Second

// current is the client for a request. It is made anew, and with it the
// connections, only when a file with certificates has changed.
func (w *httpLine) current() (*http.Client, error) {
	if w.given != nil {
		return &http.Client{Transport: w.given, CheckRedirect: w.checkRedirect}, nil
	}
	files, err := w.access.readTLS()
	if err != nil || w.client != nil && files == w.made {
		return w.client, err
	}
	config, err := files.config()
	if err != nil {
		return nil, err
	}
	w.close()
	silent := cmp.Or(w.silent, silentMost)
	w.made, w.client = files, &http.Client{CheckRedirect: w.checkRedirect, Transport: &http.Transport{
		Proxy: w.access.proxyOf,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, reply *http.Response) error {
			return proxyReply(reply)
		},
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: silent, PingTimeout: silent / 3},
		IdleConnTimeout:        5 * time.Minute, // longer than between two polls
		MaxResponseHeaderBytes: 256 << 10,
	}}
	return w.client, nil
}

func (w *httpLine) close() {
	if w.client != nil {
		w.client.CloseIdleConnections()
	}
}

func (w *httpLine) converse(_ context.Context, service service) (conversation, error) {
	return &httpConversation{line: w, service: service}, nil
}

// checkRedirect follows a repository that has moved, but gives no password to
// another host, does not leave TLS, and does not repeat a POST.
func (w *httpLine) checkRedirect(r *http.Request, via []*http.Request) error {
	first := via[0]
	otherHost := r.URL.Host != first.URL.Host
	leavesTLS := first.URL.Scheme == "https" && r.URL.Scheme != "https"
	if len(via) > 5 || first.Method != http.MethodGet || leavesTLS || otherHost && w.auth != nil {
		return fault.New(fault.ErrNotFound, "configure the new URL", "the server redirects to %s", shownURL(r.URL))
	}
	return nil
}

// httpConversation remembers the open replies.
type httpConversation struct {
	line    *httpLine
	service service
	open    []io.Closer
}

func (c *httpConversation) standsAlone() bool { return true }

func (c *httpConversation) greeting(ctx context.Context) (io.Reader, error) {
	at := c.line.base.JoinPath("info", "refs")
	at.RawQuery = "service=" + string(c.service)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	reply, err := c.do(r, c.service.greetingType())
	if err != nil {
		return nil, err
	}
	c.line.follow(reply.Request.URL)
	return reply.Body, nil
}

// follow takes the place where the greeting was found as the repository's.
func (w *httpLine) follow(found *url.URL) {
	path, ok := strings.CutSuffix(found.Path, "/info/refs")
	if ok {
		w.base = &url.URL{Scheme: found.Scheme, Host: found.Host, Path: path}
	}
}

func (c *httpConversation) ask(ctx context.Context, request *bytes.Buffer) (io.Reader, error) {
	at := c.line.base.JoinPath(string(c.service))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), request)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", c.service.requestType())
	r.Header.Set("Accept", c.service.replyType())
	reply, err := c.do(r, c.service.replyType())
	if err != nil {
		return nil, err
	}
	return reply.Body, nil
}

// do sends a request and checks that git answers.
func (c *httpConversation) do(r *http.Request, want string) (*http.Response, error) {
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Git-Protocol", "version=2")
	if c.line.auth != nil {
		if err := c.line.auth.authorize(r); err != nil {
			return nil, err
		}
	}
	client, err := c.line.current()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	reply, err := client.Do(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, tlsError(socksError(Bare(err)))
	}
	c.open = append(c.open, drained{reply.Body, cancel})
	if err := checkReply(reply, want); err != nil {
		return nil, err
	}
	return reply, nil
}

func checkReply(reply *http.Response, want string) error {
	switch code := reply.StatusCode; {
	case code == http.StatusProxyAuthRequired:
		return proxyReply(reply)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fault.New(fault.ErrDenied, "check the user, the token and what it may read", "the server answers %s", fault.Plain(reply.Status, 60))
	case code == http.StatusNotFound, code == http.StatusGone:
		return fault.New(fault.ErrNotFound, "check the URL, and the token: forges say this to those who may not see a repository",
			"the server answers %s", fault.Plain(reply.Status, 60))
	case code != http.StatusOK:
		return fault.New(fault.ErrUnreachable, "a running agent tries again at its next poll", "the server answers %s", fault.Plain(reply.Status, 60))
	}
	got, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	if got != want {
		return fault.New(fault.ErrNotFound, "check the URL: it may lead to a web page, or to a server without smart HTTP",
			"the answer is %q and not git's", fault.Plain(got, 60))
	}
	return nil
}

func (c *httpConversation) close() {
	for _, reply := range c.open {
		reply.Close()
	}
}

// drained reads the little that may be left of a reply, so that its connection
// can be used again.
type drained struct {
	io.ReadCloser
	cancel func() // ends the request
}

// drainWithin is how long the rest is waited for: a server that stalls shall not
// hold up the error that ended the exchange.
const drainWithin = time.Second

func (d drained) Close() error {
	defer d.cancel()
	timer := time.AfterFunc(drainWithin, d.cancel)
	defer timer.Stop()
	_, err := io.CopyN(io.Discard, d.ReadCloser, 4<<10)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, d.ReadCloser.Close())
}
