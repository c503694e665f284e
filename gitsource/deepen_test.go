package gitsource

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	gocmp "github.com/google/go-cmp/cmp"
)

// whole deepens until the whole history is there, and returns how many slices
// that took.
func whole(t testing.TB, r *Repository) int {
	t.Helper()
	for n := 1; n < 1000; n++ {
		if value[bool](t)(r.Deepen(context.Background())) {
			if r.Partial() {
				t.Error("the history is whole, and partial")
			}
			return n
		}
	}
	t.Fatal("the history never becomes whole")
	return 0
}

// longHistory writes commits with merges, folders and reverts, and returns
// their names on the first-parent line, oldest first.
func longHistory(f *fixture, commits int) []string {
	f.t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	all := files{"README": "not one of ours", "deep/er/z.hcl": "0"}
	var trees []plumbing.Hash
	var line []string
	for n := range commits {
		all[fmt.Sprintf("environments/e%d/g%d.hcl", random.IntN(4), random.IntN(5))] = fmt.Sprint("ami-", n)
		tree := f.tree(all)
		if n%7 == 5 {
			tree = trees[random.IntN(len(trees))] // as a revert to long ago
		}
		trees = append(trees, tree)
		parents := []plumbing.Hash{}
		if head := f.head("main"); !head.IsZero() {
			parents = append(parents, head)
		}
		if n%5 == 4 {
			old := plumbing.NewHash(line[max(0, len(line)-1-random.IntN(30))]) // a branch that lived long
			parents = append(parents, f.commitTree(fmt.Sprint("side ", n), tree, old))
		}
		h := f.commitTree(fmt.Sprint("commit ", n), tree, parents...)
		f.point("main", h)
		line = append(line, h.String())
	}
	return line
}

// ways are how a repository can be reached that can be copied in slices.
var ways = map[string]func(t *testing.T, f *fixture) *Repository{
	"on this machine": func(t *testing.T, f *fixture) *Repository { return repository(t, f.dir) },
	"below a folder": func(t *testing.T, f *fixture) *Repository {
		r := repository(t, f.dir)
		r.Path = "environments"
		return r
	},
	"HTTP": func(t *testing.T, f *fixture) *Repository {
		url, _ := serve(t, httpBackend(t, filepath.Dir(f.dir)))
		return repository(t, url+"/fleet.git")
	},
	"HTTP, version 0": func(t *testing.T, f *fixture) *Repository {
		url, _ := serve(t, oldServer(httpBackend(t, filepath.Dir(f.dir))))
		return repository(t, url+"/fleet.git")
	},
	"SSH":            func(t *testing.T, f *fixture) *Repository { return newSSHServer(t, false).repository(f) },
	"SSH, version 0": func(t *testing.T, f *fixture) *Repository { return newSSHServer(t, true).repository(f) },
}

// TestHistoryComesInSlices: the first fetch brings the newest commits, each
// slice some more, and in the end all is there as if it had been cloned at
// once. The branch goes on meanwhile.
func TestHistoryComesInSlices(t *testing.T) {
	t.Parallel()
	for name, reach := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			line := longHistory(f, 60)
			r := reach(t, f)
			r.first, r.slice = 3, 10
			if got := fetch(t, r); got.Head != line[59] || !r.Partial() {
				t.Fatalf("got %+v, partial: %v", got, r.Partial())
			}
			if n := len(history(t, r, "", "")); n > 10 || !beginsPartial(t, r) {
				t.Errorf("%d revisions came with the first fetch, the first of them partial: %v", n, beginsPartial(t, r))
			}
			if _, err := r.Parents(slices.MinFunc(boundaryOf(r), cmp.Compare)); !errors.Is(err, ErrPartial) {
				t.Errorf("parents that are not there yet: %v", err)
			}
			if _, err := r.Since(context.Background(), line[0], "", false); !errors.Is(err, ErrPartial) {
				t.Errorf("commits since one that is not there yet: %v", err)
			}
			value[bool](t)(r.Deepen(context.Background()))
			oldTree := treeOf(f, line[3])
			later := f.commitOn("main", "revert to the beginning", oldTree) // its objects lie far behind the boundary
			if got := fetch(t, r); got.Head != later || got.Rewritten {
				t.Errorf("got %+v", got)
			}
			f.commit("next", files{"environments/e1/g1.hcl": "new"})
			fetch(t, r)
			slices := whole(t, r)
			if slices < 2 {
				t.Errorf("it came in %d slices", slices)
			}
			if beginsPartial(t, r) {
				t.Error("the whole history begins with a partial revision")
			}
			wantSame(t, f, r)
		})
	}
}

// beginsPartial reports whether the oldest revision stands for more than itself.
func beginsPartial(t *testing.T, r *Repository) bool {
	t.Helper()
	for rev, err := range r.Changes(context.Background(), "", "") {
		must(t, err)
		return rev.Partial
	}
	return false
}

