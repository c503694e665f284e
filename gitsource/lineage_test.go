package gitsource

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/gitsource/trust"
	"moult/reconcile"
)

// branched is a history with a merge of a branch that began before "old".
//
//	first - second - old - new - merge
//	     \                       /
//	      side -----------------
type branched struct {
	*fixture
	first, second, old, side, new, merge plumbing.Hash
}

func newBranched(t *testing.T) branched {
	t.Helper()
	f := newFixture(t)
	b := branched{fixture: f}
	b.first = f.commitTree("first", f.tree(files{"a.hcl": "1", "docs/a.md": "1"}))
	b.second = f.commitTree("second", f.tree(files{"a.hcl": "2", "docs/a.md": "1"}), b.first)
	b.old = f.commitTree("old", f.tree(files{"a.hcl": "3", "docs/a.md": "1"}), b.second)
	b.side = f.commitTree("side", f.tree(files{"a.hcl": "1", "docs/a.md": "2"}), b.first)
	b.new = f.commitTree("new", f.tree(files{"a.hcl": "4", "docs/a.md": "1"}), b.old)
	b.merge = f.commitTree("merge", f.tree(files{"a.hcl": "4", "docs/a.md": "2"}), b.new, b.side)
	f.point("main", b.merge)
	return b
}

// subjects are the subjects of commits, in order of the alphabet but for the
// first, which is the head.
func subjects(t *testing.T, raws []Raw, err error) []string {
	t.Helper()
	must(t, err)
	var all []string
	for _, raw := range raws {
		_, message, _ := strings.Cut(string(raw.Object), "\n\n")
		subject, _, _ := strings.Cut(message, "\n")
		all = append(all, subject)
	}
	slices.Sort(all[min(1, len(all)):])
	return all
}

