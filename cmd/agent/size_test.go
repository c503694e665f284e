package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// mostBinary is how large the program may be, in bytes; it has 33 MB.
const mostBinary = 45 << 20

// TestTheProgramHasOnlyWhatItCalls: a single call of text/template, or of a method
// by a name that is made up, makes the linker keep all methods of the AWS SDK,
// which are 50 MB and 9 MB of memory.
func TestTheProgramHasOnlyWhatItCalls(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("links the program; the tests without -short do")
	}
	program := filepath.Join(t.TempDir(), "moult")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > mostBinary {
		t.Errorf("the program has %d MB; go build -ldflags=-dumpdep says by which way methods are reached", info.Size()>>20)
	}
}
