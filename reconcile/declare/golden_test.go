package declare

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// textsIn reads the declaration files of a folder.
func textsIn(t testing.TB, folder string) []Text {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.hcl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no .hcl file in %s: %v", folder, err)
	}
	var texts []Text
	for _, p := range paths {
		content, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, Text{Path: filepath.Base(p), Content: content})
	}
	return texts
}

// Each folder of testdata/mistakes is named after one defect. Its want.txt is
// what a person reads, and which environments can still be obeyed.
func TestEachMistakeIsToldClearly(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/mistakes/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 100 {
		t.Fatalf("only %d cases found", len(folders))
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			environments, diagnostics := Parse(textsIn(t, folder))
			var got bytes.Buffer
			if err := diagnostics.WriteText(&got, false); err != nil {
				t.Fatal(err)
			}
			for _, e := range environments {
				got.WriteString("\n" + e.Position + " " + e.Name + ": " + map[bool]string{true: "good", false: "stays as it is"}[e.Good] + "\n")
			}
			golden(t, filepath.Join(folder, "want.txt"), got.Bytes())
			for _, d := range diagnostics {
				if d.Hint == "" {
					t.Errorf("no hint: %s", d)
				}
				if strings.HasSuffix(d.Summary, ".") || d.Summary == "" {
					t.Errorf("a summary is a phrase without a full stop: %q", d.Summary)
				}
			}
		})
	}
}

func readTestdata(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
