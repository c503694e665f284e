package declare

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moult/reconcile"
)

// meaning is what a text declares, without where it stands.
func meaning(t testing.TB, content []byte) []Environment {
	t.Helper()
	environments, _ := Parse([]Text{{Path: "a.hcl", Content: content}})
	return environments
}

var ignorePositions = cmp.Options{
	cmpopts.IgnoreFields(Environment{}, "Position"),
	cmpopts.IgnoreFields(reconcile.Declaration{}, "Position"),
}

// checkFormat holds Format to its promises on any text.
func checkFormat(t *testing.T, content []byte) {
	t.Helper()
	once, diagnostics := Format("a.hcl", content)
	if len(diagnostics) > 0 {
		if !bytes.Equal(once, content) {
			t.Fatalf("a text with mistakes was changed: %q -> %q", content, once)
		}
		return
	}
	twice, diagnostics := Format("a.hcl", once)
	if len(diagnostics) > 0 {
		t.Fatalf("formatting broke %q: %s", content, diagnostics)
	}
	if diff := cmp.Diff(string(once), string(twice)); diff != "" {
		t.Fatalf("not idempotent (-once +twice):\n%s", diff)
	}
	if diff := cmp.Diff(meaning(t, content), meaning(t, once), ignorePositions); diff != "" {
		t.Fatalf("formatting changed the meaning (-before +after):\n%s", diff)
	}
}

func TestFormatIsCanonical(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/format/*.in")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			content := readTestdata(t, path)
			got, diagnostics := Format(path, content)
			if len(diagnostics) > 0 {
				t.Fatal(diagnostics)
			}
			golden(t, path[:len(path)-len(".in")]+".want", got)
			checkFormat(t, content)
		})
	}
}

func TestFormatKeepsThePromiseOnEveryMistake(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/mistakes/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		for _, text := range textsIn(t, folder) {
			checkFormat(t, text.Content)
		}
	}
}
