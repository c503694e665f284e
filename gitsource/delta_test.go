package gitsource

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"moult/gitsource/objects"
	"moult/gitsource/packs"
)

// someDeltas are pairs of texts.
func someDeltas() [][2][]byte {
	long := noise(70_000)
	return [][2][]byte{
		{nil, nil}, {nil, []byte("new")}, {[]byte("old"), nil}, {[]byte("same"), []byte("same")},
		{[]byte("aaaa"), []byte("aaaaaa")}, {[]byte("aaaaaa"), []byte("aaa")}, {[]byte("abc"), []byte("axc")},
		{long, append(bytes.Clone(long[:40_000]), long[40_300:]...)},
		{long[:50_000], append(append(bytes.Clone(long[:300]), noise(999)...), long[300:50_000]...)},
		{long, noise(10)},
	}
}

func TestDeltasAreAppliedByGoGit(t *testing.T) {
	t.Parallel()
	for i, pair := range someDeltas() {
		got, err := packfile.PatchDelta(pair[0], packs.Delta(pair[0], pair[1]))
		if len(pair[0]) == 0 {
			continue // go-git refuses an empty base, and no tree that is changed is empty
		}
		if err != nil || !bytes.Equal(got, pair[1]) {
			t.Errorf("pair %d: %d bytes became %d, want %d; %v", i, len(pair[0]), len(got), len(pair[1]), err)
		}
	}
}

// TestPacksWeWriteAreReadByBoth: by go-git, and by git where it is installed.
func TestPacksWeWriteAreReadByBoth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := value[*os.File](t)(os.CreateTemp(dir, ""))
	w := value[*packs.Writer](t)(packs.NewWriter(f))
	want := map[plumbing.Hash][]byte{}
	for _, pair := range someDeltas()[3:] {
		base := w.Offset
		hashes := [2]plumbing.Hash{plumbing.ComputeHash(plumbing.BlobObject, pair[0]), plumbing.ComputeHash(plumbing.BlobObject, pair[1])}
		if _, known := want[hashes[0]]; known || hashes[0] == hashes[1] {
			continue
		}
		must(t, w.Add(plumbing.BlobObject, hashes[0], pair[0]))
		must(t, w.AddDelta(hashes[1], base, packs.Delta(pair[0], pair[1])))
		want[hashes[0]], want[hashes[1]] = pair[0], pair[1]
	}
	index := value[*idxfile.MemoryIndex](t)(w.Finish())
	must(t, f.Close())
	name := "pack-" + plumbing.Hash(index.PackfileChecksum).String()
	must(t, os.Rename(f.Name(), filepath.Join(dir, name+".pack")))
	idx := value[*os.File](t)(os.Create(filepath.Join(dir, name+".idx")))
	value[int](t)(idxfile.NewEncoder(idx).Encode(index))
	must(t, idx.Close())

	p := value[*objects.Pack](t)(objects.OpenPack(filepath.Join(dir, name)))
	must(t, p.Check())
	store := new(objects.Store)
	defer store.Close()
	store.Add(p)
	for h, content := range want {
		if got := value[[]byte](t)(store.NewReader().Verified(plumbing.BlobObject, h)); !bytes.Equal(got, content) {
			t.Errorf("%s has other content", h)
		}
	}
	git(t, dir, "index-pack", "--strict", "-o", filepath.Join(dir, "x.idx"), name+".pack")
	ours := value[[]byte](t)(os.ReadFile(filepath.Join(dir, name+".idx")))
	gits := value[[]byte](t)(os.ReadFile(filepath.Join(dir, "x.idx")))
	if !bytes.Equal(ours, gits) {
		t.Error("the index differs from the one that git makes")
	}
}

// TestHistoryOfALargeFolderStaysSmall: trees are kept as differences.
func TestHistoryOfALargeFolderStaysSmall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var entries []raw
	same := f.blob("x")
	for i := range 500 {
		entries = append(entries, raw{"100644", "group-" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".hcl", same})
	}
	const commits = 120
	for i := range commits {
		entries[i].hash = f.blob(fmt.Sprint(i))
		f.commitOn("main", "bump", f.rawTree(entries...))
	}
	r := repository(t, f.dir)
	r.Limits.Files, r.first = 1000, 1000
	fetch(t, r)
	info := value[os.FileInfo](t)(os.Stat(one(t, filepath.Join(r.StateDir, "mirror"), "*.pack")))
	if info.Size() > 150_000 { // one tree has 17,000 bytes
		t.Errorf("%d commits take %d bytes", commits, info.Size())
	}
	if n := len(history(t, r, "", "")); n != commits {
		t.Errorf("%d of %d commits can be read", n, commits)
	}
	git(t, filepath.Join(r.StateDir, "mirror"), "fsck", "--strict")
}
