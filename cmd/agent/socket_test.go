package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// served is a desk that answers at a socket until the test ends.
func served(t *testing.T) (*desk, string) {
	t.Helper()
	// Not t.TempDir: a socket's path must be short.
	dir, err := os.MkdirTemp("", "moult")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d, path := &desk{}, filepath.Join(dir, "state", "agent.sock")
	ctx, cancel := context.WithCancel(context.Background())
	closed, err := d.serve(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); <-closed })
	return d, path
}

func TestAgentAnswersWithItsLatestReport(t *testing.T) {
	t.Parallel()
	d, path := served(t)
	if _, err := askAgent(t.Context(), path); err == nil || !strings.Contains(err.Error(), "nothing to report yet") {
		t.Errorf("before the first report: %v", err)
	}
	d.excuse(errors.New("poll https://git.example.com/fleet.git: access denied"))
	if _, err := askAgent(t.Context(), path); err == nil || !strings.Contains(err.Error(), "nothing to report yet: poll https://git.example.com/fleet.git: access denied") {
		t.Errorf("when nothing can be read: %v", err)
	}
	d.put(troubledReport())
	d.put(sampleReport())
	d.Ledger = sampleLedger
	got, err := askAgent(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(agentReport{Report: sampleReport(), Ledger: sampleLedger()}, got, cmpopts.IgnoreUnexported(ledgerState{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSocketIsNotForEverybody(t *testing.T) {
	t.Parallel()
	_, path := served(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != socketMode {
		t.Errorf("the socket's mode is %v (%v), want %v", info.Mode(), err, os.FileMode(socketMode))
	}
}

func TestSecondAgentDoesNotTakeTheSocketOfTheFirst(t *testing.T) {
	t.Parallel()
	_, path := served(t)
	if _, err := (&desk{}).serve(t.Context(), path); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("error is %v, want that another agent answers", err)
	}
}

func TestLeftOverSocketIsReplaced(t *testing.T) {
	t.Parallel()
	_, path := served(t)
	other := path + "2"
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: other, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as when it is killed
	dead.Close()
	if _, err := askAgent(t.Context(), other); err == nil || !strings.Contains(err.Error(), "none is running") {
		t.Errorf("asking a dead agent: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	closed, err := (&desk{}).serve(ctx, other)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-closed
	if _, err := os.Stat(other); !os.IsNotExist(err) {
		t.Errorf("the socket is still there after the end: %v", err)
	}
}

func TestTooLongASocketPathIsExplained(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	_, err := (&desk{}).serve(t.Context(), path)
	var a advised
	if !asAdvised(err, &a) || !strings.Contains(a.hint, "107 bytes") {
		t.Errorf("error is %v, want a hint about the length", err)
	}
}
