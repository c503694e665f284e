package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"

	"moult/gitsource"
	"moult/gitsource/trust"
)

// branch is a real repository with one declaration, and an agent's state.
type branch struct {
	t     *testing.T
	dir   string
	state settings
}

func newBranch(t *testing.T) branch {
	t.Helper()
	b := branch{t: t, dir: t.TempDir()}
	b.state = settings{stateDir: t.TempDir(), repository: repositorySchema{URL: b.dir}}
	return b
}

// commit declares an image, and returns the name of the commit.
func (b branch) commit(image string, signers ...git.Signer) string {
	b.t.Helper()
	must(b.t, os.WriteFile(filepath.Join(b.dir, "production.hcl"), []byte(declaring(image)), 0o600))
	must(b.t, commitAll(b.dir, image, time.Now(), signers...))
	repository, err := git.PlainOpen(b.dir)
	must(b.t, err)
	head, err := repository.Head()
	must(b.t, err)
	return head.Hash().String()
}

// source is what an agent reads that starts now.
func (b branch) source(keep bool) *source {
	b.t.Helper()
	repository := newRepository(b.state, slog.New(slog.DiscardHandler))
	b.t.Cleanup(func() { repository.Close() })
	return &source{history: repository, gate: &gate{Lineage: repository, Trust: b.state.trust, Book: bookOf(b.state), Keep: keep}}
}

// accept does what `moult trust` does.
func (b branch) accept(commit string) {
	b.t.Helper()
	record, err := mustOpen(b.t, bookOf(b.state)).Accept(trust.Name{Commit: commit, By: "grace"})
	must(b.t, err)
	must(b.t, bookOf(b.state).leave(record))
}

// signed asks for signatures, and returns who makes them.
func (b *branch) signed(require trust.Require) git.Signer {
	b.t.Helper()
	signer, err := newCommitSigner()
	must(b.t, err)
	file := filepath.Join(b.t.TempDir(), "allowed_signers")
	must(b.t, os.WriteFile(file, signer.line("ada@example.com"), 0o600))
	b.state.trust.Require, b.state.trust.AllowedSigners = require, file
	return signer
}

// end is the end of an agent.
func end(t *testing.T, s *source) {
	t.Helper()
	must(t, s.history.(*gitsource.Repository).Close())
}

// wantHeld reads, and expects nothing in force but the image ("": nothing at
// all), and a hold that says so.
func wantHeld(t *testing.T, s *source, image, says string) {
	t.Helper()
	d := mustRead(t, s)
	if image != "" {
		wantImage(t, d, image)
	} else if len(d.Groups) > 0 {
		t.Errorf("declared is %+v, want nothing", d.Groups)
	}
	if d.Stale == nil || !d.Stale.Held || !strings.Contains(d.Stale.Reason, says) {
		t.Errorf("stale is %+v, want a hold that says %q", d.Stale, says)
	}
}

func wantObeyed(t *testing.T, s *source, image string) {
	t.Helper()
	d := mustRead(t, s)
	wantImage(t, d, image)
	if d.Stale != nil {
		t.Errorf("stale is %+v", d.Stale)
	}
}

func TestOnlyLookingAcceptsNothing(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	wantObeyed(t, b.source(false), imageA)
	if record, kept, err := bookOf(b.state).read(); kept || err != nil {
		t.Errorf("a record is kept: %+v, %v", record, err)
	}
}

func TestANewAgentObeysOnlyWhatWasAccepted(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	before := b.source(true)
	wantObeyed(t, before, imageA)
	end(t, before)
	must(t, os.Remove(filepath.Join(b.dir, ".git", "refs", "heads", "main")))
	other := b.commit(imageB) // another root
	after := b.source(true)
	wantHeld(t, after, imageA, "was replaced")
	end(t, after)
	must(t, os.RemoveAll(filepath.Join(b.state.stateDir, "mirror")))
	lost := b.source(true)
	wantHeld(t, lost, "", "no copy here has the last accepted either, so nothing is in force")
	if reason := mustRead(t, lost).Stale.Reason; strings.Contains(reason, "stays in force") {
		t.Errorf("nothing is in force, and it says %q", reason)
	}
	b.accept(other)
	wantObeyed(t, lost, imageB)
}

