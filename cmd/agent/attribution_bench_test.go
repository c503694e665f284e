package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moult/gitsource"
	"moult/reconcile"
)

// BenchmarkAttribution reads all of a long history, in a process of its own,
// from a mirror that has it: which commit set each image, and who wrote it. A
// sample is compared with git blame.
//
//	go test ./cmd/agent -run xxx -bench Attribution -benchtime 1x
func BenchmarkAttribution(b *testing.B) {
	for _, size := range []struct{ commits, files int }{{5_000, 3_000}, {50_000, 3_000}} {
		b.Run(fmt.Sprintf("%dx%d", size.commits, size.files), func(b *testing.B) {
			dir := gitHistory(b, size.commits, size.files, 2, 1)
			mirror := b.TempDir()
			repository := &gitsource.Repository{URL: dir, Path: "fleet", StateDir: mirror, Log: slog.New(slog.DiscardHandler)}
			if _, err := repository.Fetch(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := repository.Close(); err != nil {
				b.Fatal(err)
			}
			var read attributed
			for b.Loop() {
				read = attributedInAProcess(b, dir, mirror)
			}
			b.ReportMetric(read.Seconds*1000/float64(size.commits), "ms/commit")
			b.ReportMetric(read.CPUSeconds*1000/float64(size.commits), "CPU-ms/commit")
			b.ReportMetric(read.PeakMB, "peak-MB")
			compareWithBlame(b, dir, read.Declared, 20)
		})
	}
}

// attributed is what the other process tells.
type attributed struct {
	Declared   reconcile.Declared `json:"declared"`
	Seconds    float64            `json:"seconds"`
	CPUSeconds float64            `json:"cpu_seconds"`
	PeakMB     float64            `json:"peak_mb"`
}

const historyToRead, mirrorToRead, resultToWrite = "MOULT_TEST_HISTORY", "MOULT_TEST_MIRROR", "MOULT_TEST_RESULT"

func attributedInAProcess(b *testing.B, dir, mirror string) attributed {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	result := filepath.Join(b.TempDir(), "result.json")
	c := exec.Command(self, "-test.run", "^TestAttributionOfALargeHistory$", "-test.v")
	c.Env = append(os.Environ(), historyToRead+"="+dir, mirrorToRead+"="+mirror, resultToWrite+"="+result)
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(result)
	var read attributed
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		b.Fatal(err)
	}
	read.CPUSeconds = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	return read
}

// TestAttributionOfALargeHistory is the other process.
func TestAttributionOfALargeHistory(t *testing.T) {
	dir := os.Getenv(historyToRead)
	if dir == "" {
		t.Skip("BenchmarkAttribution starts it")
	}
	repository := &gitsource.Repository{URL: dir, Path: "fleet", StateDir: os.Getenv(mirrorToRead), Log: slog.New(slog.DiscardHandler)}
	defer repository.Close()
	s := &source{history: repository, Whole: true, Checkpoint: checkpoint{File: filepath.Join(t.TempDir(), "history.json")}}
	began := time.Now()
	read := attributed{Declared: mustRead(t, s)}
	read.Seconds, read.PeakMB = time.Since(began).Seconds(), peakMB()
	text, err := json.Marshal(read)
	if err == nil {
		err = os.WriteFile(os.Getenv(resultToWrite), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// peakMB is the most memory that this process had; 0 where the system does not
// tell (proc_pid_status(5), VmHWM).
func peakMB() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	return 0
}
