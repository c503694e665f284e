package gitsource

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKilledAfterEachGitWrite leaves a state directory as a kill would: with
// the first n of the files that a fetch wrote, in the order in which it wrote
// them, the last of them whole or cut in half. Whatever is left, the next agent
// ends at the same commit with the same history.
func TestKilledAfterEachGitWrite(t *testing.T) {
	t.Parallel()
	origin := newFixture(t)
	origin.commit("first", files{"a.hcl": "one", "b.hcl": "two"})
	dir := t.TempDir()
	r := repository(t, origin.dir)
	r.StateDir = dir
	fetch(t, r)
	must(t, r.Close())
	before := snapshot(t, dir)

	want := origin.commit("second", files{"a.hcl": "three", "b.hcl": "two"})
	r = again(t, r)
	fetch(t, r)
	told := history(t, r, "", want)
	must(t, r.Close())
	after := snapshot(t, dir)

	points := 0
	for _, step := range []struct{ base, wrote []leftover }{{nil, before}, {before, newer(before, after)}} {
		for n := range step.wrote {
			for _, torn := range []bool{false, true} {
				points++
				left := slices.Concat(step.base, step.wrote[:n+1])
				if torn {
					left[len(left)-1].content = left[len(left)-1].content[:len(left[len(left)-1].content)/2]
				}
				killed(t, origin, left, want, told)
			}
		}
	}
	t.Logf("%d crash points", points)
}

// killed starts an agent on what is left and wants it to end where it should.
func killed(t *testing.T, origin *fixture, left []leftover, want string, told []string) {
	t.Helper()
	r := repository(t, origin.dir)
	r.StateDir = t.TempDir()
	for _, w := range left {
		path := filepath.Join(r.StateDir, w.path)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, w.content, 0o600))
	}
	last := left[len(left)-1]
	got := fetch(t, r)
	if got.Head != want {
		t.Errorf("killed at %s (%d bytes of it): head %s, want %s", last.path, len(last.content), got.Head, want)
	}
	if h := history(t, r, "", want); !slices.Equal(h, told) {
		t.Errorf("killed at %s (%d bytes of it): history %q, want %q", last.path, len(last.content), h, told)
	}
	must(t, r.Close())
}

// leftover is one file of a state directory.
type leftover struct {
	path    string
	at      time.Time
	content []byte
}

// snapshot is every file below a directory, in the order of writing.
func snapshot(t *testing.T, dir string) []leftover {
	t.Helper()
	var all []leftover
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info := value[os.FileInfo](t)(d.Info())
		all = append(all, leftover{strings.TrimPrefix(path, dir+"/"), info.ModTime(), value[[]byte](t)(os.ReadFile(path))})
		return nil
	}))
	slices.SortStableFunc(all, func(a, b leftover) int { return a.at.Compare(b.at) })
	return all
}

// newer is what was written since.
func newer(before, after []leftover) []leftover {
	return slices.DeleteFunc(slices.Clone(after), func(w leftover) bool {
		return slices.ContainsFunc(before, func(b leftover) bool { return b.path == w.path && b.at.Equal(w.at) })
	})
}
