package aws

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

var quiet = slog.New(slog.DiscardHandler)

func version(template string, n int64) knownVersion {
	return knownVersion{Version: reconcile.Version{Template: template, Number: n, Image: fmt.Sprintf("ami-%d", n), Base: n}}
}

func TestTheCacheFileKeepsVersions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "versions.json")
	var before, after versions
	own := version("lt-1", 1)
	own.Commit, own.Attributes = "4f2a91c0", true
	before.put("1/eu-west-1", own)
	before.put("1/eu-west-1", version("lt-1", 2))
	before.put("2/eu-west-1", version("lt-1", 1))
	before.save(path, quiet)
	after.load(path, quiet)
	if diff := cmp.Diff(before.byTemplate, after.byTemplate); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if _, ok := after.get("3/eu-west-1", versionRef{"lt-1", 1}); ok {
		t.Error("a version of another account is known")
	}
}

func TestADamagedCacheFileCostsOnlyWhatIsDamaged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "versions.json")
	var before, after versions
	for n := range int64(3) {
		before.put("1/eu-west-1", version("lt-1", n+1))
	}
	before.save(path, quiet)
	content, err := os.ReadFile(path)
	must(t, err)
	lines := strings.SplitAfter(string(content), "\n")
	damaged := lines[0] + "{\"in\":\"1/eu-west-1\",\"temp\n\x00\x01garbage\n{}\nnull\n" + lines[1] + lines[2][:20]
	must(t, os.WriteFile(path, []byte(damaged), 0o644))
	after.load(path, quiet)
	for n, want := range map[int64]bool{1: true, 2: true, 3: false} {
		if _, ok := after.get("1/eu-west-1", versionRef{"lt-1", n}); ok != want {
			t.Errorf("version %d known: %v, want %v", n, ok, want)
		}
	}
}

func TestTheCacheFileIsWrittenOnlyWhenSomethingWasLearnt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "versions.json")
	var v versions
	v.save(path, quiet)
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written for nothing")
	}
	v.put("1/eu-west-1", version("lt-1", 1))
	v.save(path, quiet)
	must(t, os.Remove(path))
	v.save(path, quiet)
	if _, err := os.Stat(path); err == nil {
		t.Error("the same was written twice")
	}
}

func TestACacheThatCannotBeWrittenIsNoTrouble(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	var log strings.Builder
	var v versions
	v.put("1/eu-west-1", version("lt-1", 1))
	v.save(filepath.Join(file, "versions.json"), slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "file of template versions not written") {
		t.Errorf("log %q does not say so", log.String())
	}
	if _, ok := v.get("1/eu-west-1", versionRef{"lt-1", 1}); !ok {
		t.Error("the version is forgotten")
	}
}

func TestTheOldestVersionsOfATemplateAreForgotten(t *testing.T) {
	t.Parallel()
	var v versions
	for n := range int64(versionsKept + 1) {
		v.put("1/eu-west-1", version("lt-1", n+1))
	}
	if _, ok := v.get("1/eu-west-1", versionRef{"lt-1", 1}); ok {
		t.Error("the first is still known")
	}
	for n := range int64(versionsKept) {
		if _, ok := v.get("1/eu-west-1", versionRef{"lt-1", n + 2}); !ok {
			t.Errorf("version %d is forgotten", n+2)
		}
	}
}
