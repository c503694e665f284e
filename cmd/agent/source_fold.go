package main

import (
	"context"
	"errors"
	"fmt"

	"moult/gitsource"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// fold is a timeline and how far it has come.
type fold struct {
	timeline *declare.Timeline
	commit   string // the newest commit in the timeline
	unkept   int    // revisions since it was last kept
}

// take folds the revisions up to a commit.
func (f *fold) take(ctx context.Context, h history, upto string) error {
	for revision, err := range h.Revisions(ctx, f.commit, upto) {
		if err == nil {
			err = f.one(ctx, h, revision, upto)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one folds one revision. A commit of the past that never could be read is
// passed over: it cannot hold up those that came after it.
func (f *fold) one(ctx context.Context, h history, revision reconcile.Revision, upto string) error {
	err := f.timeline.Advance(revision, h.Read)
	if errors.Is(err, declare.ErrBase) { // the one before was passed over
		if revision, err = h.Revision(ctx, revision.Commit.Hash); err == nil {
			err = f.timeline.Advance(revision, h.Read)
		}
	}
	past := revision.Commit.Hash != upto
	if err != nil && !(past && passable(err)) {
		return fmt.Errorf("read commit %s: %w", revision.Commit.Short(), err)
	}
	f.commit = revision.Commit.Hash
	f.unkept++
	return nil
}

// passable reports whether an error is the fault of a commit alone.
func passable(err error) bool {
	return errors.Is(err, gitsource.ErrTooLarge) || errors.Is(err, gitsource.ErrMalformed)
}

// ancestry is history as a timeline looks for who wrote an image.
type ancestry struct {
	history
	differences func(commit, base string) (reconcile.Revision, error)
}

func ancestryOf(ctx context.Context, h history) ancestry {
	return ancestry{h, func(commit, base string) (reconcile.Revision, error) { return h.Differences(ctx, commit, base) }}
}

// Differences are none where a commit cannot be read: nothing was written there.
func (a ancestry) Differences(commit, base string) (reconcile.Revision, error) {
	rev, err := a.differences(commit, base)
	if passable(err) {
		return reconcile.Revision{}, nil
	}
	return rev, err
}

// File is not there where a commit cannot be read.
func (a ancestry) File(commit, path string) (reconcile.File, bool, error) {
	f, ok, err := a.history.File(commit, path)
	if passable(err) {
		return reconcile.File{}, false, nil
	}
	return f, ok, err
}
