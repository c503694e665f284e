package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"moult/gitsource/fault"
	"moult/reconcile"
)

// The running agent answers `moult status` on a unix socket, as HTTP:
//
//	GET /v1/report    the latest reconcile.Report as JSON, with a member "ledger"; 503 before the first
//
// Who may read it is a matter of the file's mode and its directory's.

const (
	reportPath = "/v1/report"
	socketMode = 0o660
)

// desk hands out the latest report.
type desk struct {
	// Ledger tells how it stands with the ledger; nil when nobody asks, and so
	// is what it returns when none is written.
	Ledger func() *ledgerState

	latest  atomic.Pointer[reconcile.Report]
	trouble atomic.Pointer[error] // why there is no first report yet
}

// agentReport is what the agent answers: its latest report, and what belongs to
// no group.
type agentReport struct {
	reconcile.Report
	Ledger *ledgerState `json:"ledger,omitempty"`
}

func (d *desk) answer(r reconcile.Report) agentReport {
	s := agentReport{Report: r}
	if d.Ledger != nil {
		s.Ledger = d.Ledger()
	}
	return s
}

func (d *desk) put(r reconcile.Report) { d.latest.Store(&r) }

// excuse says why there is nothing to report yet.
func (d *desk) excuse(err error) { d.trouble.Store(&err) }

func (d *desk) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	report := d.latest.Load()
	switch {
	case req.Method != http.MethodGet || req.URL.Path != reportPath:
		http.Error(w, "only GET "+reportPath+" is answered", http.StatusNotFound)
	case report == nil && d.trouble.Load() != nil:
		http.Error(w, (*d.trouble.Load()).Error(), http.StatusServiceUnavailable)
	case report == nil:
		http.Error(w, underWay, http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = writeJSON(w, d.answer(*report))
	}
}

// serve answers at a socket until ctx ends. It returns once the socket is
// there, or why it cannot be.
func (d *desk) serve(ctx context.Context, path string) (closed <-chan struct{}, err error) {
	listener, err := listenUnix(ctx, path)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: d, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // always ends with the listener being closed
	}()
	context.AfterFunc(ctx, func() { server.Close() })
	return done, nil
}

// listenUnix makes the socket, in place of one that nobody answers at any
// more.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the directory of the socket: %w", err)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, advise(fmt.Errorf("listen on %s: another agent answers there", path), "give each agent a --state-dir of its own")
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path) // left over from an agent that was killed
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, advise(fmt.Errorf("listen on %s: %w", path, err), "a socket's path may have 107 bytes at most; name a shorter one with socket in agent.hcl")
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// askAgent asks the running agent for its latest report.
func askAgent(ctx context.Context, path string) (agentReport, error) {
	var report agentReport
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent"+reportPath, nil)
	if err != nil {
		return report, err
	}
	answer, err := client.Do(req)
	if err != nil {
		return report, unanswered(path, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return report, nothingYet(path, answer.Body)
	}
	if err := json.NewDecoder(answer.Body).Decode(&report); err != nil {
		return report, fmt.Errorf("read the answer of the agent at %s: %w", path, err)
	}
	return report, nil
}

// underWay is the answer before the first report, while all is well.
const underWay = "its first pass is under way; ask again in a moment"

// nothingYet says why an agent has nothing to report, in its own words.
func nothingYet(path string, answer io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(answer, 4<<10))
	why := strings.TrimSpace(string(text))
	if err != nil || why == "" || why == underWay {
		return advise(fmt.Errorf("ask the agent at %s: it has nothing to report yet", path), "%s", underWay)
	}
	return fmt.Errorf("ask the agent at %s: it has nothing to report yet: %s", path, fault.Plain(why, 500))
}

// unanswered says why nobody answered, and what to do about that.
func unanswered(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return advise(fmt.Errorf("ask the agent: none is running at %s", path),
			"start one with `moult run`, name the state directory of another with --state-dir, or look for yourself with `moult plan`")
	case errors.Is(err, os.ErrPermission):
		return advise(fmt.Errorf("ask the agent: not permitted to open %s", path), "ask as root or as the agent's own user")
	}
	return fmt.Errorf("ask the agent at %s: %w", path, err)
}
