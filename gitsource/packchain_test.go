package gitsource

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/packs"
)

// ladder is a stored pack in which objects of some size are made each from the
// one before, and a small one from the last of them.
func ladder(t *testing.T, size, steps int) (p *pack, small plumbing.Hash, content []byte) {
	t.Helper()
	dir := t.TempDir()
	name := value[string](t)(packs.Store(dir, func(f *os.File) (*idxfile.MemoryIndex, error) {
		w := value[*packs.Writer](t)(packs.NewWriter(f))
		large := func(i int) []byte { return append(make([]byte, size), fmt.Sprintf("%08d", i)...) }
		at := w.Offset
		must(t, w.Add(plumbing.BlobObject, plumbing.ComputeHash(plumbing.BlobObject, large(0)), large(0)))
		for i := 1; i <= steps; i++ {
			next := w.Offset
			must(t, w.AddDelta(plumbing.ComputeHash(plumbing.BlobObject, large(i)), at, packs.Delta(large(i-1), large(i))))
			at = next
		}
		content = []byte("small")
		small = plumbing.ComputeHash(plumbing.BlobObject, content)
		must(t, w.AddDelta(small, at, packs.Delta(large(steps), content)))
		return w.Finish()
	}))
	p = value[*pack](t)(openPack(dir, name, cache.NewObjectLRU(cacheBytes)))
	t.Cleanup(p.close)
	return p, small, content
}

func TestAChainThatIsTooHeavyIsNotMade(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		size, steps   int
		largest, most int64
		refused       string
	}{
		"light":       {mib, 3, 2 * mib, 2 * mib, ""},
		"heavy":       {mib, 70, 2 * mib, 80 * mib, ""},
		"too heavy":   {mib, 90, 2 * mib, 80 * mib, "bytes together (limit 83886080)"},
		"large links": {9 * mib, 9, 8 * mib, 800 * mib, "in a chain of deltas (limit 8388608)"},
	} {
		p, small, content := ladder(t, c.size, c.steps)
		o, err := p.object(small, value[packedLink](t)(p.find(small)), c.largest, c.most)
		if c.refused != "" {
			if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		must(t, err)
		if got := value[[]byte](t)(readVerified(plumbing.BlobObject, small, o)); !bytes.Equal(got, content) {
			t.Errorf("%s: the content is %q", name, got)
		}
	}
}

// TestWeightsAreNoted: of the whole chain, whichever end is read first.
func TestWeightsAreNoted(t *testing.T) {
	t.Parallel()
	p, small, _ := ladder(t, 10_000, 50)
	whole := value[int64](t)(p.weight(value[packedLink](t)(p.find(small))))
	if whole < 51*10_000 || whole > 52*11_000 {
		t.Errorf("51 objects of 10,000 bytes weigh %d", whole)
	}
	q, small, _ := ladder(t, 10_000, 50)
	for _, place := range q.index.order {
		value[int64](t)(q.weight(value[packedLink](t)(q.link(q.index.offset(place)))))
	}
	if got := value[int64](t)(q.weight(value[packedLink](t)(q.find(small)))); got != whole {
		t.Errorf("it weighs %d from one end, and %d from the other", whole, got)
	}
}

// TestAFileThatIsMadeFromTooMuchIsLeftAlone: it is not read, and no damage.
func TestAFileThatIsMadeFromTooMuchIsLeftAlone(t *testing.T) {
	t.Parallel()
	p, small, _ := ladder(t, 1<<20, 300)
	tree := fmt.Appendf(nil, "100644 a.hcl\x00%s", small[:])
	treeName := plumbing.ComputeHash(plumbing.TreeObject, tree)
	commit := fmt.Appendf(nil, "tree %s\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n\nbegin\n", treeName)
	tip := plumbing.ComputeHash(plumbing.CommitObject, commit)
	r := against(t, &script{tip: tip.String(), pack: says(packReply(withCommit(t, p, tree, commit)))})
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
func withCommit(t *testing.T, p *pack, tree, commit []byte) []byte {
	t.Helper()
	text := value[[]byte](t)(io.ReadAll(io.NewSectionReader(p.file.(io.ReaderAt), 0, p.size)))
	more := makePack(2, packed{plumbing.TreeObject, len(tree), nil, tree}, packed{plumbing.CommitObject, len(commit), nil, commit})
	const header, sum = 12, 20
	text = append(text[:len(text)-sum:len(text)-sum], more[header:len(more)-sum]...)
	copy(text, packs.Header(uint32(len(p.index.order)+2)))
	all := sha1.Sum(text)
	return append(text, all[:]...)
}

// TestWhatManyObjectsTakeIsCounted: each of them may be made, and not all.
func TestWhatManyObjectsTakeIsCounted(t *testing.T) {
	t.Parallel()
	p, small, _ := ladder(t, 1<<20, 70)
	m := newMirror("", identity{}, Limits{Unpacked: 150 << 20}.withDefaults())
	m.packs = []*pack{p}
	bases := m.bases()
	for i := range 3 {
		_, _, ok, err := bases(small)
		if want := i < 2; ok != want || errors.Is(err, ErrTooLarge) == want {
			t.Errorf("base %d: %v, %v", i, ok, err)
		}
	}
	if _, _, ok, err := m.bases()(small); !ok {
		t.Errorf("the next pack has its own count: %v", err)
	}
}
