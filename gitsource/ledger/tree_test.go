package ledger

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// forest is trees in memory.
type forest struct {
	draft
	trees map[plumbing.Hash][]leaf // more of them, by any name
	reads int
}

func (f *forest) tree(h plumbing.Hash) ([]leaf, error) {
	f.reads++
	if leaves := f.trees[h]; leaves != nil {
		return leaves, nil
	}
	for _, o := range f.objects {
		if o.hash == h {
			return parseTree(o.content)
		}
	}
	return nil, fmt.Errorf("%w: no tree %s", errLost, h)
}

// plant makes a tree of files by path.
func (f *forest) plant(t testing.TB, files map[string]plumbing.Hash) plumbing.Hash {
	t.Helper()
	return value[plumbing.Hash](t)(put(f, &f.draft, plumbing.ZeroHash, files))
}

func hashOf(n int) plumbing.Hash { return plumbing.NewHash(commitName(n)) }

// cut is the path of a commit's note with so many folders.
func cut(commit plumbing.Hash, folders int) string {
	path, rest := "", commit.String()
	for range folders {
		path, rest = path+rest[:2]+"/", rest[2:]
	}
	return path + rest
}

func TestNotesAreFoundInEveryFanOut(t *testing.T) {
	t.Parallel()
	var f forest
	tree := f.plant(t, map[string]plumbing.Hash{
		cut(hashOf(1), 0): hashOf(101), cut(hashOf(2), 1): hashOf(102), cut(hashOf(3), 2): hashOf(103),
		cut(hashOf(4), 3): hashOf(104),
		"README":          hashOf(7), "ab/README": hashOf(7), "zz/" + cut(hashOf(5), 0)[2:]: hashOf(7),
		cut(hashOf(6), 1) + "00": hashOf(7),
	})
	all := value[places](t)(notes(background, &f, tree))
	want := places{}
	for n := 1; n <= 4; n++ {
		want[hashOf(n)] = []plumbing.Hash{hashOf(100 + n)}
		found := value[[]leaf](t)(lookUp(&f, tree, hashOf(n)))
		if len(found) != 1 || found[0].hash != hashOf(100+n) || found[0].name != cut(hashOf(n), n-1) {
			t.Errorf("note %d found at %v", n, found)
		}
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestANoteThatMovesIsNoDifference(t *testing.T) {
	t.Parallel()
	var f forest
	old := f.plant(t, map[string]plumbing.Hash{cut(hashOf(1), 0): hashOf(101), cut(hashOf(2), 0): hashOf(102)})
	new := f.plant(t, map[string]plumbing.Hash{cut(hashOf(1), 1): hashOf(101), cut(hashOf(2), 2): hashOf(202)})
	d := value[difference](t)(compare(background, &f, old, new))
	if diff := cmp.Diff([]plumbing.Hash{hashOf(2)}, d.commits()); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestPutLeavesTheRestOfATreeAlone(t *testing.T) {
	t.Parallel()
	var f forest
	before := map[string]plumbing.Hash{"README": hashOf(9), "ab/notes.txt": hashOf(8), cut(hashOf(1), 0): hashOf(101), cut(hashOf(2), 1): hashOf(102)}
	tree := f.plant(t, before)
	changed := value[plumbing.Hash](t)(put(&f, &f.draft, tree, map[string]plumbing.Hash{
		cut(hashOf(1), 0): plumbing.ZeroHash, cut(hashOf(1), 1): hashOf(201), cut(hashOf(3), 1): hashOf(103),
	}))
	want := f.plant(t, map[string]plumbing.Hash{
		"README": hashOf(9), "ab/notes.txt": hashOf(8),
		cut(hashOf(1), 1): hashOf(201), cut(hashOf(2), 1): hashOf(102), cut(hashOf(3), 1): hashOf(103),
	})
	if changed != want {
		t.Errorf("tree is %s, not %s", changed, want)
	}
}

// A tree can be made that holds itself many times over on each of twenty
// levels. To read it to the end would take for ever.
func TestATreeWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	var f forest
	below := f.plant(t, map[string]plumbing.Hash{"00": hashOf(1)})
	for range 10 {
		all := map[string]leaf{}
		for n := range 256 {
			name := fmt.Sprintf("%02x", n)
			all[name] = leaf{modeFolder, name, below}
		}
		below = f.addTree(all)
	}
	if _, err := notes(background, &f, below); err == nil {
		t.Error("it was read to the end")
	}
	if f.reads > 2*mostFolders {
		t.Errorf("%d folders were read", f.reads)
	}
}

func FuzzTree(f *testing.F) {
	f.Add(encodeTree([]leaf{{modeFile, cut(hashOf(1), 0), hashOf(2)}, {modeFolder, "ab", hashOf(3)}}))
	f.Add([]byte("100644 a\x00short"))
	f.Add([]byte("40000 \x0012345678901234567890"))
	f.Fuzz(func(t *testing.T, content []byte) {
		leaves, err := parseTree(content)
		if err != nil {
			return
		}
		var b bytes.Buffer
		for _, l := range leaves {
			fmt.Fprintf(&b, "%s %s\x00%s", l.mode, l.name, l.hash[:])
		}
		if !bytes.Equal(b.Bytes(), content) {
			t.Errorf("%q was read as %v", content, leaves)
		}
		again, err := parseTree(encodeTree(leaves))
		if err != nil || len(again) != len(leaves) {
			t.Errorf("%d leaves became %d: %v", len(leaves), len(again), err)
		}
	})
}
