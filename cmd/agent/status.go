package main

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
)

const statusHelp = `Status asks the running agent where every group stands. The agent answers on a
unix socket in its state directory, or where agent.hcl says.

Exit code 0 when the agent answered, whatever it said; 1 when none did.`

// watchEvery is how often --watch asks.
const watchEvery = time.Second

func statusCommand(at surroundings) *cobra.Command {
	var flags common
	var out output
	var watch bool
	c := &cobra.Command{
		Use: "status", Short: "say where every group stands", Long: statusHelp, Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			s, err := flags.settings(at)
			if err != nil {
				return err
			}
			if watch {
				return watchStatus(c.Context(), at, s)
			}
			return status(c.Context(), at, s, out)
		},
	}
	flags.register(c)
	out.register(c)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "draw it again every second, until Ctrl-C")
	notTogether(c, "watch", "output")
	return c
}

func status(ctx context.Context, at surroundings, s settings, out output) error {
	report, err := askAgent(ctx, s.socketPath())
	if err != nil {
		return err
	}
	if out.format == asJSON {
		return writeJSON(at.out, report)
	}
	renderStatus(at.out, report, at.view(at.out))
	return nil
}

// watchStatus draws the status over and over, also before an agent answers and
// after it has stopped to.
func watchStatus(ctx context.Context, at surroundings, s settings) error {
	if !at.live(at.out) {
		return advise(errors.New("watch the status: this is no terminal"), "leave --watch out, or ask again and again with -o json")
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	again := time.NewTicker(watchEvery)
	defer again.Stop()
	for {
		picture := drawStatus(ctx, at, s)
		if ctx.Err() != nil {
			return nil
		}
		if _, err := at.out.Write(picture); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// drawStatus is one picture, which is to be written at once and from the top
// left, so that nothing flickers.
func drawStatus(ctx context.Context, at surroundings, s settings) []byte {
	var picture bytes.Buffer
	picture.WriteString(clearScreen)
	report, err := askAgent(ctx, s.socketPath())
	if err != nil {
		tellError(&picture, err, at.view(at.out))
		return picture.Bytes()
	}
	renderStatus(&picture, report, at.view(at.out))
	return picture.Bytes()
}

// clearScreen moves to the top left and clears what is below (ECMA-48, CUP and
// ED).
const clearScreen = "\x1b[H\x1b[J"
