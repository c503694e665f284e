package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// fleet is a repository with a long history: 3,000 files of one environment
// each, of which one, production, has 40 groups. Each commit changes the AMI of
// one group, each third one of production, and has two outcomes in its note.
type fleet struct {
	commits int
	image   map[reconcile.ID]int
	turn    int // of production's groups
}

const (
	fleetFiles  = 3000
	fleetGroups = 40
	fleetBegin  = 1_600_000_000
	fleetPace   = 600 // seconds from commit to commit
)

func (f *fleet) path(n int) string {
	if n == 0 {
		return "production.hcl"
	}
	return fmt.Sprintf("env-%03d/e%04d.hcl", n/15, n)
}

func (f *fleet) ids(n int) []reconcile.ID {
	if n > 0 {
		return []reconcile.ID{{Environment: fmt.Sprintf("e%04d", n), Group: "web"}}
	}
	var ids []reconcile.ID
	for g := range fleetGroups {
		ids = append(ids, reconcile.ID{Environment: "production", Group: fmt.Sprintf("g%02d", g)})
	}
	return ids
}

func (f *fleet) text(n int) string {
	ids := f.ids(n)
	text := fmt.Sprintf("environment %q {\n  aws {\n    region = \"eu-west-1\"\n  }\n", ids[0].Environment)
	for _, id := range ids {
		text += fmt.Sprintf("\n  group %q {\n    auto_scaling_group = \"%s-%s\"\n    ami                = \"ami-%017x\"\n  }\n", id.Group, id.Group, id.Environment, f.image[id])
	}
	return text + "}\n"
}

// bump is what one commit changes.
type bump struct {
	file     int
	id       reconcile.ID
	from, to int
}

func (f *fleet) next(n int) bump {
	c := bump{file: n%(fleetFiles-1) + 1}
	if n%3 == 0 {
		c.file = 0
		f.turn++
	}
	ids := f.ids(c.file)
	c.id = ids[f.turn%len(ids)]
	c.from, c.to = f.image[c.id], n+1
	f.image[c.id] = c.to
	return c
}

// declare writes the commits for git fast-import.
func (f *fleet) declare(w io.Writer) []bump {
	var changes []bump
	for n := range f.commits {
		c := f.next(n)
		changes = append(changes, c)
		fmt.Fprintf(w, "commit refs/heads/main\nmark :%d\nauthor Ada Lovelace <ada@example.com> %[2]d +0000\ncommitter Grace Hopper <grace@example.com> %[2]d +0000\ndata 4\nbump\n",
			n+1, fleetBegin+n*fleetPace)
		for file := range fleetFiles {
			if n == 0 || file == c.file {
				text := f.text(file)
				fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", f.path(file), len(text), text)
			}
		}
	}
	return changes
}

// note writes the notes for git fast-import, fifty to a commit of the ledger.
func (f *fleet) note(w io.Writer, changes []bump, names []string) {
	for n, c := range changes {
		at := time.Unix(int64(fleetBegin+n*fleetPace), 0).UTC()
		if n%50 == 0 {
			fmt.Fprintf(w, "commit refs/notes/moult\ncommitter moult <moult@example.com> %d +0000\ndata 8\noutcomes\n", at.Unix())
		}
		e := ledger.Entry{
			Time: at.Add(30 * time.Second), Environment: c.id.Environment, Group: c.id.Group, Outcome: ledger.Started, Commit: names[n],
			Author: "Ada Lovelace <ada@example.com>", Verb: reconcile.Roll, From: fmt.Sprintf("ami-%017x", c.from), To: fmt.Sprintf("ami-%017x", c.to),
			Plan: "replacing 3 of 3 instances", Template: "lt-0123456789abcdef0", TemplateVersion: int64(n + 1), RefreshID: fmt.Sprintf("%x", sha256.Sum256([]byte(names[n])))[:36],
			Started: at.Add(30 * time.Second), InstancesPlanned: 3, Agent: "moult", AgentVersion: "1.2.3",
		}
		ended := e
		ended.Time, ended.Finished, ended.Outcome, ended.InstancesReplaced = at.Add(400*time.Second), at.Add(400*time.Second), ledger.Succeeded, 3
		text := ledger.Note(e, ended)
		fmt.Fprintf(w, "M 100644 inline %s/%s\ndata %d\n%s\n", names[n][:2], names[n][2:], len(text), text)
	}
}

