package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"moult/gitsource/gittest"
)

// gitStage is a repository behind git's own smart HTTP server, which counts
// what goes over the wire.
type gitStage struct {
	size   gitSize
	dir    string
	origin string
	url    string
	server *httptest.Server

	requests, up, down atomic.Int64
}

func newGitStage(size gitSize) (*gitStage, error) {
	dir, err := os.MkdirTemp("", "moult-bench-git-")
	if err != nil {
		return nil, err
	}
	s := &gitStage{size: size, dir: dir, origin: filepath.Join(dir, "fleet.git")}
	if err := s.open(size); err != nil {
		s.strike()
		return nil, err
	}
	return s, nil
}

func (s *gitStage) open(size gitSize) error {
	if err := gittest.Make(s.origin, gittest.History{Commits: size.commits, Files: size.files, Groups: 3, Seed: 4}); err != nil {
		return err
	}
	backend, err := gittest.Server(s.dir, "REMOTE_USER=bench")
	if err != nil {
		return err
	}
	backend.Stderr = os.Stderr
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		backend.ServeHTTP(w, r)
	}))
	s.server.Listener = countingListener{s.server.Listener, s}
	s.server.Start()
	s.url = s.server.URL + "/" + filepath.Base(s.origin)
	return nil
}

func (s *gitStage) strike() {
	if s.server != nil {
		s.server.CloseClientConnections()
		s.server.Close()
	}
	_ = os.RemoveAll(s.dir)
}

type countingListener struct {
	net.Listener
	stage *gitStage
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countingConn{conn, l.stage}, err
}

type countingConn struct {
	net.Conn
	stage *gitStage
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.stage.up.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	c.stage.down.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// cost is what one thing took, seen from outside where it can be.
type cost struct {
	reading
	requests, up, down float64 // for each time
}

// probe runs one of this program's own probes.
func (s *gitStage) probe(ctx context.Context, name, dir string, times int) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	if strings.HasPrefix(name, "moult") {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return cost{}, err
		}
	}
	c := exec.CommandContext(ctx, self, "-probe", name, "-url", s.url, "-dir", dir, "-times", strconv.Itoa(times))
	return s.measured(ctx, c, times)
}

// afterChange runs a probe for which a commit is made each time it is ready, and
// counts what goes over the wire as the probe counts.
func (s *gitStage) afterChange(ctx context.Context, name, dir string) (cost, error) {
	made := 0
	change := &onReady{do: func() error {
		if made++; made == warmUp+1 {
			s.reset()
		}
		return gittest.Change(s.origin, name)
	}}
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	c := exec.CommandContext(ctx, self, "-probe", name, "-url", s.url, "-dir", dir)
	answer, err := c.StdinPipe()
	if err != nil {
		return cost{}, err
	}
	change.answer, c.Stdout = answer, change
	got, err := s.measured(ctx, c, counted)
	return got, errors.Join(err, change.err)
}

// onReady is the output of a probe: whenever it is ready it does something and
// answers; the rest is kept.
type onReady struct {
	rest   bytes.Buffer
	do     func() error
	answer io.Writer
	err    error
}

func (r *onReady) Write(text []byte) (int, error) {
	if string(text) == "ready\n" {
		r.err = errors.Join(r.err, r.do())
		fmt.Fprintln(r.answer, "go on") // a probe that is gone says so itself
		return len(text), nil
	}
	return r.rest.Write(text)
}

// Bytes is the rest.
func (r *onReady) Bytes() []byte { return r.rest.Bytes() }

func (s *gitStage) reset() {
	s.requests.Store(0)
	s.up.Store(0)
	s.down.Store(0)
}

// command runs the git command.
func (s *gitStage) command(ctx context.Context, args ...string) (cost, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Env = gittest.Environment(os.Environ())
	return s.measured(ctx, c, 1)
}

// measured runs a program. What a probe says of itself wins over what can be
// seen from outside, where starting a program is part of it.
func (s *gitStage) measured(ctx context.Context, c *exec.Cmd, times int) (cost, error) {
	var errs bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &bytes.Buffer{}
	}
	c.Stderr = &errs
	s.reset()
	began := time.Now()
	if err := c.Run(); err != nil {
		return cost{}, errors.Join(fmt.Errorf("%w: %s", err, errs.String()), ctx.Err())
	}
	wall := time.Since(began)
	n := float64(times)
	seen := cost{
		requests: float64(s.requests.Load()) / n, up: float64(s.up.Load()) / n, down: float64(s.down.Load()) / n,
	}
	said, ok := c.Stdout.(interface{ Bytes() []byte })
	if !ok || json.Unmarshal(said.Bytes(), &seen.reading) != nil {
		cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		seen.reading = reading{
			Wall: float64(wall.Microseconds()) / 1000, CPU: float64(cpu.Microseconds()) / 1000,
			Peak: float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024, // kilobytes on Linux, and no less than this program has
		}
	}
	return seen, nil
}
