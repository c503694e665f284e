package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"moult/providers/aws/awssim"
)

const (
	imageOld = "ami-0000000000000000a"
	imageNew = "ami-0000000000000000b"
)

// stage is a simulated AWS, a repository that declares all of it, and the
// agent's binary.
type stage struct {
	moult  string
	dir    string
	groups int
	server *awssim.Server
	http   *httptest.Server
	repo   *git.Repository
}

func newStage(moult string, groups int) (*stage, error) {
	dir, err := os.MkdirTemp("", "moult-bench-")
	if err != nil {
		return nil, err
	}
	s := &stage{moult: moult, dir: dir, groups: groups, server: &awssim.Server{Limits: awssim.Limits{Off: true}}}
	s.http = httptest.NewServer(s.server)
	if err := s.fill(); err != nil {
		s.strike()
		return nil, err
	}
	return s, nil
}

func (s *stage) strike() {
	s.http.Close()
	_ = os.RemoveAll(s.dir)
}

// fill makes groups of ten instances, a template each, and declares them.
func (s *stage) fill() error {
	ten := 10
	err := s.server.Apply(awssim.Fleet{
		Region:    "eu-west-1",
		Images:    []awssim.Image{{ID: imageOld}, {ID: imageNew}},
		Templates: []awssim.Template{{Name: "web-%05d", Count: s.groups, ImageID: imageOld, InstanceType: "m5.large"}},
		Groups:    []awssim.Group{{Name: "web-%05d", Count: s.groups, Template: "web-%05d", Desired: &ten}},
	})
	if err != nil {
		return err
	}
	s.repo, err = git.PlainInitWithOptions(s.origin(), &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")}})
	if err != nil {
		return err
	}
	return s.commit(-1)
}

func (s *stage) origin() string { return filepath.Join(s.dir, "repo") }

// perFile is how many groups a file declares.
const perFile = 100

// commit declares every group, the one of the given number with the new image.
func (s *stage) commit(changed int) error {
	for from := 0; from < s.groups; from += perFile {
		if changed >= 0 && changed/perFile != from/perFile {
			continue
		}
		if err := os.WriteFile(filepath.Join(s.origin(), fmt.Sprintf("e%03d.hcl", from/perFile)), s.file(from, changed), 0o644); err != nil {
			return err
		}
	}
	tree, err := s.repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddGlob("*.hcl"); err != nil {
		return err
	}
	_, err = tree.Commit("declare", &git.CommitOptions{Author: &object.Signature{Name: "Bench", Email: "bench@example.com", When: time.Now()}})
	return err
}

func (s *stage) file(from, changed int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "environment \"e%03d\" {\n  aws {\n    region = \"eu-west-1\"\n  }\n", from/perFile)
	for n := from; n < min(from+perFile, s.groups); n++ {
		image := imageOld
		if n == changed {
			image = imageNew
		}
		fmt.Fprintf(&b, "  group \"g%05d\" {\n    auto_scaling_group = \"web-%05d\"\n    ami                = %q\n  }\n", n, n+1, image)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// agent is the command line of an agent on this stage.
func (s *stage) agent(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"run", "--repo", s.origin(), "--state-dir", filepath.Join(s.dir, "state")}, args...)
	c := exec.CommandContext(ctx, s.moult, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.http.URL, "AWS_REGION=eu-west-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=simulated", "AWS_SECRET_ACCESS_KEY=simulated")
	return c
}

// use is what one run of the agent took.
type use struct {
	autoScaling, ec2 int
	wall, cpu        time.Duration
	peakMB           int64
}

// pass runs the agent for one pass.
func (s *stage) pass(ctx context.Context) (use, error) {
	before := s.server.Calls()
	began := time.Now()
	c := s.agent(ctx, "--once", "-o", "json")
	var errors bytes.Buffer
	c.Stderr = &errors
	if err := c.Run(); err != nil {
		return use{}, fmt.Errorf("run the agent: %w\n%s", err, errors.String())
	}
	used := use{wall: time.Since(began), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	used.peakMB = c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024 // kilobytes on Linux
	used.autoScaling, used.ec2 = callsSince(before, s.server.Calls())
	return used, nil
}

func callsSince(before, after map[string]int) (autoScaling, ec2 int) {
	for name, n := range after {
		switch service, _, _ := strings.Cut(name, ":"); service {
		case "autoscaling":
			autoScaling += n - before[name]
		case "ec2":
			ec2 += n - before[name]
		}
	}
	return autoScaling, ec2
}

var errNoStart = errors.New("no refresh was started within ten seconds of the commit")
