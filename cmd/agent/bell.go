package main

import "context"

// bell wakes the loop before its time. Many may ring it; who rings while it
// rings is heard once.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// echo rings for each value of a channel, which may be nil, until ctx ends.
func (b bell) echo(ctx context.Context, values <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-values:
			b.ring()
		}
	}
}
