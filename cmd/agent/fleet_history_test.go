package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"moult/gitsource/gittest"
)

// gitHistory makes a repository, bare, with a history that branches. It skips
// the test without git.
func gitHistory(tb testing.TB, commits, files, groups int, seed uint64) (dir string) {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("git is not installed")
	}
	dir = filepath.Join(tb.TempDir(), "fleet.git")
	if err := gittest.Make(dir, gittest.History{Commits: commits, Files: files, Groups: groups, Seed: seed}); err != nil {
		tb.Fatal(err)
	}
	return dir
}
