package gitsource

import (
	"context"
	"errors"
	"os"
	"testing"
)

// TestAMirrorBorrowsWhatTheBranchHasLeft: of two that share a state directory,
// the one that came later is handed a commit that only the other ever had.
func TestAMirrorBorrowsWhatTheBranchHasLeft(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	agent := repository(t, b.dir)
	if _, err := agent.Fetch(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.point("main", b.second)
	if _, err := agent.Fetch(context.Background()); err != nil {
		t.Fatal(err)
	}
	elsewhere := newFixture(t) // a server that has cleaned up
	first := elsewhere.commitTree("first", elsewhere.tree(files{"a.hcl": "1", "docs/a.md": "1"}))
	second := elsewhere.commitTree("second", elsewhere.tree(files{"a.hcl": "2", "docs/a.md": "1"}), first)
	elsewhere.point("main", second)
	if second != b.second {
		t.Fatal("the two do not share their beginning")
	}
	replaceDir(t, b.dir, elsewhere.dir)

	beside := repository(t, b.dir)
	beside.StateDir = agent.StateDir
	if _, err := beside.Fetch(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := beside.Parents(b.merge.String()); !errors.Is(err, ErrUnknown) {
		t.Fatalf("before it borrows it says %v", err)
	}
	must(t, beside.Borrow(context.Background(), b.merge.String()))
	if on, err := beside.Leads(context.Background(), b.first.String(), b.merge.String()); err != nil || !on {
		t.Errorf("what is behind the commit was not borrowed: %v, %v", on, err)
	}
	if r, err := beside.Revision(context.Background(), b.merge.String()); err != nil || len(r.Files) != 1 {
		t.Errorf("its files are %+v, %v", r.Files, err)
	}
	if beside.Partial() {
		t.Error("history is said to go on")
	}
	if err := beside.Borrow(context.Background(), b.tree(files{"b": "1"}).String()); !errors.Is(err, ErrUnknown) {
		t.Errorf("of what nobody has it says %v", err)
	}
}

// replaceDir puts one directory in the place of another.
func replaceDir(t *testing.T, dir, by string) {
	t.Helper()
	must(t, os.RemoveAll(dir))
	must(t, os.Rename(by, dir))
}
