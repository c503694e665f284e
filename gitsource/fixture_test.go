package gitsource

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"moult/reconcile"
)

// fixture is a bare repository that a test writes with go-git's plumbing.
type fixture struct {
	t     testing.TB
	dir   string
	store *filesystem.Storage
	clock time.Time
}

// files is the whole content of one commit, by path.
type files map[string]string

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return fixtureAt(t, filepath.Join(t.TempDir(), "fleet.git"))
}

func fixtureAt(t testing.TB, dir string) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: dir, clock: time.Unix(1_700_000_000, 0)}
	f.store = filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
	must(t, f.store.Init())
	must(t, os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "config"), []byte("[core]\n\trepositoryformatversion = 0\n\tbare = true\n"), 0o600))
	t.Cleanup(func() { f.store.Close() })
	return f
}

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

func (f *fixture) object(kind plumbing.ObjectType, content []byte) plumbing.Hash {
	f.t.Helper()
	var o plumbing.MemoryObject
	o.SetType(kind)
	o.Write(content)
	return value[plumbing.Hash](f.t)(f.store.SetEncodedObject(&o))
}

// raw is one entry of a hand-made tree.
type raw struct {
	mode, name string
	hash       plumbing.Hash
}

func (f *fixture) rawTree(entries ...raw) plumbing.Hash {
	f.t.Helper()
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s\x00%s", e.mode, e.name, e.hash[:])
	}
	return f.object(plumbing.TreeObject, []byte(b.String()))
}

func (f *fixture) blob(text string) plumbing.Hash {
	f.t.Helper()
	return f.object(plumbing.BlobObject, []byte(text))
}

// tree writes the folders of a commit.
func (f *fixture) tree(all files) plumbing.Hash {
	f.t.Helper()
	below := map[string]files{}
	var entries []raw
	for path, text := range all {
		folder, rest, nested := strings.Cut(path, "/")
		if !nested {
			entries = append(entries, raw{"100644", path, f.blob(text)})
			continue
		}
		if below[folder] == nil {
			below[folder] = files{}
		}
		below[folder][rest] = text
	}
	for folder, inside := range below {
		entries = append(entries, raw{"40000", folder, f.tree(inside)})
	}
	slices.SortFunc(entries, func(a, b raw) int { return cmp.Compare(a.sortName(), b.sortName()) })
	return f.rawTree(entries...)
}

func (r raw) sortName() string {
	if r.mode == "40000" {
		return r.name + "/"
	}
	return r.name
}

// commitTree writes a commit; the branch stays.
func (f *fixture) commitTree(subject string, tree plumbing.Hash, parents ...plumbing.Hash) plumbing.Hash {
	f.t.Helper()
	f.clock = f.clock.Add(time.Minute)
	c := object.Commit{
		Author:    object.Signature{Name: "Ada", Email: "ada@example.com", When: f.clock},
		Committer: object.Signature{Name: "Grace", Email: "grace@example.com", When: f.clock},
		Message:   subject + "\n\nWhy it was done.\n", TreeHash: tree, ParentHashes: parents,
	}
	var o plumbing.MemoryObject
	must(f.t, c.Encode(&o))
	return value[plumbing.Hash](f.t)(f.store.SetEncodedObject(&o))
}

// point moves a branch.
func (f *fixture) point(branch string, at plumbing.Hash) {
	f.t.Helper()
	ref := plumbing.NewHashReference(plumbing.NewBranchReferenceName(branch), at)
	must(f.t, f.store.SetReference(ref))
}

func (f *fixture) head(branch string) plumbing.Hash {
	ref, err := f.store.Reference(plumbing.NewBranchReferenceName(branch))
	if err != nil {
		return plumbing.ZeroHash
	}
	return ref.Hash()
}

// commit adds a commit on main with exactly these files.
func (f *fixture) commit(subject string, all files) string {
	f.t.Helper()
	return f.commitOn("main", subject, f.tree(all))
}

func (f *fixture) commitOn(branch, subject string, tree plumbing.Hash) string {
	f.t.Helper()
	var parents []plumbing.Hash
	if head := f.head(branch); !head.IsZero() {
		parents = append(parents, head)
	}
	h := f.commitTree(subject, tree, parents...)
	f.point(branch, h)
	return h.String()
}

// repository is the code under test, on a fresh state directory.
func repository(t testing.TB, url string) *Repository {
	t.Helper()
	r := &Repository{URL: url, StateDir: t.TempDir(), Log: quiet()}
	t.Cleanup(func() { r.Close() })
	return r
}

// again is another agent, started later on the same state directory.
func again(t testing.TB, old *Repository) *Repository {
	t.Helper()
	must(t, old.Close())
	r := &Repository{
		URL: old.URL, Branch: old.Branch, Path: old.Path, StateDir: old.StateDir,
		Access: old.Access, Limits: old.Limits, History: old.History, Log: old.Log, first: old.first, slice: old.slice,
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// fetch polls and expects that it works.
func fetch(t testing.TB, r *Repository) Fetched {
	t.Helper()
	return value[Fetched](t)(r.Fetch(context.Background()))
}

// told is a revision as tests compare it: "subject: path=content ...".
func told(t testing.TB, r *Repository, rev reconcile.Revision) string {
	t.Helper()
	text := rev.Commit.Subject + ":"
	for _, file := range rev.Files {
		content := value[[]byte](t)(r.Read(file.Blob))
		if int64(len(content)) != file.Size {
			t.Errorf("%s has %d bytes, was listed with %d", file.Path, len(content), file.Size)
		}
		text += " " + file.Path + "=" + string(content)
	}
	return text
}

// history is what Revisions hands out, told.
func history(t testing.TB, r *Repository, after, upto string) []string {
	t.Helper()
	var lines []string
	for rev, err := range r.Revisions(context.Background(), after, upto) {
		must(t, err)
		lines = append(lines, told(t, r, rev))
	}
	return lines
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
	needGit(t)
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Grace", "GIT_COMMITTER_EMAIL=grace@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
