package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moult/gitsource"
)

// settings are what run, plan, status, explain and history go by: what the flags say,
// laid over agent.hcl, laid over what is usual.
type settings struct {
	config     string // the agent.hcl that was read; empty: none
	repository repositorySchema
	shownURL   string // the repository's URL where everybody sees it: in the arguments; empty: it stands in a file
	trust      trustSettings
	webhook    webhookSettings
	ledger     ledgerSettings
	stateDir   string
	socket     string // empty: agent.sock in the state directory
	poll       time.Duration
	interval   time.Duration
	logLevel   string
	logFormat  string // empty: text on a terminal, JSON elsewhere
}

// common are the flags that those commands share.
type common struct{ repo, branch, path, stateDir, config string }

func (f *common) register(c *cobra.Command) {
	c.Flags().StringVar(&f.repo, "repo", "", "`URL` or directory of the repository: https, ssh, file or a path")
	c.Flags().StringVar(&f.branch, "branch", "", "`BRANCH` to follow (default: main)")
	c.Flags().StringVar(&f.path, "path", "", "`PATH` of the folder in the repository that holds the declarations (default: all of it)")
	c.Flags().StringVar(&f.stateDir, "state-dir", "", "`DIRECTORY` of the copy of the repository and of the agent's socket")
	c.Flags().StringVar(&f.config, "config", "", "`FILE` of the agent's own settings (default: "+configFile+", if there is one)")
}

// settings reads agent.hcl, where there is one, and lays the flags over it.
func (f common) settings(at surroundings) (settings, error) {
	s := settings{stateDir: usualStateDir(at.env), poll: 30 * time.Second, interval: 60 * time.Second, logLevel: "info"}
	file := f.config
	if file == "" {
		if _, err := os.Stat(configFile); err == nil {
			file = configFile
		}
	}
	if file != "" {
		var err error
		if s, err = readConfig(file, s); err != nil {
			return s, err
		}
		s.config = file
	}
	s.repository.URL, s.shownURL = or(f.repo, s.repository.URL), f.repo
	s.repository.Branch = or(f.branch, s.repository.Branch)
	s.repository.Path = or(f.path, s.repository.Path)
	s.stateDir = or(f.stateDir, s.stateDir)
	return s, nil
}

// usualStateDir is the directory that systemd gives (StateDirectory=), or the
// person's own (XDG Base Directory Specification, XDG_STATE_HOME).
func usualStateDir(env func(string) string) string {
	if dir := env("STATE_DIRECTORY"); dir != "" {
		return dir
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "moult")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "moult")
	}
	return ""
}

// check refuses settings that nothing can be read with.
func (s settings) check() error {
	if s.repository.URL == "" {
		return advise(errors.New("find the repository: none is named"), "name one with --repo, or in %s%s", or(s.config, configFile), cloneHere())
	}
	if s.stateDir == "" {
		return advise(errors.New("find the state directory: none is named, and HOME is not set"), "name one with --state-dir")
	}
	if leads := path.Clean(strings.TrimLeft(s.repository.Path, "/")); leads == ".." || strings.HasPrefix(leads, "../") {
		return advise(fmt.Errorf("find the folder %q: it lies outside of the repository", s.repository.Path), "give --path, or path in agent.hcl, from the top folder of the repository")
	}
	return nil
}

// cloneHere offers the clone that somebody is in, which holds what was committed
// there and need not be what was pushed.
func cloneHere() string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	clone, err := gitsource.FindClone(here)
	switch {
	case err != nil:
		return ""
	case clone == here:
		clone = "."
	}
	return fmt.Sprintf("; for the clone that you are in: --repo %s", clone)
}

// socketPath is where the running agent answers.
func (s settings) socketPath() string {
	return or(s.socket, filepath.Join(s.stateDir, "agent.sock"))
}

// branch is the branch that is followed.
func (s settings) branch() string { return or(s.repository.Branch, "main") }
