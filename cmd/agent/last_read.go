package main

import (
	"context"
	"sync/atomic"

	"moult/reconcile"
)

// lastRead is a source that remembers what was last read, for those who are
// not the loop.
type lastRead struct {
	reconcile.Source
	// Unreadable is called when a reading fails and none has succeeded before;
	// nil means nobody asks.
	Unreadable func(error)

	declared atomic.Pointer[reconcile.Declared]
}

// Read reads and remembers.
func (l *lastRead) Read(ctx context.Context) (reconcile.Declared, error) {
	declared, err := l.Source.Read(ctx)
	switch {
	case err == nil:
		l.declared.Store(&declared)
	case l.Unreadable != nil && ctx.Err() == nil && l.declared.Load() == nil:
		l.Unreadable(err)
	}
	return declared, err
}

// now is what was last read; nothing at first.
func (l *lastRead) now() reconcile.Declared {
	if d := l.declared.Load(); d != nil {
		return *d
	}
	return reconcile.Declared{}
}
