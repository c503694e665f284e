package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes `moult` a command that scripts can run: this very program, in
// a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"moult": main})
}

// TestScripts runs the stories of testdata/script against real repositories
// and a simulated AWS that listens on a port. Beside the commands that
// testscript has, a story may say
//
//	git-bare BARE DIR          make a bare repository, where commits of DIR go from now on
//	git-commit DIR MESSAGE     commit everything in DIR, made a repository if it is none
//	git-head VARIABLE DIR      set a variable to the newest commit
//	git-revert DIR             commit what was there before the newest commit
//	git-reset DIR COMMIT       move the branch and its files to another commit
//	git-signer FILE PRINCIPAL  write an allowed_signers file that trusts git-commit-signed
//	git-commit-signed DIR MESSAGE  git-commit, signed with an SSH key
//	git-serve VARIABLE FILE    serve the repositories over HTTP, at a URL; each request is a line of a file
//	ledger-tell REPOSITORY ENVIRONMENT/GROUP OUTCOME COMMIT FROM TO TIME [unsigned]  put an outcome into its ledger, as an agent does
//	git-https VARIABLE BARE PASSWORD CA  serve BARE over HTTPS for who has the password in a file
//	proxy-start VARIABLE USER PASSWORD   run an HTTP proxy for a user
//	hidden TEXT EXCEPT         fail when TEXT can be read in a file outside of EXCEPT, or of a process
//	sim-start [FLAG...]        start `moult sim` and point AWS_ENDPOINT_URL at it
//	sim-stop                   kill it, as an outage
//	sim METHOD PATH [BODY]     ask it about itself, or for a fault; see `moult sim --help`
//	wait-sim PATTERN PATH      ask it again and again until the answer matches
//	calls FILE                 write down how many calls each action has had
//	calls-since FILE           print how many each has had since
//	aws SERVICE ACTION [N=V]   call it, as somebody does by hand, in AWS_REGION
//	pick VARIABLE PATTERN      set a variable to a part of what was printed last
//	notify-start FILE          be systemd: write what is sent to NOTIFY_SOCKET to a file
//	wait-for PATTERN COMMAND   run a command again and again until its output matches
//	wait-file FILE PATTERN     wait until a file matches
//	term                       send SIGTERM to what runs in the background
//	hup                        send it SIGHUP
//	hook STATUS URL SECRET     post a webhook as GitHub does, and want this answer
//	page FILE                  run the sh blocks of a page in one shell, which must print every line of its text blocks
//	edit FILE OLD NEW          replace text in a file, which must be there
//
// Waits are bounded by waitAtMost.
func TestScripts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the stories run real programs on the wall clock; the tests without -short tell them")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: surround,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"git-bare": gitBare, "git-commit": gitCommit, "git-revert": gitRevert, "git-head": gitHead,
			"git-reset": gitReset, "git-signer": gitSigner, "git-commit-signed": gitCommitSigned, "git-serve": gitServe,
			"ledger-tell": ledgerTell, "page": runPage,
			"git-https": gitHTTPS, "proxy-start": proxyStart, "hidden": hidden,
			"sim-start": simStart, "sim-stop": simStop, "sim": simAsk, "wait-sim": waitSim,
			"calls": callsNow, "calls-since": callsSince, "aws": byHand, "pick": pick,
			"notify-start": notifyStart, "wait-for": waitFor, "wait-file": waitFile, "term": sendTerm, "edit": edit,
			"hup": sendHup, "hook": hook,
		},
	})
}

// surround gives a story an environment in which nothing leads outside: no
// person's credentials, no configuration, no state but its own.
func surround(env *testscript.Env) error {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("STATE_DIRECTORY", filepath.Join(env.WorkDir, "state"))
	env.Setenv("AWS_ACCESS_KEY_ID", "simulated")
	env.Setenv("AWS_SECRET_ACCESS_KEY", "simulated")
	env.Setenv("AWS_REGION", "eu-west-1")
	env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	env.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // until there is a simulation
	fleet, err := filepath.Abs("../../examples/fleet.hcl")
	if err != nil {
		return err
	}
	env.Setenv("FLEET", fleet)
	env.Setenv("AUDITORS", filepath.Join(filepath.Dir(filepath.Dir(fleet)), "docs", "auditors.md"))
	env.Values[simKey{}] = &running{}
	return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
}

// How long a story waits for something at most, and how often it looks.
const (
	waitAtMost = 60 * time.Second
	lookEvery  = 50 * time.Millisecond
)

// await looks until what it looks for is there.
func await(ts *testscript.TestScript, what string, look func() (done bool, seen string)) {
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		done, seen := look()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%s did not come within %s; last seen:\n%s", what, waitAtMost, seen)
		case <-again.C:
		}
	}
}

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "wait-for PATTERN COMMAND [ARGUMENT...]")
	pattern := compile(ts, args[0])
	await(ts, args[0], func() (bool, string) {
		out, _ := command(ts, args[1], args[2:]...).CombinedOutput()
		return pattern.Match(out), string(out)
	})
}

func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "wait-file FILE PATTERN")
	pattern := compile(ts, args[1])
	await(ts, args[1], func() (bool, string) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && pattern.Match(text), string(text)
	})
}

func compile(ts *testscript.TestScript, pattern string) *regexp.Regexp {
	compiled, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	return compiled
}

// command is a command in the environment of the story.
func command(ts *testscript.TestScript, name string, args ...string) *exec.Cmd {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, name); executable(path) {
			name = path
			break
		}
	}
	c := exec.Command(name, args...)
	c.Dir = ts.MkAbs(".")
	for _, variable := range []string{"HOME", "PATH", "STATE_DIRECTORY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "TMPDIR"} {
		c.Env = append(c.Env, variable+"="+ts.Getenv(variable))
	}
	return c
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

func sendTerm(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 0, "term")
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 3, "edit FILE OLD NEW")
	file := ts.MkAbs(args[0])
	text, err := os.ReadFile(file)
	ts.Check(err)
	if !bytes.Contains(text, []byte(args[1])) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(string(text), args[1], args[2])), 0o644))
}

// usage ends a story that says a command wrongly.
func usage(ts *testscript.TestScript, wrong bool, form string) {
	if wrong {
		ts.Fatalf("usage: %s", form)
	}
}

// bounded is a context that ends when a story has waited long enough.
func bounded(ts *testscript.TestScript) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	ts.Defer(cancel)
	return ctx
}
