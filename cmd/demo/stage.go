package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"moult/cmd/internal/page"
)

// speed is how much faster than the wall clock the simulated AWS runs: AWS
// gives a broken image an hour, and the demo eighteen.
const speed = 200

// stage is everything that the story is played on.
type stage struct {
	dir    string // holds all of it
	moult  string
	aws    string // endpoint of the simulated AWS
	origin *origin
	agent  *exec.Cmd
	sim    *exec.Cmd
	client *http.Client // to the agent's socket
}

// setStage starts the simulated AWS with the example fleet, makes a git
// repository of examples/repo, and starts the agent on it.
func setStage(ctx context.Context, moult, examples string) (*stage, error) {
	dir, err := os.MkdirTemp("", "moult-demo-")
	if err != nil {
		return nil, err
	}
	moult, err = filepath.Abs(moult)
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir, moult: moult}
	s.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(s.stateDir(), "agent.sock"))
		},
	}}
	if err := s.start(ctx, examples); err != nil {
		s.strike()
		return nil, err
	}
	return s, nil
}

func (s *stage) start(ctx context.Context, examples string) error {
	s.say("%s", bold("A fleet in a simulated AWS, a repository that declares it, and the agent"))
	if err := s.startAWS(ctx, filepath.Join(examples, "fleet.hcl")); err != nil {
		return err
	}
	s.say("  simulated AWS   %s, its time runs %d times as fast", s.aws, speed)
	var err error
	if s.origin, err = newOrigin(s.repository(), filepath.Join(examples, "repo")); err != nil {
		return err
	}
	s.say("  repository      %s, a copy of examples/repo", s.repository())
	return s.startAgent()
}

func (s *stage) stateDir() string   { return filepath.Join(s.dir, "state") }
func (s *stage) repository() string { return filepath.Join(s.dir, "repo") }

// environment is what points a program at the simulated AWS.
func (s *stage) environment() []string {
	return append(os.Environ(),
		"AWS_ENDPOINT_URL="+s.aws, "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=simulated", "AWS_SECRET_ACCESS_KEY=simulated")
}

func (s *stage) startAWS(ctx context.Context, fleet string) error {
	ready := filepath.Join(s.dir, "aws.url")
	s.sim = exec.Command(s.moult, "sim", "--listen", "127.0.0.1:0", "--fleet", fleet, "--speed", fmt.Sprint(speed), "--ready-file", ready)
	if err := s.launch(s.sim, "sim.log"); err != nil {
		return err
	}
	return s.until(ctx, "the simulated AWS answers", 10*time.Second, func() bool {
		url, err := os.ReadFile(ready)
		s.aws = strings.TrimSpace(string(url))
		return err == nil
	})
}

func (s *stage) startAgent() error {
	s.agent = exec.Command(s.moult, "run", "--repo", s.repository(), "--state-dir", s.stateDir(), "--poll", "1s", "--interval", "1s")
	s.agent.Env = s.environment()
	s.say("  agent           moult run --repo %s --state-dir %s", s.repository(), s.stateDir())
	return s.launch(s.agent, "agent.log")
}

// launch starts a child whose output goes to a log file.
func (s *stage) launch(c *exec.Cmd, log string) error {
	out, err := os.Create(filepath.Join(s.dir, log))
	if err != nil {
		return err
	}
	defer out.Close() // the child has its own copy
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(s.moult), err)
	}
	return nil
}

// strike ends what is running and removes what was made.
func (s *stage) strike() {
	for _, c := range []*exec.Cmd{s.agent, s.sim} {
		if c != nil && c.Process != nil {
			_ = c.Process.Signal(os.Interrupt)
			_ = c.Wait()
		}
	}
	_ = os.RemoveAll(s.dir)
}

// showLog prints the end of the agent's log, for when the story goes wrong.
func (s *stage) showLog() {
	for _, name := range []string{"agent.log", "sim.log"} {
		text, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(os.Stderr, "\nthe end of %s:\n%s\n", name, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
}

// say tells something, in lines that fit the terminal.
func (s *stage) say(format string, args ...any) {
	fmt.Println(page.FoldAll(fmt.Sprintf(format, args...), page.Width(os.Stdout), 4))
}

// explainKeep says how to play on.
func (s *stage) explainKeep() {
	fmt.Printf(`
%s Ctrl-C ends everything. From another terminal:

  export AWS_ENDPOINT_URL=%s AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated
  %s status --state-dir %s
  %s explain staging/web --repo %s --state-dir %s
  aws autoscaling describe-auto-scaling-groups
  cd %s     # change an AMI, git commit, and watch; git log --notes=moult
`, // not folded: it is there to be copied
		bold("It is all still running."), s.aws, s.moult, s.stateDir(), s.moult, s.repository(), filepath.Join(s.dir, "state2"), s.repository())
}

// until asks again and again until something is so, and gives up after a
// while.
func (s *stage) until(ctx context.Context, what string, patience time.Duration, so func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s until %s, in vain", patience, what)
		case <-tick.C:
		}
	}
	return nil
}
