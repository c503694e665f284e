// Command bench measures what docs/performance.md states: the AWS calls, the
// time, the CPU and the memory of a first pass and of a steady one, and how
// long it takes from a commit to its StartInstanceRefresh. It runs the real
// agent against a simulated AWS on loopback and prints Markdown. With -git it
// measures the git side instead, beside go-git's stock calls and the git command.
//
// Calls are exact and asserted by tests. Times are hints: they are this
// machine's, on the day, with the simulated AWS on the same cores.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

func main() {
	moult := flag.String("moult", "bin/moult", "the moult binary")
	sizes := flag.String("sizes", "100,1000,10000", "numbers of groups to measure")
	commits := flag.Int("commits", 20, "commits to time, at 1,000 groups")
	onGit := flag.Bool("git", false, "measure the git side, and not the AWS side")
	histories := flag.String("histories", "2000x300,50000x3000", "commits and files of the repositories to measure git with")
	name := flag.String("probe", "", "for bench itself: what to measure in this program")
	var p probe
	flag.StringVar(&p.url, "url", "", "for bench itself: the repository")
	flag.StringVar(&p.dir, "dir", "", "for bench itself: where a probe keeps what it has")
	flag.IntVar(&p.times, "times", 1, "for bench itself: how often")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	do := func() error { return bench(ctx, *moult, *sizes, *commits) }
	switch {
	case *name != "":
		do = func() error { return runProbe(ctx, *name, p) }
	case *onGit:
		do = func() error { return measureGit(ctx, *moult, *histories) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, moult, sizes string, commits int) error {
	fmt.Println("| groups | pass | Auto Scaling calls | EC2 calls | wall s | CPU s | peak MB |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, text := range strings.Split(sizes, ",") {
		groups, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("read sizes: %w", err)
		}
		if err := measurePasses(ctx, moult, groups); err != nil {
			return fmt.Errorf("%d groups: %w", groups, err)
		}
	}
	return measureCommits(ctx, moult, 1000, commits)
}

// measurePasses prints a row for a first pass, with nothing cached, and one
// for a steady pass of a new agent with a warm cache.
func measurePasses(ctx context.Context, moult string, groups int) error {
	s, err := newStage(moult, groups)
	if err != nil {
		return err
	}
	defer s.strike()
	for _, pass := range []string{"first", "steady"} {
		used, err := s.pass(ctx)
		if err != nil {
			return fmt.Errorf("%s pass: %w", pass, err)
		}
		fmt.Printf("| %d | %s | %d | %d | %.2f | %.2f | %d |\n", groups, pass, used.autoScaling, used.ec2, used.wall.Seconds(), used.cpu.Seconds(), used.peakMB)
	}
	return nil
}
