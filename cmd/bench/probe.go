package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A probe is one thing that is measured, in a program of its own, so that its
// memory is nobody else's: bench runs itself with -probe.

// probe is what one needs to know.
type probe struct {
	url   string
	dir   string // of its own state, which may be there from a probe before
	times int    // how often it is done, where once is too short
	// ready tells the stage that what was to be there before is there, and waits
	// until it says to go on.
	ready func() error
}

// reading is what a probe found out about itself.
type reading struct {
	Wall  float64 `json:"wall_ms"`
	CPU   float64 `json:"cpu_ms"`
	Alloc float64 `json:"alloc_kb"`
	Files float64 `json:"files_ms,omitempty"` // until the declarations were read
	Soon  float64 `json:"soon_ms,omitempty"`  // and parsed: of use
	Count int     `json:"count,omitempty"`    // of what was done
	Peak  float64 `json:"peak_mb"`
}

// meter reads clocks.
type meter struct {
	began time.Time
	cpu   time.Duration
	alloc uint64
}

func newMeter() meter {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return meter{began: time.Now(), cpu: cpuTime(), alloc: m.TotalAlloc}
}

// read is what was used since, for each of so many times.
func (m meter) read(times int) reading {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	n := float64(times)
	return reading{
		Wall:  float64(time.Since(m.began).Microseconds()) / 1000 / n,
		CPU:   float64((cpuTime() - m.cpu).Microseconds()) / 1000 / n,
		Alloc: float64(now.TotalAlloc-m.alloc) / 1024 / n,
		Peak:  peakMB(),
	}
}

// How many commits are fetched, one by one: the first do not count, because an
// agent has been at it for long.
const warmUp, counted = 5, 20

// eachCommit does something for each new commit, and tells the mean of those
// that count.
func (p probe) eachCommit(do func() error) (reading, error) {
	var all reading
	for n := range warmUp + counted {
		if err := p.ready(); err != nil {
			return reading{}, err
		}
		m := newMeter()
		if err := do(); err != nil {
			return reading{}, err
		}
		if n >= warmUp {
			all.add(m.read(counted))
		}
	}
	return all, nil
}

func (r *reading) add(more reading) {
	r.Wall += more.Wall
	r.CPU += more.CPU
	r.Alloc += more.Alloc
	r.Peak = more.Peak
}

// peakMB is the most memory that this program ever had. Linux counts it anew
// after exec in VmHWM (proc_pid_status(5)), and not in getrusage.
func peakMB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes float64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		return 0
	}
	return kilobytes / 1024
}

// cpuTime is what this program has used, in user and kernel mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tellReady writes a line and waits for one.
func tellReady() error {
	fmt.Println("ready")
	_, err := bufio.NewReader(os.Stdin).ReadString('\n')
	return err
}

// runProbe is the other program: it does one thing and prints its reading.
func runProbe(ctx context.Context, name string, p probe) error {
	do, ok := probes[name]
	if !ok {
		return fmt.Errorf("there is no probe %q", name)
	}
	p.ready = tellReady
	r, err := do(ctx, p)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
