package main

import (
	"context"
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
