package ledger

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"
)

// noon is when tests happen.
var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func value[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// newLedger is a ledger on a fresh state directory, shared through url.
func newLedger(t testing.TB, name, url string) *Ledger {
	t.Helper()
	l := &Ledger{
		Dir: filepath.Join(t.TempDir(), "ledger"), Remote: Remote{URL: url}, Log: quiet(),
		Agent: Agent{Name: name, Email: name + "@example.com", Version: "1.2.3"},
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// again is the same agent, started later.
func again(t testing.TB, old *Ledger) *Ledger {
	t.Helper()
	must(t, old.Close())
	l := &Ledger{Dir: old.Dir, Remote: old.Remote, Agent: old.Agent, Key: old.Key, Log: old.Log}
	t.Cleanup(func() { l.Close() })
	return l
}

// commitName is the name of the nth commit that tests speak of.
func commitName(n int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, n)))[:hexLength]
}

// started is the begin of a rollout of group web for a commit.
func started(n int) Entry {
	return Entry{
		Time: noon.Add(time.Duration(n) * time.Minute), Environment: "production", Group: "web",
		Outcome: Started, Commit: commitName(n), Author: "Ada <ada@example.com>",
		Verb: reconcile.Roll, From: ami(n - 1), To: ami(n), Plan: "replacing 3 of 3 instances with " + ami(n),
		Template: "lt-1", TemplateVersion: int64(n + 1), RefreshID: fmt.Sprintf("refresh-%d", n),
		Started: noon.Add(time.Duration(n) * time.Minute), InstancesPlanned: 3,
	}
}

func ami(n int) string { return fmt.Sprintf("ami-%017x", n) }

// became is how that rollout ended, half a minute later.
func became(e Entry, o Outcome) Entry {
	e.Outcome, e.InstancesReplaced = o, e.InstancesPlanned
	e.Time = e.Time.Add(30 * time.Second)
	e.Finished = e.Time
	return e
}

// told are the entries of a repository as tests compare them, oldest first:
// "commit number group outcome".
func told(t testing.TB, dir string) []string {
	t.Helper()
	book := value[*Book](t)(Open(dir))
	defer book.Close()
	var lines []string
	for _, e := range slices.Backward(allOf(t, book)) {
		lines = append(lines, e.To+" "+e.Group+" "+string(e.Outcome))
	}
	return lines
}

// allOf are all entries of a ledger, newest first.
func allOf(t testing.TB, book *Book) []Entry {
	t.Helper()
	return value[[]Entry](t)(book.History(Filter{}))
}

// needGit skips a test where the git command is missing.
func needGit(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("the git command is not installed")
	}
}

// git runs the git command, apart from this machine's settings.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := gitTry(t, dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func gitTry(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	needGit(t)
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = gitEnvironment()
	out, err := c.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func gitEnvironment() []string {
	return append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Grace", "GIT_COMMITTER_EMAIL=grace@example.com")
}

// fleet is a real repository with some commits, as people have it.
type fleet struct {
	bare    string
	commits []string
}

// newFleet is a fleet of up to three commits.
func newFleet(t testing.TB, commits int) fleet {
	t.Helper()
	needGit(t)
	made := model()
	must(t, made.err)
	f := fleet{bare: filepath.Join(t.TempDir(), "fleet.git"), commits: made.commits[:commits]}
	must(t, os.CopyFS(f.bare, made.files))
	for _, empty := range []string{"objects/info", "objects/pack", "refs/tags", "hooks"} {
		must(t, os.MkdirAll(filepath.Join(f.bare, empty), 0o755))
	}
	return f
}

// model is what all fleets are copies of, made once: it takes git twenty
// processes.
var model = sync.OnceValue(func() (m struct {
	files   fstest.MapFS
	commits []string
	err     error
}) {
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		m.err = err
		return m
	}
	defer os.RemoveAll(dir)
	bare, work := filepath.Join(dir, "fleet.git"), filepath.Join(dir, "work")
	script := "git init -q --bare --template= -b main " + bare + " && git init -q -b main " + work + " && cd " + work
	for n := range 3 {
		script += fmt.Sprintf(" && echo 'ami = %q' >web.hcl && git add web.hcl && git commit -q -m 'Move web to %s' && git rev-parse HEAD", ami(n), ami(n))
	}
	c := exec.Command("sh", "-c", script+" && git push -q "+bare+" main")
	c.Env = gitEnvironment()
	out, err := c.Output()
	if err != nil {
		m.err = fmt.Errorf("make a repository: %w: %s", err, out)
		return m
	}
	m.commits = strings.Fields(string(out))
	m.files = fstest.MapFS{}
	m.err = fs.WalkDir(os.DirFS(bare), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(bare, path))
		m.files[path] = &fstest.MapFile{Data: content, Mode: 0o644}
		return err
	})
	return m
})

func (f fleet) clone(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	git(t, filepath.Dir(f.bare), "clone", "-q", f.bare, dir)
	return dir
}

// cloneWithNotes is a clone of somebody who fetched the ledger too.
func (f fleet) cloneWithNotes(t testing.TB) string {
	t.Helper()
	dir := f.clone(t)
	git(t, dir, "fetch", "-q", "origin", Ref+":"+Ref)
	return dir
}

// started is the begin of the rollout of the nth commit.
func (f fleet) started(n int) Entry {
	e := started(n)
	e.Commit = f.commits[n]
	return e
}

func hashFrom(name string) plumbing.Hash { return plumbing.NewHash(name) }
