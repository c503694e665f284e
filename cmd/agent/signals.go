package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal is ctx, ended by SIGINT or SIGTERM. The first of them ends
// cleanly; a second one kills, for whoever is in a hurry.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

var errTerminalGone = errors.New("the terminal has gone")

// untilHangup is ctx, in which SIGHUP asks for a poll. The same signal says
// that the terminal has gone; an agent that somebody watched there ends with it.
func untilHangup(ctx context.Context, at surroundings, h hints) context.Context {
	ctx, end := context.WithCancelCause(ctx)
	watched := terminal(at.err)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				if watched && !terminal(at.err) {
					end(errTerminalGone)
				}
				h.give("SIGHUP")
			}
		}
	}()
	return ctx
}
