package objects

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// git runs the git command, apart from this machine's settings.
func git(t testing.TB, dir string, in string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("the git command is not installed")
	}
	c := exec.Command("git", args...)
	c.Dir, c.Stdin = dir, strings.NewReader(in)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Grace", "GIT_COMMITTER_EMAIL=grace@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// written is a repository in which so many commits changed one of many files.
func written(t testing.TB, commits int) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "", "init", "-q", "--bare", "-b", "main")
	var b strings.Builder
	for n := range commits {
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Grace <grace@example.com> %d +0000\ndata 5\nbump\n", 1_600_000_000+n)
		text := fmt.Sprintf("group %d\n%s", n, strings.Repeat(fmt.Sprintf("line %d of many that hardly differ\n", n%7), 40))
		fmt.Fprintf(&b, "M 100644 inline env-%d/group-%d.hcl\ndata %d\n%s\n", n%5, n%50, len(text), text)
	}
	git(t, dir, b.String(), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
	return dir
}

// same compares every object with what git says.
func same(t *testing.T, dir string, store *Store) {
	t.Helper()
	reader := store.NewReader()
	for line := range strings.Lines(git(t, dir, "", "cat-file", "--batch-all-objects", "--batch-check")) {
		words := strings.Fields(line)
		kind, err := plumbing.ParseObjectType(words[1])
		if err != nil {
			t.Fatal(err)
		}
		content, err := reader.Verified(kind, plumbing.NewHash(words[0]))
		if err != nil || fmt.Sprint(len(content)) != words[2] {
			t.Errorf("%s: %v, %d bytes", strings.TrimSpace(line), err, len(content))
		}
	}
}

func opened(t testing.TB, folders ...string) *Store {
	t.Helper()
	s, err := Open(folders...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestObjectsAreWhatGitSaysTheyAre(t *testing.T) {
	t.Parallel()
	dir := written(t, 400)
	forms := []struct {
		name string
		make []string
	}{
		{"as fast-import packs them", nil},
		{"packed tightly", []string{"repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50"}},
		{"by name instead of offset", []string{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"}},
		{"not deflated", []string{"-c", "core.compression=0", "repack", "-q", "-a", "-d", "-F"}},
		{"large offsets", []string{"index-pack", "--index-version=2,0x40", "PACK"}},
	}
	for _, f := range forms {
		for i, arg := range f.make {
			if arg == "PACK" {
				packs, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
				f.make[i] = packs[0]
			}
		}
		if f.make != nil {
			git(t, dir, "", f.make...)
		}
		t.Run(f.name, func(t *testing.T) { same(t, dir, opened(t, filepath.Join(dir, "objects"))) })
	}
}

func TestLooseAndBorrowedObjectsAreFound(t *testing.T) {
	t.Parallel()
	lender := filepath.Join(written(t, 10), "objects")
	dir := t.TempDir()
	git(t, dir, "", "init", "-q", "--bare")
	name := plumbing.NewHash(git(t, dir, "loose", "hash-object", "-w", "--stdin"))
	store := opened(t, filepath.Join(dir, "objects"), lender)
	same(t, dir, store)
	same(t, filepath.Dir(lender), store)
	if content, err := store.NewReader().Kind(plumbing.BlobObject, name); string(content) != "loose" {
		t.Errorf("loose: %q, %v", content, err)
	}
	if _, err := store.NewReader().Kind(plumbing.TreeObject, name); !errors.Is(err, ErrMalformed) {
		t.Errorf("a blob passes for a tree: %v", err)
	}
	if _, _, err := store.NewReader().Object(plumbing.NewHash("01")); !errors.Is(err, plumbing.ErrObjectNotFound) {
		t.Errorf("nothing is found: %v", err)
	}
}

func TestSortPutsLooseObjectsFirstAndOthersAsTheyLie(t *testing.T) {
	t.Parallel()
	dir := written(t, 20)
	loose := plumbing.NewHash(git(t, dir, "loose", "hash-object", "-w", "--stdin"))
	store := opened(t, filepath.Join(dir, "objects"))
	var names []plumbing.Hash
	for line := range strings.Lines(git(t, dir, "", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")) {
		names = append(names, plumbing.NewHash(strings.TrimSpace(line)))
	}
	Sort(store, names, func(h plumbing.Hash) plumbing.Hash { return h })
	if names[0] != loose {
		t.Errorf("%s comes first, not the loose %s", names[0], loose)
	}
	last := int64(0)
	for _, h := range names[1:] {
		_, offset, _ := store.find(h)
		if offset <= last {
			t.Errorf("%s at %d comes after %d", h, offset, last)
		}
		last = offset
	}
}

// TestDamageIsFound alters a pack byte for byte: an object is read as it was or
// not at all, and nothing panics.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	dir := written(t, 30)
	git(t, dir, "", "repack", "-q", "-a", "-d", "-f")
	packs, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	whole, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(git(t, dir, "", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
	if err := os.Chmod(packs[0], 0o600); err != nil {
		t.Fatal(err)
	}
	for at := 12; at < len(whole)-20; at += 7 {
		altered := bytes.Clone(whole)
		altered[at] ^= 0x55
		if err := os.WriteFile(packs[0], altered, 0o600); err != nil {
			t.Fatal(err)
		}
		readable(t, dir, names)
	}
	if err := os.WriteFile(packs[0], whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if readable(t, dir, names) == len(names) {
		t.Error("half a pack is read whole")
	}
}

// readable reads all objects that can be read, and returns how many.
func readable(t *testing.T, dir string, names []string) (count int) {
	store := opened(t, filepath.Join(dir, "objects"))
	defer store.Close()
	reader := store.NewReader()
	for _, name := range names {
		kind, content, err := reader.Object(plumbing.NewHash(name))
		if err != nil {
			continue
		}
		count++
		if _, err := reader.Verified(kind, plumbing.NewHash(name)); err == nil && plumbing.ComputeHash(kind, content).String() != name {
			t.Fatalf("%s is verified, and is not what it was", name)
		}
	}
	return count
}

func FuzzIndex(f *testing.F) {
	dir := written(f, 5)
	indexes, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.idx"))
	text, err := os.ReadFile(indexes[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte("name"))
	f.Fuzz(func(_ *testing.T, text, name []byte) {
		x, err := parseIndex(text)
		if err != nil {
			return
		}
		var h plumbing.Hash
		copy(h[:], name)
		x.find(h)
		for n := range x.before(256) {
			x.find(plumbing.Hash(x.names[n*nameBytes:]))
		}
	})
}

// FuzzDelta makes something of what a pack says is a difference.
func FuzzDelta(f *testing.F) {
	f.Add([]byte{4, 4, 0x91, 0, 4}, []byte("base"))
	f.Add([]byte{4, 3, 3, 'n', 'e', 'w'}, []byte("base"))
	f.Fuzz(func(t *testing.T, delta, base []byte) {
		o, err := apply(delta, object{plumbing.BlobObject, base}, MostBytes)
		if err == nil && len(o.content) > MostBytes {
			t.Errorf("%d bytes", len(o.content))
		}
	})
}
