package gitsource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// damages are the ways in which a mirror was seen to break, or may be left by
// a kill in the middle of something.
var damages = map[string]func(t *testing.T, mirror string){
	"truncated pack":  func(t *testing.T, m string) { must(t, os.Truncate(one(t, m, "*.pack"), 60)) },
	"pack cut by one": func(t *testing.T, m string) { cut(t, one(t, m, "*.pack"), 1) },
	"pack of zeros":   func(t *testing.T, m string) { zero(t, one(t, m, "*.pack")) },
	"no pack":         func(t *testing.T, m string) { must(t, os.Remove(one(t, m, "*.pack"))) },
	"truncated index": func(t *testing.T, m string) { must(t, os.Truncate(one(t, m, "*.idx"), 1100)) },
	"empty index":     func(t *testing.T, m string) { must(t, os.Truncate(one(t, m, "*.idx"), 0)) },
	"no index":        func(t *testing.T, m string) { must(t, os.Remove(one(t, m, "*.idx"))) },
	"empty ref":       func(t *testing.T, m string) { must(t, os.Truncate(filepath.Join(m, "refs/heads/main"), 0)) },
	"no ref":          func(t *testing.T, m string) { must(t, os.Remove(filepath.Join(m, "refs/heads/main"))) },
	"ref to nothing": func(t *testing.T, m string) {
		must(t, os.WriteFile(filepath.Join(m, "refs/heads/main"), []byte(someTip+"\n"), 0o600))
	},
	"no identity":    func(t *testing.T, m string) { must(t, os.Remove(filepath.Join(m, identityFile))) },
	"torn identity":  func(t *testing.T, m string) { must(t, os.Truncate(filepath.Join(m, identityFile), 5)) },
	"no directories": func(t *testing.T, m string) { must(t, os.RemoveAll(filepath.Join(m, "objects"))) },
	"bad shallow": func(t *testing.T, m string) {
		must(t, os.WriteFile(filepath.Join(m, "shallow"), []byte("nonsense\n"), 0o600))
	},
}

// one is the only file of a kind.
func one(t *testing.T, mirror, pattern string) string {
	t.Helper()
	found := value[[]string](t)(filepath.Glob(filepath.Join(mirror, "objects", "pack", pattern)))
	if len(found) != 1 {
		t.Fatalf("there are %d of %s", len(found), pattern)
	}
	return found[0]
}

func cut(t *testing.T, file string, n int64) {
	info := value[os.FileInfo](t)(os.Stat(file))
	must(t, os.Truncate(file, info.Size()-n))
}

// zero overwrites the objects of a pack and leaves its begin and end.
func zero(t *testing.T, file string) {
	content := value[[]byte](t)(os.ReadFile(file))
	clear(content[12 : len(content)-20])
	must(t, os.Chmod(file, 0o600))
	must(t, os.WriteFile(file, content, 0o600))
}

func TestDamagedMirrorIsClonedAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			head := f.commit("begin", files{"a.hcl": "one"})
			r := repository(t, f.dir)
			fetch(t, r)
			mirror := filepath.Join(r.StateDir, "mirror")
			must(t, r.Close())
			damage(t, mirror)

			r = again(t, r)
			var logged bytes.Buffer
			r.Log = slog.New(slog.NewTextHandler(&logged, nil))
			if got := r.Head(); got != "" {
				t.Errorf("a damaged mirror has head %s", got)
			}
			if got := fetch(t, r); got.Head != head || !got.Changed {
				t.Errorf("got %+v", got)
			}
			fetch(t, r)
			if n := strings.Count(logged.String(), "mirror discarded"); n != 1 {
				t.Errorf("it is logged %d times: %s", n, &logged)
			}
			if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDamageWhileTheRepositoryIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	must(t, r.Close())
	damages["truncated pack"](t, filepath.Join(r.StateDir, "mirror"))
	must(t, os.Rename(f.dir, f.dir+".away"))

	r = again(t, r)
	for range 2 {
		text := refused(t, r, ErrUnreachable, "the mirror was damaged and thrown away")
		if !strings.Contains(text, "does not exist; check the path") {
			t.Errorf("error does not say what to do: %s", text)
		}
		refused(t, r, ErrDamaged, "")
	}
	if _, err := r.Read(someTip); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading says %v", err)
	}
	must(t, os.Rename(f.dir+".away", f.dir))
	fetch(t, r)
	if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, r, "", "")); diff != "" {
		t.Error(diff)
	}
}

