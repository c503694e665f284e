package gitsource

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

func TestRevisionsAreThoseThatChangeADeclaration(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"README.md": "x"})
	f.commit("add", files{"README.md": "x", "env/a.hcl": "1"})
	f.commit("readme", files{"README.md": "y", "env/a.hcl": "1"})
	f.commit("deep readme", files{"README.md": "y", "env/a.hcl": "1", "env/notes/n.txt": "n"})
	f.commit("change", files{"README.md": "y", "env/a.hcl": "2", "env/notes/n.txt": "n"})
	f.commit("move", files{"README.md": "y", "a.hcl": "2"})
	f.commit("remove", files{"README.md": "y"})
	f.commit("last", files{"README.md": "z"})
	r := repository(t, f.dir)
	fetch(t, r)
	want := []string{
		"add: env/a.hcl=1", "change: env/a.hcl=2", "move: a.hcl=2", "remove:",
		"last:", // changes nothing, but is the one asked for
	}
	if diff := cmp.Diff(want, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestRevisionsFollowFirstParents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	base := plumbing.NewHash(f.commit("base", files{"a.hcl": "1"}))
	side := f.commitTree("side", f.tree(files{"a.hcl": "1", "b.hcl": "side"}), base)
	own := f.commitTree("own", f.tree(files{"a.hcl": "2"}), base)
	merge := f.commitTree("merge", f.tree(files{"a.hcl": "2", "b.hcl": "side"}), own, side)
	f.point("main", merge)
	r := repository(t, f.dir)
	fetch(t, r)
	want := []string{"base: a.hcl=1", "own: a.hcl=2", "merge: a.hcl=2 b.hcl=side"}
	if diff := cmp.Diff(want, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, history(t, r, side.String(), "")); diff != "" {
		t.Errorf("after a commit that is no first parent: %s", diff)
	}
	if diff := cmp.Diff(want[2:], history(t, r, own.String(), "")); diff != "" {
		t.Error(diff)
	}
}

func TestRevisionsBetweenTwoCommits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var commits, all []string
	for i := range 5 {
		commits = append(commits, f.commit("c", files{"a.hcl": fmt.Sprint(i)}))
		all = append(all, fmt.Sprintf("c: a.hcl=%d", i))
	}
	r := repository(t, f.dir)
	fetch(t, r)
	for name, c := range map[string]struct {
		after, upto string
		want        []string
	}{
		"everything":        {"", "", all},
		"part":              {commits[1], commits[3], all[2:4]},
		"from to itself":    {commits[2], commits[2], all[2:3]},
		"after what is not": {someTip, commits[1], all[:2]},
		"after a later one": {commits[4], commits[1], all[:2]},
		"after nonsense":    {"HEAD", commits[0], all[:1]},
	} {
		if diff := cmp.Diff(c.want, history(t, r, c.after, c.upto)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRevisionsGoBackOnlySoFar(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var commits []string
	for i := range 10 {
		f.commit("other", files{"a.hcl": fmt.Sprint(i), "n.txt": "x"})
		commits = append(commits, f.commit("c", files{"a.hcl": fmt.Sprint(i), "n.txt": "y"}))
	}
	r := repository(t, f.dir)
	r.History = 3
	fetch(t, r)
	// The head changes no declaration, and is one of the three.
	want := []string{"other: a.hcl=8", "other: a.hcl=9", "c: a.hcl=9"}
	if diff := cmp.Diff(want, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
	if got := history(t, r, commits[2], ""); len(got) != 8 {
		t.Errorf("new revisions are left out: %q", got)
	}
}

func TestCommitAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tree := f.tree(files{"a.hcl": "1"})
	h := f.object(plumbing.CommitObject, fmt.Appendf(nil, "tree %s\n"+
		"author Ren\xc3\xa9 \x1b[31mD. <r@example.com> 1700000000 +0100\n"+
		"committer G <g@example.com> 1700003600 -0700\n"+
		"gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n"+
		"\n\nfix\tit\r\nbody\n", tree))
	f.point("main", h)
	r := repository(t, f.dir)
	fetch(t, r)
	want := reconcile.Commit{
		Hash: h.String(), Author: "René  [31mD. <r@example.com>",
		Time: time.Unix(1700003600, 0).UTC(), Subject: "fix it",
	}
	for rev, err := range r.Revisions(context.Background(), "", "") {
		must(t, err)
		if diff := cmp.Diff(want, rev.Commit); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRevisionsStopWhenToldTo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 5 {
		f.commit("c", files{"a.hcl": fmt.Sprint(i)})
	}
	r := repository(t, f.dir)
	fetch(t, r)
	seen := 0
	for range r.Revisions(context.Background(), "", "") {
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("saw %d revisions", seen)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seen = 0
	for _, err := range r.Revisions(ctx, "", "") {
		if seen++; seen == 2 && !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		cancel()
	}
	if seen != 2 {
		t.Errorf("went on for %d revisions after the end of the context", seen)
	}
}

func TestRevisionsBeforeTheFirstFetch(t *testing.T) {
	t.Parallel()
	r := repository(t, newFixture(t).dir)
	for _, err := range r.Revisions(context.Background(), "", "") {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("error is %v", err)
		}
	}
}

// TestListingSharesWhatIsTheSame: the cost of a revision is that of its
// changes, not of its files.
func TestListingSharesWhatIsTheSame(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := files{"a/x/1.hcl": "1", "a/y/2.hcl": "2", "b/z/3.hcl": "3"}
	first := plumbing.NewHash(f.commit("begin", all))
	all["a/x/1.hcl"] = "changed"
	second := plumbing.NewHash(f.commit("next", all))
	r := repository(t, f.dir)
	fetch(t, r)
	m := r.open.mirror
	one := value[*folder](t)(m.listing(t.Context(), first))
	two := value[*folder](t)(m.listing(t.Context(), second))
	if one.below("b") != two.below("b") || one.below("a").below("y") != two.below("a").below("y") {
		t.Error("folders that are the same were listed again")
	}
	if one.below("a").below("x") == two.below("a").below("x") {
		t.Error("a folder that changed was not listed again")
	}
}

// below is a folder of a listing.
func (f *folder) below(name string) *folder {
	for _, l := range f.entries {
		if l.name == name {
			return l.folder
		}
	}
	return nil
}
