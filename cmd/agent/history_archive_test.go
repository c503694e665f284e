package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moult/gitsource/gittest"
)

// overHTTP serves the repositories of a folder with git's own server.
func overHTTP(t *testing.T, folder string) string {
	t.Helper()
	backend, err := gittest.Server(folder)
	if err != nil {
		t.Skip(err)
	}
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	return server.URL
}

func TestARepositoryElsewhereIsFetchedForTheQuestion(t *testing.T) {
	t.Parallel()
	dir := longFleet(t, 120)
	url := overHTTP(t, filepath.Dir(dir)) + "/" + filepath.Base(dir)
	home := t.TempDir()
	want := askOf(t, dir, []string{"production/g01"})
	if got := askOf(t, url, []string{"production/g01", "--state-dir", home}); got != want || !strings.Contains(got, "succeeded") {
		t.Errorf("over HTTP:\n%s\nin place:\n%s", got, want)
	}
	moment := askOf(t, url, []string{"production/g01", "--state-dir", home, "--at", "2030-01-01"})
	if !strings.Contains(moment, "= production/g01") || !strings.Contains(moment, "\nmain was at commit") {
		t.Errorf("at a moment:\n%s", moment)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("something is left: %v, %v", entries, err)
	}
	a, err := fetchedArchive(context.Background(), settings{repository: repositorySchema{URL: url}})
	if err != nil {
		t.Fatal(err)
	}
	a.close()
	if _, err := os.Stat(a.remove); a.remove == "" || !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", a.remove, err)
	}
}

func TestWhatTheAgentKeepsIsReadWithoutTheRepository(t *testing.T) {
	t.Parallel()
	dir := longFleet(t, 120)
	served := overHTTP(t, filepath.Dir(dir))
	url, state := served+"/"+filepath.Base(dir), t.TempDir()
	s := settings{repository: repositorySchema{URL: url}, stateDir: state}
	if _, err := fetchAll(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	want := askOf(t, dir, []string{"production/g01", "--at", "2030-01-01"})
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	if got := askOf(t, url, []string{"production/g01", "--at", "2030-01-01", "--state-dir", state}); got != want {
		t.Errorf("of what is kept:\n%s\nof the repository:\n%s", got, want)
	}
}

func TestAShallowCloneNamesNoWrongCommit(t *testing.T) {
	t.Parallel()
	dir := longFleet(t, 120)
	shallow := filepath.Join(t.TempDir(), "clone")
	if out, err := exec.Command("git", "clone", "-q", "--depth=1", "file://"+dir, shallow).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	told := askOf(t, shallow, []string{"production/g01", "--at", "2030-01-01"})
	if !strings.Contains(told, "set by    in or before commit ") || !strings.Contains(told, "git fetch --unshallow") {
		t.Errorf("it says\n%s", told)
	}
	told = askOf(t, shallow, []string{"production/g01", "--at", "2030-01-01", "-o", "json"})
	if !strings.Contains(told, `"unattributed": true`) {
		t.Errorf("it says\n%s", told)
	}
}
