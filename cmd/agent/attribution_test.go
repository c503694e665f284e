package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource"
	"moult/gitsource/gittest"
	"moult/reconcile"
)

// TestEveryImageNamesTheCommitThatGitBlames holds what is declared to git's own
// word, line by line: Commit to `git blame --first-parent`, and the commit that
// wrote it to `git blame`. The history has merges, branches that take in main
// first, and merges that set an image which neither side has.
func TestEveryImageNamesTheCommitThatGitBlames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := gitHistory(t, 300, 12, 3, seed)
			declared := readWhole(t, dir, t.TempDir())
			merged := 0
			for _, d := range declared.Groups {
				if d.Unattributed {
					t.Errorf("%s is not attributed", d.ID)
				}
				if d.Written.Hash != "" {
					merged++
				}
			}
			if merged == 0 {
				t.Error("no image came with a merge: this shows nothing")
			}
			compareWithBlame(t, dir, declared, 12)
		})
	}
}

// readWhole is what a repository declares, with all of its history read.
func readWhole(tb testing.TB, dir, stateDir string) reconcile.Declared {
	tb.Helper()
	repository := &gitsource.Repository{URL: dir, Path: "fleet", StateDir: stateDir, Log: quietLog()}
	defer repository.Close()
	s := &source{history: repository, Whole: true, Checkpoint: checkpoint{File: filepath.Join(stateDir, "history.json")}}
	declared, err := s.Read(tb.Context())
	if err != nil || declared.Stale != nil || declared.Partial {
		tb.Fatalf("read: %v, stale %+v, partial %v", err, declared.Stale, declared.Partial)
	}
	return declared
}

// compareWithBlame compares the images in some files.
func compareWithBlame(tb testing.TB, dir string, declared reconcile.Declared, files int) {
	tb.Helper()
	byImage := map[string]reconcile.Declaration{}
	for _, d := range declared.Groups {
		byImage[d.Image] = d
	}
	for n := range files {
		put, wrote := blame(tb, dir, gittest.Path(n), "--first-parent"), blame(tb, dir, gittest.Path(n))
		if len(put) == 0 {
			tb.Errorf("git blames nobody for the images in %s", gittest.Path(n))
		}
		for image, commit := range put {
			d := byImage[image]
			if d.Commit.Hash != commit {
				tb.Errorf("%s: the image is ascribed to %s, git blames %s", d.ID, d.Commit.Short(), commit)
			}
			writer := d.Commit.Hash
			if d.Written.Hash != "" {
				writer = d.Written.Hash
			}
			if writer != wrote[image] {
				tb.Errorf("%s: written in %s, git blames %s", d.ID, writer, wrote[image])
			}
		}
	}
}

var blamed = regexp.MustCompile(`(?m)^\^?([0-9a-f]{40}) .*ami += "(ami-[0-9a-f]+)"`)

// blame is the commit that git blames for each image in a file.
func blame(tb testing.TB, dir, path string, flags ...string) map[string]string {
	tb.Helper()
	c := exec.Command("git", append(append([]string{"-C", dir, "blame", "-l", "-s", "--root"}, flags...), "main", "--", path)...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := c.Output()
	if err != nil {
		tb.Fatalf("git blame %s: %v", path, err)
	}
	commits := map[string]string{}
	for _, m := range blamed.FindAllStringSubmatch(string(out), -1) {
		commits[m[2]] = m[1]
	}
	return commits
}

// wantSame compares what is declared, commits included.
func wantSame(tb testing.TB, want, got reconcile.Declared) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAttributionIsTakenUpWhereItWasKept: a second start, and one without the
// file or with a broken one, say the same as the first.
func TestAttributionIsTakenUpWhereItWasKept(t *testing.T) {
	t.Parallel()
	dir := gitHistory(t, 400, 12, 3, 7)
	state := t.TempDir()
	want := readWhole(t, dir, state)
	kept := filepath.Join(state, "history.json")
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, want, readWhole(t, dir, state))
	for _, spoilt := range []string{"", "{", strings.Replace(string(text), `"version":1`, `"version":0`, 1), strings.Replace(string(text), `"ami":"ami-`, `"ami":"ami-f`, 1), string(text[:len(text)-10])} {
		if err := os.WriteFile(kept, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		wantSame(t, want, readWhole(t, dir, state))
	}
}
