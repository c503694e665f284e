package gitsource

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/packs"
)

// ladder stores a pack in which objects of some size are made each from the one
// before, and a small one from the last of them.
func ladder(t *testing.T, dir string, size, steps int) (name string, small plumbing.Hash) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	name = value[string](t)(packs.Store(dir, func(f *os.File) (*idxfile.MemoryIndex, error) {
		w := value[*packs.Writer](t)(packs.NewWriter(f))
		large := func(i int) []byte { return append(make([]byte, size), fmt.Sprintf("%08d", i)...) }
		at := w.Offset
		must(t, w.Add(plumbing.BlobObject, plumbing.ComputeHash(plumbing.BlobObject, large(0)), large(0)))
		for i := 1; i <= steps; i++ {
			next := w.Offset
			must(t, w.AddDelta(plumbing.ComputeHash(plumbing.BlobObject, large(i)), at, packs.Delta(large(i-1), large(i))))
			at = next
		}
		content := []byte("small")
		small = plumbing.ComputeHash(plumbing.BlobObject, content)
		must(t, w.AddDelta(small, at, packs.Delta(large(steps), content)))
		return w.Finish()
	}))
	return name, small
}

// TestAFileThatIsMadeFromTooMuchIsLeftAlone: it is not read, and no damage.
func TestAFileThatIsMadeFromTooMuchIsLeftAlone(t *testing.T) {
	t.Parallel()
	const steps = 300
	dir := t.TempDir()
	name, small := ladder(t, dir, 1<<20, steps)
	tree := fmt.Appendf(nil, "100644 a.hcl\x00%s", small[:])
	treeName := plumbing.ComputeHash(plumbing.TreeObject, tree)
	commit := fmt.Appendf(nil, "tree %s\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n\nbegin\n", treeName)
	tip := plumbing.ComputeHash(plumbing.CommitObject, commit)
	text := value[[]byte](t)(os.ReadFile(filepath.Join(dir, name+".pack")))
	r := against(t, &script{tip: tip.String(), pack: says(packReply(withCommit(text, steps+2, tree, commit)))})
	fetch(t, r)
	for rev, err := range r.Revisions(t.Context(), "", "") {
		must(t, err)
		if _, err := r.Read(rev.Files[0].Blob); !errors.Is(err, ErrTooLarge) {
			t.Errorf("error is %v", err)
		}
	}
	if r.Head() != tip.String() {
		t.Errorf("head is %q", r.Head())
	}
}

// withCommit is a pack with a tree and a commit behind its objects.
func withCommit(text []byte, objects int, tree, commit []byte) []byte {
	more := makePack(2, packed{plumbing.TreeObject, len(tree), nil, tree}, packed{plumbing.CommitObject, len(commit), nil, commit})
	const header, sum = 12, 20
	text = append(text[:len(text)-sum:len(text)-sum], more[header:len(more)-sum]...)
	copy(text, packs.Header(uint32(objects+2)))
	all := sha1.Sum(text)
	return append(text, all[:]...)
}

// TestAPackThatTakesTooMuchDoesNotKeepOthersFromBeingJoined.
func TestAPackThatTakesTooMuchDoesNotKeepOthersFromBeingJoined(t *testing.T) {
	t.Parallel()
	m := newMirror(t.TempDir(), identity{}, Limits{}.withDefaults())
	defer m.close()
	heavy, small := ladder(t, m.packDir(), 4<<20, 20) // more than is kept at hand
	must(t, m.adopt(heavy))
	noise := rand.NewChaCha8([32]byte{})
	for range mostPacks {
		must(t, m.store(func(f *os.File) (*idxfile.MemoryIndex, error) {
			w := value[*packs.Writer](t)(packs.NewWriter(f))
			content := make([]byte, 100_000) // larger packs than the heavy one
			noise.Read(content)
			must(t, w.Add(plumbing.BlobObject, plumbing.ComputeHash(plumbing.BlobObject, content), content))
			return w.Finish()
		}))
	}
	must(t, m.compact(t.Context()))
	if n := len(m.packs.Packs()); n > mostPacks || !m.has(small) {
		t.Errorf("there are %d packs, and the heavy object is there: %v", n, m.has(small))
	}
}

// TestWhatManyObjectsTakeIsCounted: each of them may be made, and not all.
func TestWhatManyObjectsTakeIsCounted(t *testing.T) {
	t.Parallel()
	m := newMirror(t.TempDir(), identity{}, Limits{Unpacked: 130 << 20}.withDefaults())
	defer m.close()
	name, small := ladder(t, m.packDir(), 1<<20, 60)
	must(t, m.adopt(name))
	bases := m.bases()
	for i := range 4 {
		m.forget() // what is at hand would cost nothing
		_, _, ok, err := bases(small)
		if want := i < 3; ok != want || errors.Is(err, ErrTooLarge) == want {
			t.Errorf("base %d: %v, %v", i, ok, err)
		}
	}
	if _, _, ok, err := m.bases()(small); !ok {
		t.Errorf("the next pack has its own count: %v", err)
	}
}