func TestNothingIsObeyedBeforeSomethingToStartFrom(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.All)
	b.commit(imageA, signer)
	head := b.commit(imageB, signer)
	s := b.source(true)
	wantHeld(t, s, "", "as start in the block trust of agent.hcl, or accept this one once the agent has started: moult trust "+head)
	b.accept(head)
	wantObeyed(t, s, imageB)
	b.commit(imageA)
	b.commit(imageA, signer)
	wantHeld(t, s, imageB, "is not signed")
}

func TestStartIsWhereJudgingBegins(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.All)
	b.state.trust.Start = b.commit(imageA)
	b.commit(imageB, signer)
	wantObeyed(t, b.source(false), imageB)
	b.state.trust.Start = hashOf(1)
	wantHeld(t, b.source(false), "", "is not in the repository")
}

func TestAScopeIsHeldAgainstWhatACommitChanges(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.None)
	b.state.trust.Scopes = []scopeSettings{{Name: "production", Paths: []string{"production.hcl"}, Signers: []string{"ada@example.com"}}}
	b.state.trust.Start = b.commit(imageA)
	s := b.source(true)
	wantObeyed(t, s, imageA)
	must(t, os.WriteFile(filepath.Join(b.dir, "README.md"), nil, 0o600))
	b.commit(imageA)
	wantObeyed(t, s, imageA)
	b.commit(imageB)
	wantHeld(t, s, imageA, `would change "production.hcl"`)
	b.commit(imageB, signer)
	wantObeyed(t, s, imageB)
}

// TestAScopeThatProtectsNothingIsToldOnce: the declarations stand in
// production.hcl, which a pattern for a folder does not cover.
func TestAScopeThatProtectsNothingIsToldOnce(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.signed(trust.None)
	b.state.trust.Scopes = []scopeSettings{
		{Name: "web", Paths: []string{"production.hcl"}, Signers: []string{"ada@example.com"}},
		{Name: "production", Paths: []string{"production/**"}, Signers: []string{"ada@example.com"}},
	}
	b.state.trust.Start = b.commit(imageA)
	s := b.source(true)
	var said bytes.Buffer
	s.gate.Log = slog.New(slog.NewTextHandler(&said, nil))
	wantObeyed(t, s, imageA)
	wantObeyed(t, s, imageA)
	must(t, os.WriteFile(filepath.Join(b.dir, "README.md"), nil, 0o600))
	b.commit(imageA)
	wantObeyed(t, s, imageA)
	told := fmt.Sprintf("level=WARN msg=%q scope=production paths=[production/**] commit=%s", "scope protects nothing: no file of the commit lies in it", b.state.trust.Start)
	if strings.Count(said.String(), "\n") != 1 || !strings.Contains(said.String(), told) {
		t.Errorf("the log is:\n%swant one line: %s", said.String(), told)
	}
}

func TestAHoldBeginsWhenItWasFirstSeen(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.Head)
	b.commit(imageA, signer)
	s := b.source(true)
	wantObeyed(t, s, imageA)
	b.commit(imageB)
	first := mustRead(t, s).Stale
	if second := mustRead(t, s).Stale; first == nil || second == nil || *first != *second {
		t.Errorf("stale was %+v and is %+v", first, second)
	}
}

// TestAHeldBranchThatCannotBeReadEitherSaysBoth: each reason with its own
// beginning, in an agent that goes on and in one that starts then.
func TestAHeldBranchThatCannotBeReadEitherSaysBoth(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.Head)
	b.commit(imageA, signer)
	s := b.source(true)
	wantObeyed(t, s, imageA)
	b.commit(imageB)
	held := mustRead(t, s).Stale
	must(t, os.Rename(filepath.Join(b.dir, ".git"), filepath.Join(b.dir, "gone")))
	both := mustRead(t, s).Stale
	if held == nil || both == nil || both.Also == nil {
		t.Fatalf("stale was %+v and is %+v", held, both)
	}
	if !both.Held || both.Since != held.Since || both.Reason != held.Reason {
		t.Errorf("the hold was %+v and is %+v", held, both)
	}
	if both.Also.Held || !both.Also.Since.After(held.Since) || !strings.Contains(both.Also.Reason, "is not a git repository") {
		t.Errorf("the repository is gone, and it says %+v", both.Also)
	}
	end(t, s)
	again := mustRead(t, b.source(true)).Stale
	if again == nil || again.Reason != both.Reason || again.Also == nil || again.Also.Reason != both.Also.Reason {
		t.Errorf("after a start it says %+v, want %+v", again, both)
	}
}
