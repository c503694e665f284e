package objects

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// onePack is the path of the one pack of a repository with a history.
func onePack(t *testing.T) (dir, path string) {
	t.Helper()
	dir = written(t, 60)
	found, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d packs, %v", len(found), err)
	}
	return dir, strings.TrimSuffix(found[0], ".pack")
}

func openedPack(t *testing.T, path string) *Pack {
	t.Helper()
	p, err := OpenPack(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPackThatACrashHasCutOffIsFound(t *testing.T) {
	t.Parallel()
	_, path := onePack(t)
	whole := openedPack(t, path)
	if err := errors.Join(whole.Check(), whole.Close()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{".idx", ".pack"} {
		text, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		for name, broken := range map[string][]byte{
			"cut off": text[:len(text)-1], "nothing": nil, "zeros at the end": append(slices.Clone(text[:len(text)-40]), make([]byte, 40)...),
		} {
			if err := errors.Join(os.Chmod(path+end, 0o600), os.WriteFile(path+end, broken, 0o600)); err != nil {
				t.Fatal(err)
			}
			p, err := OpenPack(path)
			if err == nil {
				err = p.Check()
				p.Close()
			}
			if err == nil {
				t.Errorf("%s, %s: it passes for whole", end, name)
			}
		}
		if err := os.WriteFile(path+end, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSizesAreThoseOfTheContent(t *testing.T) {
	t.Parallel()
	dir, _ := onePack(t)
	git(t, dir, "", "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")
	git(t, dir, "loose", "hash-object", "-w", "--stdin")
	store := opened(t, filepath.Join(dir, "objects"))
	reader := store.NewReader()
	n := 0
	for _, p := range store.Packs() {
		for h := range p.Names() {
			n++
			fresh, err := store.NewReader().Size(h)
			_, content, failed := reader.Object(h)
			known, again := reader.Size(h)
			if err := errors.Join(err, failed, again); err != nil || fresh != int64(len(content)) || known != fresh {
				t.Errorf("%s has %d bytes, %d and %d were told, %v", h, len(content), fresh, known, err)
			}
		}
	}
	if n < 100 {
		t.Errorf("%d objects show little", n)
	}
	if size, err := reader.Size(plumbing.ComputeHash(plumbing.BlobObject, []byte("loose"))); size != 5 || err != nil {
		t.Errorf("loose: %d, %v", size, err)
	}
	if _, err := reader.Size(plumbing.NewHash("01")); !errors.Is(err, plumbing.ErrObjectNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestLargerThanWhatIsReadIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := onePack(t)
	loose := plumbing.NewHash(git(t, dir, strings.Repeat("loose ", 100), "hash-object", "-w", "--stdin"))
	store := opened(t, filepath.Join(dir, "objects"))
	packed := plumbing.NewHash(git(t, dir, "", "rev-parse", "main:env-0/group-0.hcl"))
	for _, h := range []plumbing.Hash{loose, packed} {
		reader := store.NewReader()
		reader.Most = 500
		if _, _, err := reader.Object(h); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", h, err)
		}
	}
}

func TestPacksComeAndGo(t *testing.T) {
	t.Parallel()
	dir, path := onePack(t)
	head := plumbing.NewHash(git(t, dir, "", "rev-parse", "main"))
	store := new(Store)
	defer store.Close()
	if store.Has(head) {
		t.Error("an empty store has an object")
	}
	p := openedPack(t, path)
	store.Add(p)
	if _, err := store.NewReader().Verified(plumbing.CommitObject, head); err != nil || !store.Has(head) {
		t.Errorf("it is not there: %v", err)
	}
	if err := store.Remove(p); err != nil || store.Has(head) {
		t.Errorf("it is still there, %v", err)
	}
	if _, _, err := store.NewReader().Object(head); !errors.Is(err, plumbing.ErrObjectNotFound) {
		t.Errorf("removed: %v", err)
	}
	if err := store.Remove(p); err != nil {
		t.Errorf("what is gone is removed: %v", err)
	}
}

func TestPacksAreOpenedWhenSomethingIsNotLoose(t *testing.T) {
	t.Parallel()
	dir, _ := onePack(t)
	loose := plumbing.NewHash(git(t, dir, "loose", "hash-object", "-w", "--stdin"))
	packed := plumbing.NewHash(git(t, dir, "", "rev-parse", "main"))
	store := OpenLate(filepath.Join(dir, "objects"))
	defer store.Close()
	reader := store.NewReader()
	if _, _, err := reader.Object(loose); err != nil || len(store.Packs()) > 0 {
		t.Errorf("loose: %d packs are open, %v", len(store.Packs()), err)
	}
	if _, _, err := reader.Object(packed); err != nil || len(store.Packs()) != 1 {
		t.Errorf("packed: %d packs are open, %v", len(store.Packs()), err)
	}
}

// TestWhatALargeObjectTookIsGivenBack: an agent reads for months.
func TestWhatALargeObjectTookIsGivenBack(t *testing.T) {
	t.Parallel()
	dir, _ := onePack(t)
	var names []string
	for _, end := range []string{"a", "b"} { // one becomes a difference of the other
		text := string(samples()["noise"]) + strings.Repeat(string(samples()["noise"]), 20) + end
		names = append(names, git(t, dir, text, "hash-object", "-w", "--stdin"))
	}
	git(t, dir, strings.Join(names, "\n"), "pack-objects", "-q", "objects/pack/pack")
	git(t, dir, "", "prune-packed", "-q")
	reader := opened(t, filepath.Join(dir, "objects")).NewReader()
	for _, name := range names {
		if _, err := reader.Verified(plumbing.BlobObject, plumbing.NewHash(name)); err != nil {
			t.Fatal(err)
		}
	}
	kept := cap(reader.delta)
	for _, w := range reader.windows {
		kept += cap(w.each[0].text) + cap(w.each[1].text)
	}
	if kept > mostRoom {
		t.Errorf("%d bytes are kept", kept)
	}
}
