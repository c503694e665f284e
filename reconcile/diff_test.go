package reconcile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files; read the diff before you commit it")

// TestDiff holds one row of the truth table in each file of testdata/diff: a
// sentence that says what is shown, the facts (see facts_test.go for the
// words), and below the line what Diff and the doctor make of them.
func TestDiff(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/diff/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("find golden files: %v, %d found", err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			golden(t, file)
		})
	}
}

const line = "---\n"

func golden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	given, want, _ := strings.Cut(string(text), line)
	f, err := parseFacts(given)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	got := f.plan().Text()
	if *update {
		if err := os.WriteFile(file, []byte(given+line+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
