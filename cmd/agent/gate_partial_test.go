package main

import (
	"context"
	"errors"
	"fmt"
	"moult/gitsource"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// beyondFirst is more than a first fetch brings.
const beyondFirst = 120

// commitMany declares one image after another, and returns the last.
func (b branch) commitMany(from int) (image string) {
	b.t.Helper()
	for n := range beyondFirst {
		image = fmt.Sprintf("ami-%017x", from+n)
		b.commit(image)
	}
	return image
}

// loseMirror makes the next agent copy the repository afresh.
func (b branch) loseMirror() {
	b.t.Helper()
	must(b.t, os.RemoveAll(filepath.Join(b.state.stateDir, "mirror")))
}

// TestWhatWasAcceptedLongAgoIsFoundBehindAFirstFetch: the mirror is new and has
// the newest commits only, and the last accepted one lies far behind.
func TestWhatWasAcceptedLongAgoIsFoundBehindAFirstFetch(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	s := b.source(true)
	mustRead(t, s)
	end(t, s)
	newest := b.commitMany(1)
	b.loseMirror()
	s = b.source(true)
	d := mustRead(t, s)
	if d.Stale != nil || d.Groups[0].Image != newest {
		t.Errorf("in force is %s, want %s; stale: %+v", d.Groups[0].Image, newest, d.Stale)
	}
}

// TestARewrittenBranchIsHeldAlthoughLittleOfItIsThere: a new mirror cannot have
// the commit that the branch has left, and nobody takes its absence from a first
// fetch for that.
func TestARewrittenBranchIsHeldAlthoughLittleOfItIsThere(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	first := b.commit(imageA)
	s := b.source(true)
	b.commit(imageB)
	mustRead(t, s)
	end(t, s)
	repository, err := git.PlainOpen(b.dir)
	must(t, err)
	tree, err := repository.Worktree()
	must(t, err)
	must(t, tree.Reset(&git.ResetOptions{Commit: plumbing.NewHash(first), Mode: git.HardReset}))
	b.commitMany(1000)
	b.loseMirror()
	wantHeld(t, b.source(true), "", "is not in the repository any more")
}

// TestSignaturesAreAskedOfAllThatIsNew, also where a first fetch does not reach
// back to what was accepted last.
func TestSignaturesAreAskedOfAllThatIsNew(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	start := b.commit(imageA)
	signer := b.signed("all")
	b.state.trust.Start = start
	b.commit("ami-00000000000000aaa") // nobody signed it
	for n := range beyondFirst {
		b.commit(fmt.Sprintf("ami-%017x", n), signer)
	}
	wantHeld(t, b.source(true), imageA, "is not signed")
}

// commitOn declares an image on top of some commits, and moves the branch there.
func (b branch) commitOn(image string, parents []plumbing.Hash, signer git.Signer) plumbing.Hash {
	b.t.Helper()
	repository, err := git.PlainOpen(b.dir)
	must(b.t, err)
	tree, err := repository.Worktree()
	must(b.t, err)
	must(b.t, os.WriteFile(filepath.Join(b.dir, "production.hcl"), []byte(declaring(image)), 0o600))
	must(b.t, tree.AddWithOptions(&git.AddOptions{All: true}))
	author := &object.Signature{Name: "Ada Lovelace", Email: "ada@example.com", When: time.Now()}
	h, err := tree.Commit(image, &git.CommitOptions{Author: author, AllowEmptyCommits: true, Parents: parents, Signer: signer})
	must(b.t, err)
	return h
}

// TestNobodySlipsInBehindAMergedBranch: the line of the branch is there as far as
// what was accepted, and the branch that was merged is longer than a first fetch
// reaches.
func TestNobodySlipsInBehindAMergedBranch(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	base := plumbing.NewHash(b.commit(imageA))
	signer := b.signed("all")
	accepted := b.commitOn(imageA, []plumbing.Hash{base}, signer)
	b.state.trust.Start = accepted.String()
	side := b.commitOn("ami-00000000000000bad", []plumbing.Hash{base}, nil) // nobody signed it
	for n := range beyondFirst {
		side = b.commitOn(fmt.Sprintf("ami-%017x", n), []plumbing.Hash{side}, signer)
	}
	b.commitOn(imageB, []plumbing.Hash{accepted, side}, signer)
	wantHeld(t, b.source(true), imageA, "is not signed")
}

// stuckLineage is a repository whose history cannot be had.
type stuckLineage struct {
	lineage
	err error
}

func (l stuckLineage) Deepen(context.Context) (bool, error) { return false, l.err }

// TestWhatWasAcceptedStaysInForceWhenHistoryCannotBeHad: the head is held for
// what is known of it, and is judged again when there is more.
func TestWhatWasAcceptedStaysInForceWhenHistoryCannotBeHad(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed("head")
	for n := range beyondFirst {
		b.commit(fmt.Sprintf("ami-%017x", n), signer)
	}
	b.commit(imageA, signer)
	s := b.source(true)
	mustRead(t, s)
	end(t, s)
	b.commit(imageB) // nobody signed it
	s = b.source(true)
	repository := s.history.(*gitsource.Repository)
	s.gate.Lineage = stuckLineage{repository, errors.New("pack is larger than the limit")}
	wantHeld(t, s, imageA, "could not be read: pack is larger than the limit")
	s.gate.Lineage = repository
	if d := mustRead(t, s); d.Stale == nil || strings.Contains(d.Stale.Reason, "could not be read") {
		t.Errorf("judged again, it is %+v", d.Stale)
	}
}
