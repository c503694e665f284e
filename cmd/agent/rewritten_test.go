package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moult/gitsource/trust"
)

// shared is a bare repository that people push to with git itself, and the work
// tree of one of them.
type shared struct {
	t          *testing.T
	bare, work string
}

func newShared(t *testing.T) shared {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("the git command is not installed")
	}
	s := shared{t: t, bare: filepath.Join(t.TempDir(), "fleet.git"), work: t.TempDir()}
	s.in("", "init", "-q", "--bare", "-b", "main", s.bare)
	s.in(s.bare, "config", "receive.denyDeleteCurrent", "ignore")
	s.git("init", "-q", "-b", "main")
	s.git("remote", "add", "origin", s.bare)
	s.declare(imageA)
	s.declare(imageB)
	s.push("main")
	return s
}

// in runs git apart from this machine's settings.
func (s shared) in(dir string, args ...string) string {
	s.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s shared) git(args ...string) string { s.t.Helper(); return s.in(s.work, args...) }

// push moves branches of the bare repository, wherever they were.
func (s shared) push(refs ...string) {
	s.t.Helper()
	s.git(append([]string{"push", "-q", "--force", "origin"}, refs...)...)
}

// write puts a file into the work tree.
func (s shared) write(name, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.work, name), []byte(text), 0o600))
	s.git("add", name)
}

func (s shared) declare(image string) {
	s.t.Helper()
	s.write("production.hcl", declaring(image))
	s.git("commit", "-q", "-m", image)
}

// served is how an agent reaches the repository over smart HTTP.
func (s shared) served() string {
	s.t.Helper()
	return overHTTP(s.t, filepath.Dir(s.bare)) + "/fleet.git"
}

const imageC = "ami-0c2b8e6f4a1d3957b"

// rewriting is what somebody does to the branch whose head, which declares
// imageB, an agent has accepted.
type rewriting struct {
	do    func(s shared)
	hold  string // what the agent says; empty: it obeys
	image string // what the new head declares
}

var rewritings = map[string]rewriting{
	"head amended": {func(s shared) {
		s.write("production.hcl", declaring(imageC))
		s.git("commit", "-q", "--amend", "-m", "amended")
		s.push("main")
	}, "the branch was rewritten", imageC},
	"message amended": {func(s shared) {
		s.git("commit", "-q", "--amend", "-m", "the same, in other words")
		s.push("main")
	}, "the branch was rewritten", imageB},
	"commit dropped": {func(s shared) {
		s.write("README.md", "read me")
		s.git("commit", "-q", "-m", "README")
		s.git("rebase", "-q", "--onto", "HEAD~2", "HEAD~1")
		s.push("main")
	}, "the branch was rewritten", imageA},
	"unrelated root": {func(s shared) {
		s.git("checkout", "-q", "--orphan", "anew")
		s.declare(imageC)
		s.push("anew:refs/heads/main")
	}, "the branch was replaced", imageC},
	"set back": {func(s shared) { s.push("main~1:refs/heads/main") }, "the branch was set back", imageA},
	"recreated elsewhere": {func(s shared) {
		s.push(":main", "main:refs/heads/aside")
		s.git("reset", "-q", "--hard", "HEAD~1")
		s.write("README.md", "read me")
		s.git("commit", "-q", "-m", "README")
		s.push("main")
	}, "the branch was rewritten", imageA},
	"recreated as it was": {func(s shared) { s.push("main:refs/heads/aside", ":main"); s.push("main") }, "", imageB},
	"link to another branch": {func(s shared) {
		s.push("main~1:refs/heads/other")
		s.in(s.bare, "symbolic-ref", "refs/heads/main", "refs/heads/other")
	}, "the branch was set back", imageA},
	"link to the same commit": {func(s shared) {
		s.push("main:refs/heads/other")
		s.in(s.bare, "symbolic-ref", "refs/heads/main", "refs/heads/other")
	}, "", imageB},
	"tag of that name":       {func(s shared) { s.push("main~1:refs/tags/main") }, "", imageB},
	"tag of that name moved": {func(s shared) { s.push("main~1:refs/tags/main"); s.push("main:refs/tags/main") }, "", imageB},
	"another default branch": {func(s shared) {
		s.push("main~1:refs/heads/other")
		s.in(s.bare, "symbolic-ref", "HEAD", "refs/heads/other")
	}, "", imageB},
	"names like that":          {func(s shared) { s.push("main~1:refs/heads/mainly", "main~1:refs/heads/refs/heads/main") }, "", imageB},
	"commit replaced in place": {func(s shared) { s.in(s.bare, "replace", "main", "main~1") }, "", imageB},
	"merged into another": {func(s shared) {
		s.git("checkout", "-q", "--orphan", "anew")
		s.declare(imageC)
		s.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "take over", "main")
		s.push("anew:refs/heads/main")
	}, "", imageC}, // a descendant of what was accepted, whatever it does to the files
}

// TestARewrittenBranchIsHeld does with git what can be done to a branch, and
// asks an agent that follows it from beside it or over HTTP. What is held is
// obeyed once it was accepted by name.
func TestARewrittenBranchIsHeld(t *testing.T) {
	t.Parallel()
	for way, reach := range map[string]func(shared) string{
		"file": func(s shared) string { return "file://" + s.bare },
		"HTTP": shared.served,
	} {
		for name, c := range rewritings {
			t.Run(name+", over "+way, func(t *testing.T) {
				t.Parallel()
				s := newShared(t)
				b := branch{t: t, state: settings{stateDir: t.TempDir(), repository: repositorySchema{URL: reach(s)}}}
				agent := b.source(true)
				wantObeyed(t, agent, imageB)
				c.do(s)
				if c.hold == "" {
					wantObeyed(t, agent, c.image)
					return
				}
				wantHeld(t, agent, imageB, c.hold)
				wantHeld(t, b.source(false), imageB, c.hold) // beside it, with a mirror of its own
				end(t, agent)
				agent = b.source(true)
				wantHeld(t, agent, imageB, "moult trust "+s.in(s.bare, "rev-parse", "refs/heads/main"))
				b.accept(s.in(s.bare, "rev-parse", "refs/heads/main"))
				wantObeyed(t, agent, c.image)
			})
		}
	}
}

func TestABranchThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	for _, url := range []string{"file://" + s.bare, s.served()} {
		b := branch{t: t, state: settings{stateDir: t.TempDir(), repository: repositorySchema{URL: url}}}
		b.state.trust.Require = trust.None
		agent := b.source(true)
		s.push("main", "main:refs/heads/aside")
		wantObeyed(t, agent, imageB)
		s.push(":main")
		d := mustRead(t, agent)
		wantImage(t, d, imageB)
		if d.Stale == nil || d.Stale.Held || !strings.Contains(d.Stale.Reason, "branch does not exist: main (there is: aside); push it or configure another branch") {
			t.Errorf("stale is %+v", d.Stale)
		}
	}
}