// TestDamageFoundByReading: the pack breaks while it is open.
func TestDamageFoundByReading(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	r = again(t, r) // nothing is in memory
	r.Head()
	var blob string
	for rev, err := range r.Revisions(context.Background(), "", "") {
		must(t, err)
		blob = rev.Files[0].Blob
	}
	zero(t, one(t, filepath.Join(r.StateDir, "mirror"), "*.pack"))
	r.open.mirror.forget()

	for range 2 {
		if _, err := r.Read(blob); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "clones") {
			t.Errorf("error is %v", err)
		}
	}
	if r.Head() != "" {
		t.Error("the head of a damaged mirror is obeyed")
	}
	if got := fetch(t, r); !got.Changed {
		t.Errorf("got %+v", got)
	}
	if text := value[[]byte](t)(r.Read(listedBlob(t, r))); string(text) != "one" {
		t.Errorf("read %q", text)
	}
}

func listedBlob(t *testing.T, r *Repository) string {
	t.Helper()
	for rev, err := range r.Revisions(context.Background(), "", "") {
		must(t, err)
		return rev.Files[0].Blob
	}
	return ""
}

// TestUnknownBlobIsNoDamage: asking for what never was must not cost a clone.
func TestUnknownBlobIsNoDamage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	if _, err := r.Read(someTip); !errors.Is(err, ErrUnknown) {
		t.Errorf("error is %v", err)
	}
	for _, err := range r.Revisions(context.Background(), "", someTip) {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("error is %v", err)
		}
	}
	if r.Head() == "" {
		t.Error("the mirror is thought damaged")
	}
}

func TestLeftoversOfAKilledFetchAreRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	r := repository(t, f.dir)
	fetch(t, r)
	must(t, r.Close())
	packs := filepath.Join(r.StateDir, "mirror", "objects", "pack")
	for _, name := range []string{
		"tmp_pack_123", "tmp_456", "pack-" + someTip + ".pack", "pack-" + strings.Repeat("b", 40) + ".idx",
	} {
		must(t, os.WriteFile(filepath.Join(packs, name), []byte("half"), 0o600))
	}
	must(t, os.MkdirAll(filepath.Join(r.StateDir, "mirror.next", "objects", "pack"), 0o700))

	r = again(t, r)
	if r.Head() != head {
		t.Errorf("head is %q", r.Head())
	}
	if left := value[[]os.DirEntry](t)(os.ReadDir(packs)); len(left) != 2 {
		t.Errorf("left over: %v", left)
	}
	if exists(filepath.Join(r.StateDir, "mirror.next")) {
		t.Error("the unfinished clone is left over")
	}
}

func TestMirrorOfSomethingElseIsThrownAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one", "env/b.hcl": "two"})
	f.point("other", f.head("main"))
	r := repository(t, f.dir)
	fetch(t, r)
	for name, change := range map[string]func(){
		"branch": func() { r.Branch = "other" },
		"path":   func() { r.Path = "env" },
		"URL":    func() { r.URL = fixtureAt(t, filepath.Join(t.TempDir(), "x.git")).dir },
	} {
		must(t, r.Close())
		change()
		if r.Head() != "" {
			t.Errorf("with another %s the old mirror is obeyed", name)
		}
	}
}

func TestStateDirectoryCanBeShared(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	head := f.commit("begin", files{"a.hcl": "one"})
	first := repository(t, f.dir)
	fetch(t, first)
	second := repository(t, f.dir)
	second.StateDir = first.StateDir
	if got := fetch(t, second); !got.Changed || got.Head != head {
		t.Errorf("got %+v", got)
	}
	must(t, os.RemoveAll(filepath.Join(first.StateDir, "mirror-2", "objects")))
	if diff := cmp.Diff([]string{"begin: a.hcl=one"}, history(t, first, "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestManyFetchesKeepFewPacks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := repository(t, f.dir)
	var want []string
	for i := range mostPacks + 25 {
		f.commit("c", files{"a.hcl": fmt.Sprint(i), "env/b.hcl": "same"})
		want = append(want, fmt.Sprintf("c: a.hcl=%d env/b.hcl=same", i))
		fetch(t, r)
	}
	if n := len(r.open.mirror.packs.Packs()); n > mostPacks {
		t.Errorf("there are %d packs", n)
	}
	if diff := cmp.Diff(want, history(t, again(t, r), "", "")); diff != "" {
		t.Error(diff)
	}
	git(t, filepath.Join(r.StateDir, "mirror"), "fsck", "--strict")
}

// TestThePackOfACloneIsJoinedToo: it came before the mirror was moved to where
// it is.
func TestThePackOfACloneIsJoinedToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := repository(t, f.dir)
	f.commit("begin", files{"a.hcl": "small"})
	fetch(t, r)
	for i := range mostPacks {
		f.commit("c", files{"a.hcl": fmt.Sprint(i), "b.hcl": fmt.Sprint("b", i), "c.hcl": fmt.Sprint("c", i)})
		fetch(t, r)
	}
	m := r.open.mirror
	there := value[[]string](t)(filepath.Glob(filepath.Join(m.packDir(), "*.pack")))
	if n := len(m.packs.Packs()); n > mostPacks || len(there) != n {
		t.Errorf("there are %d packs, and %d on disk", n, len(there))
	}
}
