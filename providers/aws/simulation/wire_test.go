package simulation

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"

	"moult/providers/aws/awssim"
)

// wire is an HTTP client without a network: it hands each request to the
// simulated AWS in memory, so that it works in a bubble.
type wire struct {
	server *awssim.Server
	// cut, when set, is asked before a request is served and before its reply
	// is handed back; an error ends the call there.
	cut func(r *http.Request, served bool) error
	// tamper, when set, changes the members of a request on its way.
	tamper func(action string, members url.Values)
	// disguise, when set, changes the head of a request on its way.
	disguise func(head http.Header)

	mu    sync.Mutex
	calls int
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.calls++
	cut := w.cut
	w.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if cut != nil {
		if err := cut(r, false); err != nil {
			return nil, err
		}
	}
	if w.tamper != nil {
		r = w.tampered(r)
	}
	if w.disguise != nil {
		r = r.Clone(r.Context())
		w.disguise(r.Header)
	}
	resp, err := w.serve(r)
	if err == nil && cut != nil {
		err = cut(r, true)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// tampered is a request of a query protocol with other members.
func (w *wire) tampered(r *http.Request) *http.Request {
	body, err := io.ReadAll(r.Body)
	members, bad := url.ParseQuery(string(body))
	if err == nil && bad == nil && members.Get("Action") != "" {
		w.tamper(members.Get("Action"), members)
		body = []byte(members.Encode())
	}
	changed := r.Clone(r.Context())
	changed.Body, changed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return changed
}

// serve runs the handler. A handler that aborts has broken the connection.
func (w *wire) serve(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause != http.ErrAbortHandler {
				panic(cause)
			}
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

// hang blocks until the caller gives up: what a dead agent's calls do.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
