// Command demo tells the story of Moult with the real agent, a real git
// repository and a simulated AWS: a merge rolls a fleet, a broken image rolls
// itself back and is held, a revert clears it, and a change made by hand is
// put right. It exits 1 when any step of the story does not happen.
//
// It needs the moult binary and the examples folder, and nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	moult := flag.String("moult", "bin/moult", "the moult binary")
	examples := flag.String("examples", "examples", "the folder that holds repo/ and fleet.hcl")
	keep := flag.Bool("keep", false, "leave everything running at the end, until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := demo(ctx, *moult, *examples, *keep); err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			err = errors.New("interrupted")
		}
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo sets the stage and plays the acts.
func demo(ctx context.Context, moult, examples string, keep bool) (err error) {
	s, err := setStage(ctx, moult, examples)
	if err != nil {
		return fmt.Errorf("set the stage: %w", err)
	}
	defer func() {
		if err != nil {
			s.showLog()
		}
		s.strike()
	}()
	for _, act := range acts() {
		s.say("\n%s", bold(act.title))
		if err := act.play(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", act.title, err)
		}
	}
	if !keep {
		s.say("\nThat was all of it, and nothing is left behind. make demo KEEP=1 leaves it running, to play on.")
		return nil
	}
	s.explainKeep()
	<-ctx.Done()
	s.say("\nThat ends everything; %s is removed, and nothing is left behind.", s.dir)
	return nil
}
