package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"moult/gitsource/gittest"
)

// gitSize is a repository to measure on.
type gitSize struct{ commits, files int }

// measureGit prints what the git side costs, beside go-git's stock calls and the
// git command. All talk to git's own http-backend on loopback, each in a program
// of its own; the server counts the bytes, headers included.
func measureGit(ctx context.Context, moult, histories string) error {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("measure git: the git command is not installed")
	}
	if err := measurePolls(ctx); err != nil {
		return fmt.Errorf("measure polls: %w", err)
	}
	for _, text := range strings.Split(histories, ",") {
		var size gitSize
		if _, err := fmt.Sscanf(text, "%dx%d", &size.commits, &size.files); err != nil {
			return fmt.Errorf("read histories: %q is not COMMITSxFILES: %w", text, err)
		}
		if err := measureHistory(ctx, moult, size); err != nil {
			return fmt.Errorf("measure %d commits: %w", size.commits, err)
		}
	}
	return nil
}

const polls = 50

// measurePolls asks a branch that does not move, among more and more refs.
func measurePolls(ctx context.Context) error {
	fmt.Printf("\n### An unchanged poll, mean of %d\n\n", polls)
	fmt.Println("| refs | by | requests | bytes up | bytes down | CPU ms | allocated KB |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, refs := range []int{10, 1000, 10000} {
		if err := measurePollsAmong(ctx, refs); err != nil {
			return err
		}
	}
	return nil
}

func measurePollsAmong(ctx context.Context, refs int) error {
	s, err := newGitStage(gitSize{20, 10})
	if err != nil {
		return err
	}
	defer s.strike()
	if err := gittest.AddRefs(s.origin, refs); err != nil {
		return err
	}
	clone := filepath.Join(s.dir, "clone.git")
	if err := s.git(ctx, "clone", "--quiet", "--bare", "--single-branch", s.url, clone); err != nil {
		return err
	}
	rows := []struct {
		by  string
		run func() (cost, error)
	}{
		{"Moult", func() (cost, error) { return s.probe(ctx, "moult poll", s.dir+"/ours", polls) }},
		{"go-git `Remote.List`", func() (cost, error) { return s.probe(ctx, "go-git List", "", polls) }},
		{"go-git `Fetch`, one branch, no tags", func() (cost, error) { return s.probe(ctx, "go-git Fetch", clone, polls) }},
		{"`git ls-remote URL refs/heads/main`", func() (cost, error) { return s.command(ctx, "ls-remote", s.url, "refs/heads/main") }},
		{"`git fetch`, one branch", func() (cost, error) {
			return s.command(ctx, "-C", clone, "fetch", "--quiet", "--no-tags", s.url, "+refs/heads/main:refs/heads/main")
		}},
	}
	for _, row := range rows {
		c, err := row.run()
		if err != nil {
			return fmt.Errorf("%s: %w", row.by, err)
		}
		fmt.Printf("| %d | %s | %.3g | %.0f | %.0f | %.2f | %s |\n", refs, row.by, c.requests, c.up, c.down, c.CPU, orDash("%.0f", c.Alloc))
	}
	return nil
}