func treeOf(f *fixture, commit string) plumbing.Hash {
	o := value[plumbing.EncodedObject](f.t)(f.store.EncodedObject(plumbing.CommitObject, plumbing.NewHash(commit)))
	reader := value[interface {
		Read([]byte) (int, error)
		Close() error
	}](f.t)(o.Reader())
	defer reader.Close()
	content := make([]byte, o.Size())
	value[int](f.t)(reader.Read(content))
	tree, _, err := parseCommit(content)
	must(f.t, err)
	return tree
}

func boundaryOf(r *Repository) []string {
	var names []string
	for _, h := range r.open.mirror.boundary() {
		names = append(names, h.String())
	}
	return names
}

// wantSameHistory compares a mirror with one that was cloned at once.
func wantSameHistory(t *testing.T, f *fixture, r *Repository) {
	t.Helper()
	atOnce := repository(t, f.dir)
	atOnce.Path = r.Path
	atOnce.first = 1000
	fetch(t, atOnce)
	if atOnce.Partial() {
		t.Fatal("the whole clone is partial")
	}
	if diff := gocmp.Diff(history(t, atOnce, "", ""), history(t, r, "", "")); diff != "" {
		t.Errorf("history (-at once +in slices):\n%s", diff)
	}
	ours := names(value[[]Raw](t)(r.Since(context.Background(), "", "", false)))
	if diff := gocmp.Diff(names(value[[]Raw](t)(atOnce.Since(context.Background(), "", "", false))), ours); diff != "" {
		t.Errorf("commits (-at once +in slices):\n%s", diff)
	}
}

// wantSame is wantSameHistory, and git finds nothing to complain of.
func wantSame(t *testing.T, f *fixture, r *Repository) {
	t.Helper()
	wantSameHistory(t, f, r)
	if r.Path != "" || strings.HasPrefix(r.URL, "/") {
		return // git would miss what is not copied
	}
	mirror := filepath.Join(r.StateDir, "mirror")
	git(t, mirror, "fsck", "--strict", "--full")
	if got := git(t, mirror, "rev-parse", "--is-shallow-repository"); got != "false" {
		t.Errorf("git calls the mirror shallow: %s", got)
	}
	if diff := gocmp.Diff(git(t, f.dir, "rev-list", "main"), git(t, mirror, "rev-list", "main")); diff != "" {
		t.Errorf("commits (-origin +mirror):\n%s", diff)
	}
}

func names(raws []Raw) []string {
	var all []string
	for _, raw := range raws {
		all = append(all, plumbing.ComputeHash(plumbing.CommitObject, raw.Object).String())
	}
	return all
}

// TestYoungHistoryIsWholeAtOnce, and so is one from a server that cannot stop
// half-way.
func TestYoungHistoryIsWholeAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	line := longHistory(f, 20)
	r := repository(t, f.dir)
	fetch(t, r)
	if r.Partial() || whole(t, r) != 1 {
		t.Error("a history of 20 commits is partial")
	}
	url, _ := serve(t, plainServer(t, f))
	r = repository(t, url+"/fleet.git")
	r.first = 3
	fetch(t, r)
	if n := len(history(t, r, "", "")); r.Partial() || n < len(line)-5 {
		t.Errorf("from a server that cannot stop come %d revisions, partial: %v", n, r.Partial())
	}
}

// TestRepositoryThatIsItselfShallow is whole when nothing more can be had.
func TestRepositoryThatIsItselfShallow(t *testing.T) {
	t.Parallel()
	for name, reach := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			line := longHistory(f, 40)
			must(t, os.WriteFile(filepath.Join(f.dir, "shallow"), []byte(line[20]+"\n"), 0o600))
			r := reach(t, f)
			r.first, r.slice = 3, 5
			fetch(t, r)
			whole(t, r)
			if got := history(t, r, "", ""); !strings.HasPrefix(got[0], "commit 20:") || beginsPartial(t, r) {
				t.Errorf("history begins with %q", got[0])
			}
			if _, err := r.Parents(line[20]); !errors.Is(err, ErrUnsupported) {
				t.Errorf("parents where the repository ends: %v", err)
			}
			r = again(t, r) // which has to find out once more
			whole(t, r)
			f.commit("next", files{"environments/e1/g1.hcl": "new"})
			fetch(t, r)
			if r.Partial() {
				t.Error("a new commit makes it partial again")
			}
		})
	}
}

