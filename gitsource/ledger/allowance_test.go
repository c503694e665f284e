package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// crowd drafts a folder of so many notes below "ab/", all of one blob.
func crowd(d *draft, count int) plumbing.Hash {
	blob := d.add(plumbing.BlobObject, []byte("words\n"))
	leaves := make([]leaf, count)
	for n := range leaves {
		leaves[n] = leaf{modeFile, fmt.Sprintf("%038x", n), blob}
	}
	return d.add(plumbing.TreeObject, rawTree(leaves...))
}

// folders are 256 of them, each with what its number gives.
func folders(tree func(int) plumbing.Hash) []leaf {
	all := make([]leaf, 256)
	for n := range all {
		all[n] = leaf{modeFolder, fmt.Sprintf("%02x", n), tree(n)}
	}
	return all
}

// TestAFewFoldersThatStandForMillionsAreRefused: 256 names for one folder of
// 10,000 notes took 40 seconds and 600 MB, with the store locked.
func TestAFewFoldersThatStandForMillionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, levels := range map[string]int{"millions": 1, "more than can be counted": 12} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 2)
			l := newLedger(t, "agent", overHTTP(t, f, nil))
			must(t, l.Append(background, noon, f.started(0)))
			push(t, l)
			before := git(t, f.bare, "rev-parse", Ref)
			r := value[*repository](t)(openRepository(f.bare))
			defer r.close()
			var d draft
			below := crowd(&d, 10_000)
			for range levels - 1 {
				below = d.add(plumbing.TreeObject, rawTree(folders(func(int) plumbing.Hash { return below })...))
			}
			must(t, r.write(&d))
			f.poison(t, folders(func(int) plumbing.Hash { return below })...)
			begun := time.Now()
			_, err := l.Fetch(background, noon)
			if !errors.Is(err, fault.ErrTooLarge) {
				t.Errorf("fetch says %v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			must(t, l.Append(background, noon, f.started(1)))
			git(t, f.bare, "update-ref", Ref, before)
			if s := push(t, l); s.Unsent != 0 {
				t.Errorf("push says %+v", s)
			}
			if _, err := os.Stat(l.aside()); err == nil {
				t.Error("the store was made again")
			}
		})
	}
}

// TestAComparisonEndsWhenItsTimeIsUp: it is made while others wait for the store.
func TestAComparisonEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	store := value[*repository](t)(openStore(t.TempDir()))
	defer store.close()
	var d draft
	tree := d.add(plumbing.TreeObject, rawTree(leaf{modeFolder, "ab", crowd(&d, 10)}))
	must(t, store.write(&d))
	over, cancel := context.WithCancel(background)
	cancel()
	if _, _, err := scrub(over, store, plumbing.ZeroHash, tree); !errors.Is(err, context.Canceled) {
		t.Errorf("scrub says %v", err)
	}
	if _, err := notes(over, store, tree); !errors.Is(err, context.Canceled) {
		t.Errorf("notes says %v", err)
	}
}

// TestAMillionNotesMayBeRead: in no folders, in 256, and in as many as git cuts
// their names into then.
func TestAMillionNotesMayBeRead(t *testing.T) {
	t.Parallel()
	const million = 1_000_000
	for levels := range 3 {
		w := weight{folders: 1}
		for level, count := 1, 256; level <= levels; level, count = level+1, count*256 {
			w.folders += count
			w.leaves += count
			w.bytes += int64(count * len("40000 ab\x00"+"12345678901234567890"))
		}
		w.leaves += million
		w.bytes += int64(million * (len("100644 \x00"+"12345678901234567890") + hexLength - 2*levels))
		one := oneTree(background)
		if err := one.take(w); err != nil {
			t.Errorf("%d levels: %v", levels, err)
		}
	}
}

// TestManyFoldersThatDifferByOneNoteAreRefused: as differences from one another
// they are small.
func TestManyFoldersThatDifferByOneNoteAreRefused(t *testing.T) {
	t.Parallel()
	var f forest
	f.trees = map[plumbing.Hash][]leaf{}
	same := make([]leaf, 11_000)
	for n := range same {
		same[n] = leaf{modeFile, fmt.Sprintf("%039x", n), hashOf(1)} // no notes, which would be kept
	}
	for n := range 256 {
		own := append(same[:len(same):len(same)], leaf{modeFile, fmt.Sprintf("%039x", len(same)+n), hashOf(2)})
		f.trees[hashOf(1000+n)] = own
	}
	f.trees[hashOf(9)] = folders(func(n int) plumbing.Hash { return hashOf(1000 + n) })
	if _, err := notes(background, &f, hashOf(9)); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("it says %v", err)
	}
}