func orDash(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// measureHistory prints what a repository of one size costs.
func measureHistory(ctx context.Context, moult string, size gitSize) error {
	s, err := newGitStage(size)
	if err != nil {
		return err
	}
	defer s.strike()
	fmt.Printf("\n### %d commits, %d declaration files\n", size.commits, size.files)
	for _, measure := range []func(context.Context, *gitStage) error{measureFirst, measureOneCommit, measureAttribution, measureNote} {
		if err := measure(ctx, s); err != nil {
			return err
		}
	}
	return measureAnswers(ctx, s, moult)
}

func measureFirst(ctx context.Context, s *gitStage) error {
	fmt.Println("\n| first start | declarations read after ms | and parsed | all history after ms | CPU ms | peak MB | wire KB |")
	fmt.Println("|---|---|---|---|---|---|---|")
	rows := []struct {
		by  string
		run func() (cost, error)
	}{
		{"Moult", func() (cost, error) { return s.probe(ctx, "moult first", s.dir+"/ours", 1) }},
		{"go-git `PlainClone`, bare, one branch, then all files", func() (cost, error) { return s.probe(ctx, "go-git first", s.dir+"/gogit.git", 1) }},
		{"`git clone --bare --single-branch`", func() (cost, error) {
			return s.command(ctx, "clone", "--quiet", "--bare", "--single-branch", s.url, s.dir+"/git.git")
		}},
	}
	for _, row := range rows {
		c, err := row.run()
		if err != nil {
			return fmt.Errorf("first start, %s: %w", row.by, err)
		}
		fmt.Printf("| %s | %s | %s | %.0f | %.0f | %.0f | %.0f |\n", row.by, orDash("%.0f", c.Files), orDash("%.0f", c.Soon), c.Wall, c.CPU, c.Peak, (c.up+c.down)/1024)
	}
	return nil
}

// measureOneCommit makes a commit before each fetch. git runs no upkeep.
func measureOneCommit(ctx context.Context, s *gitStage) error {
	fmt.Printf("\n| one new commit, mean of %d | requests | wire bytes | ms | CPU ms | peak MB |\n", counted)
	fmt.Println("|---|---|---|---|---|---|")
	rows := []struct {
		by  string
		run func() (cost, error)
	}{
		{"Moult", func() (cost, error) { return s.afterChange(ctx, "moult commit", s.dir+"/ours") }},
		{"go-git `Fetch`", func() (cost, error) { return s.afterChange(ctx, "go-git commit", s.dir+"/gogit.git") }},
		{"`git fetch`", func() (cost, error) { return s.gitFetches(ctx) }},
	}
	for _, row := range rows {
		c, err := row.run()
		if err != nil {
			return fmt.Errorf("one commit, %s: %w", row.by, err)
		}
		fmt.Printf("| %s | %.3g | %.0f | %.0f | %.1f | %.0f |\n", row.by, c.requests, c.up+c.down, c.Wall, c.CPU, c.Peak)
	}
	return nil
}

// gitFetches fetches one commit after the other with the git command.
func (s *gitStage) gitFetches(ctx context.Context) (mean cost, err error) {
	for range counted {
		if err := gittest.Change(s.origin, "git fetch"); err != nil {
			return cost{}, err
		}
		c, err := s.command(ctx, "-C", s.dir+"/git.git", "-c", "gc.auto=0", "fetch", "--quiet", "--no-tags", s.url, "+refs/heads/main:refs/heads/main")
		if err != nil {
			return cost{}, err
		}
		mean.add(c)
	}
	return mean, nil
}

// add takes a share of the mean.
func (c *cost) add(one cost) {
	c.requests += one.requests / counted
	c.up += one.up / counted
	c.down += one.down / counted
	c.reading.add(reading{Wall: one.Wall / counted, CPU: one.CPU / counted, Peak: one.Peak})
}

const blamed = 2 // files, where each takes seconds

func measureAttribution(ctx context.Context, s *gitStage) error {
	fmt.Println("\n| which commit set what | ms | of what | peak MB |")
	fmt.Println("|---|---|---|---|")
	c, err := s.probe(ctx, "moult fold", s.dir+"/ours", 1)
	if err != nil {
		return fmt.Errorf("attribution: %w", err)
	}
	fmt.Printf("| Moult, from nothing | %.3f | a commit: all values of all %d (%d of main) | %.0f |\n", c.Wall/float64(s.size.commits), s.size.commits, c.Count, c.Peak)
	if c, err = s.probe(ctx, "go-git blame", s.dir+"/gogit.git", blamed); err != nil {
		return fmt.Errorf("attribution: %w", err)
	}
	fmt.Printf("| go-git `Blame` | %.0f | a file | %.0f |\n", c.Wall, c.Peak)
	if c, err = s.command(ctx, "-C", s.dir+"/git.git", "blame", "--porcelain", "main", "--", gittest.Path(0)); err != nil {
		return fmt.Errorf("attribution: %w", err)
	}
	fmt.Printf("| `git blame` | %.0f | a file | %.0f |\n", c.Wall, c.Peak)
	return nil
}

func measureNote(ctx context.Context, s *gitStage) error {
	fmt.Println("\n| one note pushed | requests | wire bytes | ms | CPU ms | peak MB |")
	fmt.Println("|---|---|---|---|---|---|")
	rows := []struct {
		by  string
		run func() (cost, error)
	}{
		{"Moult, the first", func() (cost, error) { return s.probe(ctx, "moult note", s.dir+"/ours", 1) }},
		{"go-git `Remote.Push`", func() (cost, error) { return s.probe(ctx, "go-git note", s.dir+"/gogit.git", 1) }},
		{"`git notes add` and `git push`", func() (cost, error) { return s.gitNote(ctx) }},
	}
	for _, row := range rows {
		c, err := row.run()
		if err != nil {
			return fmt.Errorf("one note, %s: %w", row.by, err)
		}
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %.1f | %.0f |\n", row.by, c.requests, c.up+c.down, c.Wall, c.CPU, c.Peak)
	}
	return nil
}

// gitNote makes a note with the git command and pushes it.
func (s *gitStage) gitNote(ctx context.Context) (cost, error) {
	clone := s.dir + "/git.git"
	made, err := s.command(ctx, "-C", clone, "notes", "--ref=git", "add", "-m", "succeeded", "main")
	if err != nil {
		return made, err
	}
	sent, err := s.command(ctx, "-C", clone, "push", "--quiet", s.url, "refs/notes/git:refs/notes/git")
	sent.Wall += made.Wall
	sent.CPU += made.CPU
	return sent, err
}

// measureAnswers asks a plain clone what was declared and ran at a moment.
func measureAnswers(ctx context.Context, s *gitStage, moult string) error {
	clone := filepath.Join(s.dir, "clone")
	if err := s.git(ctx, "clone", "--quiet", s.url, clone); err != nil {
		return err
	}
	notes, err := addLedger(s.origin)
	if err != nil {
		return err
	}
	if err := s.git(ctx, "-C", clone, "fetch", "--quiet", "origin", "refs/notes/moult:refs/notes/moult"); err != nil {
		return err
	}
	halfway := gittest.Begin.Add(time.Duration(s.size.commits/2) * time.Minute)
	fmt.Printf("\n| answers from a plain clone, %d notes | ms | CPU ms | peak MB |\n|---|---|---|---|\n", notes)
	for _, args := range [][]string{
		{"history", "--at", halfway.Format(time.RFC3339), "--environment", "file-00000"},
		{"history", "--limit", "20"},
	} {
		c, err := s.measured(ctx, exec.CommandContext(ctx, moult, append(args, "--repo", clone)...), 1)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
		fmt.Printf("| `moult %s` | %.0f | %.0f | %.0f |\n", strings.Join(args, " "), c.Wall, c.CPU, c.Peak)
	}
	return nil
}

func (s *gitStage) git(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, "git", args...)
	c.Env = gittest.Environment(os.Environ())
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