// replacedWhilePartial is a repository whose branch was replaced before its
// history was copied: how it was, and where the copy of that ended.
func replacedWhilePartial(t *testing.T, reach func(*testing.T, *fixture) *Repository) (f *fixture, r *Repository, line, left []string) {
	t.Helper()
	f = newFixture(t)
	line = longHistory(f, 40)
	r = reach(t, f)
	r.first, r.slice = 3, 10
	fetch(t, r)
	left = boundaryOf(r)
	f.point("main", plumbing.NewHash(line[5]))
	f.commit("another way", files{"environments/e1/g1.hcl": "other"})
	if got := fetch(t, r); !got.Rewritten {
		t.Errorf("got %+v", got)
	}
	return f, r, line, left
}

// TestRewrittenWhilePartial: the branch is replaced before its history was
// copied.
func TestRewrittenWhilePartial(t *testing.T) {
	t.Parallel()
	for name, reach := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, r, _, left := replacedWhilePartial(t, reach)
			whole(t, r)
			for _, commit := range left { // nobody can say what was behind these
				if parents := value[[]string](t)(r.Parents(commit)); !strings.HasPrefix(r.URL, "/") && len(parents) > 0 {
					t.Errorf("the branch has left %s, and its parents are %q", commit, parents)
				}
			}
			wantSameHistory(t, f, r)
		})
	}
}

// TestKilledWhileDeepening leaves a state directory as a kill between any two
// writes of a slice would, the last one whole or torn.
func TestKilledWhileDeepening(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	longHistory(f, 30)
	for name, url := range map[string]string{"on this machine": f.dir, "HTTP": backendURL(t, f)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := repository(t, url)
			r.first, r.slice = 3, 10
			fetch(t, r)
			must(t, r.Close())
			before := snapshot(t, r.StateDir)
			dir := r.StateDir
			r = again(t, r)
			r.first, r.slice = 3, 10
			value[bool](t)(r.Deepen(context.Background()))
			must(t, r.Close())
			wrote := newer(before, snapshot(t, dir))
			wrote = slices.Insert(wrote, 0, announced(t, before, wrote))
			if len(wrote) < 3 {
				t.Fatalf("only %d files were written", len(wrote))
			}
			for n := range wrote {
				for _, torn := range []bool{false, true} {
					left := slices.Concat(before, wrote[:n+1])
					if torn {
						left[len(left)-1].content = left[len(left)-1].content[:len(left[len(left)-1].content)/2]
					}
					deepenWhatIsLeft(t, f, url, left)
				}
			}
		})
	}
}

// announced is the boundary as a slice writes it first: the old one and the new.
// The snapshot has only what it became in the end.
func announced(t *testing.T, before, wrote []leftover) leftover {
	t.Helper()
	isBoundary := func(w leftover) bool { return filepath.Base(w.path) == "shallow" }
	i, j := slices.IndexFunc(before, isBoundary), slices.IndexFunc(wrote, isBoundary)
	if i < 0 || j != len(wrote)-1 {
		t.Fatalf("the boundary is not the last that is written: %d, %d of %d", i, j, len(wrote))
	}
	both := wrote[j]
	both.content = slices.Concat(before[i].content, both.content)
	return both
}

func backendURL(t *testing.T, f *fixture) string {
	url, _ := serve(t, httpBackend(t, filepath.Dir(f.dir)))
	return url + "/fleet.git"
}

func deepenWhatIsLeft(t *testing.T, f *fixture, url string, left []leftover) {
	t.Helper()
	r := repository(t, url)
	r.first, r.slice = 3, 10
	for _, w := range left {
		path := filepath.Join(r.StateDir, w.path)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, w.content, 0o600))
	}
	fetch(t, r)
	whole(t, r)
	wantSame(t, f, r)
	must(t, r.Close())
}

// TestDeepenThatFailsLeavesWhatIsThere.
func TestDeepenThatFailsLeavesWhatIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	longHistory(f, 40)
	h := httpBackend(t, filepath.Dir(f.dir))
	broken := false
	url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	}))
	r := repository(t, url+"/fleet.git")
	r.first, r.slice = 3, 10
	head := fetch(t, r).Head
	told := history(t, r, "", "")
	broken = true
	if _, err := r.Deepen(context.Background()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
	if diff := gocmp.Diff(told, history(t, r, "", "")); diff != "" || r.Head() != head || !r.Partial() {
		t.Errorf("head %s, partial %v\n%s", r.Head(), r.Partial(), diff)
	}
	broken = false
	whole(t, r)
	wantSame(t, f, r)
}