func TestSinceIsWhatTheOlderCommitDoesNotHave(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	r := repository(t, b.dir)
	fetch(t, r)
	for name, c := range map[string]struct {
		after, head plumbing.Hash
		want        []string
	}{
		"a line":               {b.first, b.new, []string{"new", "old", "second"}},
		"a merge":              {b.old, b.merge, []string{"merge", "new", "side"}},
		"from the side":        {b.side, b.merge, []string{"merge", "new", "old", "second"}},
		"nothing":              {b.merge, b.merge, nil},
		"a head that is older": {b.merge, b.old, nil},
		"of two branches":      {b.side, b.old, []string{"old", "second"}},
		"from the beginning":   {plumbing.ZeroHash, b.merge, []string{"merge", "first", "new", "old", "second"}},
	} {
		raws, err := r.Since(context.Background(), hashText(c.after), c.head.String(), false)
		if diff := cmp.Diff(c.want, subjects(t, raws, err)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestSinceTheBeginningIsBounded(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	r := repository(t, b.dir)
	r.History = 2
	fetch(t, r)
	raws, err := r.Since(context.Background(), "", b.merge.String(), false)
	if diff := cmp.Diff([]string{"merge", "new"}, subjects(t, raws, err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSinceTellsChangedPathsForEachParent(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	last := b.commitTree("last", b.tree(files{"a.hcl/b.txt": "4", "run.sh": ""}), b.merge)
	b.point("main", last)
	r := repository(t, b.dir)
	fetch(t, r)
	for head, want := range map[plumbing.Hash][][]string{
		b.first: {{"a.hcl", "docs/a.md"}},
		b.merge: {{"docs/a.md"}, {"a.hcl"}},
		last:    {{"a.hcl", "a.hcl/b.txt", "docs/a.md", "run.sh"}},
	} {
		raws, err := r.Since(context.Background(), "", head.String(), true)
		must(t, err)
		if diff := cmp.Diff(want, raws[0].Paths); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestAChangeOutsidePathIsOneOfItsFolder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("first", files{"fleet/a.hcl": "1", "docs/old/a.md": "1"})
	f.commit("second", files{"fleet/a.hcl": "2", "docs/old/a.md": "2"})
	r := repository(t, f.dir)
	r.Path = "fleet"
	fetch(t, r)
	raws, err := r.Since(context.Background(), "", r.Head(), true)
	must(t, err)
	if diff := cmp.Diff([][]string{{"docs", "fleet/a.hcl"}}, raws[0].Paths); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHoldsLooksAtEveryFileOfTheCommit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.commit("first", files{"fleet/a.hcl": "1", "docs/old/a.md": "1", "run.sh": ""})
	f.commit("second", files{"fleet/a.hcl": "2"})
	whole, part := repository(t, f.dir), repository(t, f.dir)
	part.Path = "fleet"
	for r, unknown := range map[*Repository]bool{whole: false, part: true} {
		fetch(t, r)
		for pattern, want := range map[string]bool{
			"fleet/a.hcl": true, "fleet/": true, "docs/**": true, "*.sh": true, "**/a.md": true,
			"fleet/a.hcl/b.hcl": false, "production/**": false, "docs/new": unknown,
		} {
			got, err := r.Holds(context.Background(), first, trust.Scope{Paths: []string{pattern}})
			if must(t, err); got != want {
				t.Errorf("path %q: %s holds is %v", r.Path, pattern, got)
			}
		}
	}
}

// TestHoldsEnds: few objects may make a great many paths.
func TestHoldsEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	leaf := files{}
	for n := range 300 {
		leaf[fmt.Sprint(n)] = ""
	}
	tree := f.tree(leaf)
	for range 2 {
		var inside []raw
		for n := range 30 {
			inside = append(inside, raw{"40000", fmt.Sprintf("%02d", n), tree})
		}
		tree = f.rawTree(inside...)
	}
	head := f.commitTree("many", tree)
	f.point("main", head)
	r := repository(t, f.dir)
	fetch(t, r)
	if _, err := r.Holds(context.Background(), head.String(), trust.Scope{Paths: []string{"**/b.txt"}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error is %v, want ErrTooLarge", err)
	}
}

func TestParentsKnowsWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	r := repository(t, b.dir)
	fetch(t, r)
	for commit, want := range map[plumbing.Hash][]string{
		b.first: {}, b.second: {b.first.String()}, b.merge: {b.new.String(), b.side.String()},
	} {
		if diff := cmp.Diff(want, value[[]string](t)(r.Parents(commit.String()))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if _, err := r.Parents(strings.Repeat("1", 40)); !errors.Is(err, ErrUnknown) {
		t.Errorf("error is %v, want ErrUnknown", err)
	}
	if head := r.Head(); head != b.merge.String() {
		t.Errorf("asking for a commit that is not there damaged the mirror: its head is %q", head)
	}
}

func TestParentsOfAShallowCloneAreUnknown(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	must(t, os.WriteFile(filepath.Join(b.dir, "shallow"), []byte(b.new.String()+"\n"), 0o600))
	r := repository(t, b.dir)
	fetch(t, r)
	whole(t, r)
	_, err := r.Parents(b.new.String())
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "unshallow") {
		t.Errorf("error is %v, want ErrUnsupported", err)
	}
}

func TestLeadsFollowsFirstParents(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	r := repository(t, b.dir)
	fetch(t, r)
	for commit, want := range map[plumbing.Hash]bool{b.merge: true, b.first: true, b.side: false} {
		if got := value[bool](t)(r.Leads(context.Background(), commit.String(), b.merge.String())); got != want {
			t.Errorf("commit %s leads: %v, want %v", commit, got, want)
		}
	}
}

func TestFindTakesNamesThatMeanOneCommit(t *testing.T) {
	t.Parallel()
	b := newBranched(t)
	r := repository(t, b.dir)
	fetch(t, r)
	for _, name := range []string{b.side.String(), strings.ToUpper(b.side.String()), b.side.String()[:12]} {
		if got := value[string](t)(nameOf(r.Find(name))); got != b.side.String() {
			t.Errorf("%s is commit %s, want %s", name, got, b.side)
		}
	}
	tree := b.tree(files{"a.hcl": "4", "docs/a.md": "2"}).String()
	for _, name := range []string{"", "main", b.side.String()[:3], strings.Repeat("1", 40), tree} {
		if _, err := r.Find(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: error is %v, want ErrUnknown", name, err)
		}
	}
}

func nameOf(c reconcile.Commit, err error) (string, error) { return c.Hash, err }
