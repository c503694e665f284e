package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
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