// TestAMergeBringsAllItsCommitsOrNone: the branch that was merged goes on behind
// the boundary, although the line of the branch itself does not reach it.
func TestAMergeBringsAllItsCommitsOrNone(t *testing.T) {
	t.Parallel()
	for name, reach := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			base := f.commitTree("base", f.tree(files{"environments/a.hcl": "1"}))
			accepted := f.commitTree("accepted", f.tree(files{"environments/a.hcl": "2"}), base)
			side := base
			for n := range 20 {
				side = f.commitTree(fmt.Sprint("side ", n), f.tree(files{"environments/a.hcl": "1", "environments/b.hcl": fmt.Sprint(n)}), side)
			}
			merge := f.commitTree("merge", f.tree(files{"environments/a.hcl": "2", "environments/b.hcl": "19"}), accepted, side)
			f.point("main", merge)
			r := reach(t, f)
			r.first = 5
			fetch(t, r)
			if part, err := r.Since(context.Background(), accepted.String(), merge.String(), false); !errors.Is(err, ErrPartial) {
				t.Errorf("%d commits and %v, want ErrPartial", len(part), err)
			}
			whole(t, r)
			if all := value[[]Raw](t)(r.Since(context.Background(), accepted.String(), merge.String(), false)); len(all) != 21 {
				t.Errorf("%d commits, want 21", len(all))
			}
		})
	}
}

// TestWhoReadsWhileHistoryComesIsToldWhatIsMissing, at whatever moment.
func TestWhoReadsWhileHistoryComesIsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	longHistory(f, 100)
	for range 10 {
		r := repository(t, f.dir)
		r.first, r.slice = 3, 10
		fetch(t, r)
		done := make(chan error, 1)
		go func() {
			for whole := false; !whole; {
				var err error
				if whole, err = r.Deepen(context.Background()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for coming := true; coming; {
			select {
			case err := <-done:
				must(t, err)
				coming = false
			default:
			}
			for rev, err := range r.Changes(context.Background(), "", "") {
				must(t, err)
				if begins := strings.HasPrefix(rev.Commit.Subject, "commit 0"); rev.Partial == begins {
					t.Fatalf("history begins at %q, partial: %v", rev.Commit.Subject, rev.Partial)
				}
				break
			}
		}
		must(t, r.Close())
	}
}

// TestPushedAwayAndBackWhilePartial: what Moult itself asks for when a branch was
// rewritten.
func TestPushedAwayAndBackWhilePartial(t *testing.T) {
	t.Parallel()
	for name, reach := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, r, line, _ := replacedWhilePartial(t, reach)
			whole(t, r)
			f.point("main", plumbing.NewHash(line[39]))
			fetch(t, r)
			if n := len(history(t, r, "", "")); n < 30 && !beginsPartial(t, r) {
				t.Errorf("%d revisions count as all of history", n)
			}
			whole(t, r)
			wantSame(t, f, r)
		})
	}
}

// TestAServerIsNotBelievedAboutTheBoundary.
func TestAServerIsNotBelievedAboutTheBoundary(t *testing.T) {
	t.Parallel()
	blob := packReply(makePack(1, packed{plumbing.BlobObject, 3, nil, []byte("one")}))
	lies := map[string]struct {
		says func(r *Repository, line []string) string
		kind error
	}{
		"commits that are not there end history": {func(*Repository, []string) string {
			var many strings.Builder
			for n := range 1000 {
				many.WriteString(lines(fmt.Sprintf("shallow %040x", n)))
			}
			return many.String() + "0001" + blob
		}, nil},
		"history ends where more is there": {func(_ *Repository, line []string) string {
			return lines("shallow "+line[39]) + "0001" + blob
		}, nil},
		"history goes on, and nothing comes": {func(r *Repository, _ []string) string {
			var all strings.Builder
			for _, h := range boundaryOf(r) {
				all.WriteString(lines("unshallow " + h))
			}
			return all.String() + "0001" + packReply(makePack(0))
		}, ErrUnreachable},
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			line := longHistory(f, 40)
			h := httpBackend(t, filepath.Dir(f.dir))
			var r *Repository
			lying := false
			url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				body := value[[]byte](t)(io.ReadAll(req.Body))
				if lying && bytes.Contains(body, []byte("deepen-relative")) {
					w.Header().Set("Content-Type", replyType)
					io.WriteString(w, lines("shallow-info")+lie.says(r, line))
					return
				}
				req.Body = io.NopCloser(bytes.NewReader(body))
				h.ServeHTTP(w, req)
			}))
			r = repository(t, url+"/fleet.git")
			r.first, r.slice = 3, 10
			fetch(t, r)
			before, told := boundaryOf(r), history(t, r, "", "")
			lying = true
			if _, err := r.Deepen(context.Background()); !errors.Is(err, lie.kind) {
				t.Errorf("error is %v", err)
			}
			if diff := gocmp.Diff(before, boundaryOf(r)); diff != "" {
				t.Errorf("the boundary has moved:\n%s", diff)
			}
			if diff := gocmp.Diff(told, history(t, r, "", "")); diff != "" {
				t.Errorf("what is told has changed:\n%s", diff)
			}
			lying = false
			r = again(t, r)
			fetch(t, r)
			whole(t, r)
			wantSame(t, f, r)
		})
	}
}
