package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// simKey is where a story keeps its running simulation.
type simKey struct{}

// running is a simulation that a story has started.
type running struct{ *exec.Cmd }

func (r *running) kill() {
	if r.Cmd != nil {
		_ = r.Process.Kill()
		_ = r.Wait()
		r.Cmd = nil
	}
}

func simStart(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, "sim-start [FLAG...]")
	ready := ts.MkAbs("sim.url")
	_ = os.Remove(ready)
	log, err := os.Create(ts.MkAbs("sim.log"))
	ts.Check(err)
	c := command(ts, "moult", append([]string{"sim", "--listen", "127.0.0.1:0", "--ready-file", ready}, args...)...)
	c.Stdout, c.Stderr = log, log
	ts.Check(c.Start())
	sim := ts.Value(simKey{}).(*running)
	sim.Cmd = c
	ts.Defer(sim.kill)
	await(ts, "the simulated AWS", func() (bool, string) {
		url, err := os.ReadFile(ready)
		if err == nil {
			ts.Setenv("AWS_ENDPOINT_URL", strings.TrimSpace(string(url)))
		}
		return err == nil, ts.ReadFile("sim.log")
	})
}

func simStop(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 0, "sim-stop")
	ts.Value(simKey{}).(*running).kill()
}

func simAsk(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2 || len(args) > 3, "sim METHOD PATH [BODY]")
	answer, err := askSim(ts, args[0], args[1], strings.Join(args[2:], ""))
	ts.Check(err)
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
}

func waitSim(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "wait-sim PATTERN PATH")
	pattern := compile(ts, args[0])
	await(ts, args[0], func() (bool, string) {
		answer, err := askSim(ts, http.MethodGet, args[1], "")
		return err == nil && pattern.Match(answer), string(answer)
	})
}

// askSim asks the running simulation about itself.
func askSim(ts *testscript.TestScript, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(bounded(ts), method, ts.Getenv("AWS_ENDPOINT_URL")+"/_sim/"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the simulation answers %s: %s", answer.Status, text)
	}
	return text, err
}