// longFleet is a clone of such a repository, as git packs it.
func longFleet(tb testing.TB, commits int) string {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("the git command is not installed")
	}
	dir := tb.TempDir()
	run := func(in func(io.Writer), args ...string) string {
		c := exec.Command("git", args...)
		c.Dir, c.Stderr = dir, os.Stderr
		if in != nil {
			pipe, err := c.StdinPipe()
			if err != nil {
				tb.Fatal(err)
			}
			go func() { in(pipe); pipe.Close() }()
		}
		out, err := c.Output()
		if err != nil {
			tb.Fatalf("git %s: %v", args[0], err)
		}
		return string(out)
	}
	f := &fleet{commits: commits, image: map[reconcile.ID]int{}}
	var changes []bump
	run(nil, "init", "-q", "--bare", "-b", "main")
	run(func(w io.Writer) { changes = f.declare(w) }, "fast-import", "--quiet")
	names := strings.Fields(run(nil, "rev-list", "--reverse", "main"))
	run(func(w io.Writer) { f.note(w, changes, names) }, "fast-import", "--quiet")
	run(nil, "repack", "-q", "-a", "-d", "-f")
	return dir
}

// What `moult history` does, from the first to the last line, with 50,000
// commits, 3,000 files and 50,000 notes of 100,000 outcomes. Making them takes
// a minute.
func BenchmarkHistoryOf50000Commits(b *testing.B) {
	dir := longFleet(b, 50_000)
	questions := map[string][]string{
		"at/now/1_group":         {"e2999", "--at", "2030-01-01"},
		"at/first_day/1_group":   {"e2999", "--at", "2020-09-14"},
		"at/midway/40_groups":    {"production", "--at", "2021-03-03"},
		"image":                  {"--image", "ami-00000000000000fff"},
		"newest_30":              {},
		"newest_30_of_one_group": {"production/g07"},
		"verify":                 {"--verify"},
	}
	for name, args := range questions {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				askOf(b, dir, args)
			}
		})
	}
}

func askOf(tb testing.TB, dir string, args []string) string {
	tb.Helper()
	var out, trouble strings.Builder
	at := surroundings{out: &out, err: &trouble, env: func(string) string { return "" }}
	if code := run(context.Background(), append([]string{"history", "--repo", dir}, args...), at); code != 0 {
		tb.Fatalf("exit code %d: %s", code, trouble.String())
	}
	return out.String()
}

// TestALongHistoryIsAnsweredRightly asks a shorter one of the same kind.
func TestALongHistoryIsAnsweredRightly(t *testing.T) {
	t.Parallel()
	dir := longFleet(t, 600)
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("%d packs, %v", len(packs), err)
	}
	// Commit 300 of production is its turn 101: group g21. Forty turns of three
	// commits before, 180, that was g21 too, and it is what ran until then.
	at := time.Unix(fleetBegin+299*fleetPace, 0).UTC().Format(time.RFC3339)
	told := askOf(t, dir, []string{"production/g21", "--at", at})
	for _, want := range []string{
		fmt.Sprintf("= production/g21  ami-%017[1]x  ami-%017[1]x  succeeded", 181),
		`by Ada Lovelace <ada@example.com>, 2020-09-14 18:26 UTC`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not say %q:\n%s", want, told)
		}
	}
	if told := askOf(t, dir, []string{"--image", fmt.Sprintf("ami-%017x", 181)}); !strings.Contains(told, "  production/g21  2020-09-14 18:27  2020-09-14 18:33  2020-09-15 14:33  succeeded") {
		t.Errorf("the image:\n%s", told)
	}
	if told := askOf(t, dir, []string{"--verify"}); !strings.Contains(told, "sound: 1200 entries, beside 600 commits, in 12 steps") {
		t.Errorf("verified:\n%s", told)
	}
}
