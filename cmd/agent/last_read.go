package main

import (
	"cmp"
	"context"
	"slices"
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

// writtenBy is the commit that wrote the image which a commit put in force in a
// group, where that is another and is known; else zero.
func (l *lastRead) writtenBy(group reconcile.ID, commit string) reconcile.Commit {
	groups := l.now().Groups
	i, found := slices.BinarySearchFunc(groups, group, func(d reconcile.Declaration, id reconcile.ID) int {
		return cmp.Or(cmp.Compare(d.ID.Environment, id.Environment), cmp.Compare(d.ID.Group, id.Group))
	})
	if !found || groups[i].Commit.Hash != commit {
		return reconcile.Commit{}
	}
	return groups[i].Written
}
