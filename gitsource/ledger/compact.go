package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// A store needs the notes as they are, and the commits that the remote does
// not have yet. All else is at the remote, so from time to time it is left
// behind: a store that is written for years stays as large as its notes.

const (
	// crowdedFolder is how many objects lie in one of 256 folders when it is
	// time. One folder stands for all, as for git gc --auto.
	crowdedFolder = 16
	crowdedPacks  = 20
	// mostUnsent is how many commits are kept for a remote that does not take
	// them. Beyond that they become one, which holds all their entries.
	mostUnsent = 2000
)

// crowded reports whether it is time to compact.
func (r *repository) crowded() bool {
	loose, _ := os.ReadDir(filepath.Join(r.dir, "objects", "17")) // no folder: none
	packs, _ := filepath.Glob(filepath.Join(r.dir, "objects", "pack", "*.pack"))
	return len(loose) > crowdedFolder || len(packs) > crowdedPacks
}

// compact writes what is needed into one pack and removes the rest. A crash
// in between leaves more than is needed, never less.
func (l *Ledger) compact(ctx context.Context, store *repository, now time.Time) error {
	head, seen, err := store.position()
	if err != nil || head.IsZero() {
		return err
	}
	if head, err = l.fold(ctx, store, head, seen, now); err != nil {
		return fmt.Errorf("compact store of the ledger: %w", err)
	}
	keep, shallow, err := store.needed(seen, head)
	if err != nil {
		return fmt.Errorf("compact store of the ledger: %w", err)
	}
	if err := store.keepOnly(ctx, keep, shallow); err != nil {
		return fmt.Errorf("compact store of the ledger: %w", err)
	}
	store.clearOld(now)
	return nil
}

// clearOld removes files that a crash left half-written. One that is young may
// be another process's, which is just fetching.
func (r *repository) clearOld(now time.Time) {
	left, _ := filepath.Glob(filepath.Join(r.dir, "objects", "*", "tmp_*")) // the pattern is well-formed
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > time.Hour {
			os.Remove(path) // what stays is removed the next time
		}
	}
}

// fold makes one commit of those that could not be sent, when they are many.
func (l *Ledger) fold(ctx context.Context, store *repository, head, seen plumbing.Hash, now time.Time) (plumbing.Hash, error) {
	unsent, err := store.between(seen, head)
	if err != nil || len(unsent) <= mostUnsent {
		return head, err
	}
	tree, err := store.treeOf(head)
	if err != nil {
		return head, err
	}
	key, err := l.sealBetween(ctx, store, seen, tree)
	if err != nil {
		return head, err
	}
	next := link{
		tree: tree, parents: parentsOf(seen), by: l.Agent, key: key, now: now,
		message: fmt.Sprintf("Fold %d commits that could not be sent\n", len(unsent)),
	}
	if err := advance(store, &draft{}, next); err != nil {
		return head, err
	}
	return store.ref(Ref)
}

// needed are the objects to keep, and the commits among them whose parents
// are not kept: what was not sent, with its history, and what was last seen at
// the remote, without.
func (r *repository) needed(seen, head plumbing.Hash) (keep []named, shallow []plumbing.Hash, err error) {
	unsent, err := r.between(seen, head)
	if err != nil {
		return nil, nil, err
	}
	c := newContents(r)
	for _, commit := range unsent {
		if err := c.commit(commit); err != nil {
			return nil, nil, err
		}
		if r.isShallow(commit.Hash) {
			shallow = append(shallow, commit.Hash)
		}
	}
	if seen.IsZero() {
		return c.objects, shallow, nil
	}
	last, err := r.commit(seen)
	if err != nil {
		return nil, nil, err
	}
	if len(last.ParentHashes) > 0 {
		shallow = append(shallow, seen)
	}
	c.take(plumbing.CommitObject, seen)
	return c.objects, shallow, c.tree(plumbing.ZeroHash, last.TreeHash)
}

// keepOnly writes objects into one pack and removes every other file that
// holds objects.
func (r *repository) keepOnly(ctx context.Context, keep []named, shallow []plumbing.Hash) error {
	old := r.objectFiles()
	kept, err := r.receive(nil, r.filled(ctx, keep))
	if err != nil {
		return err
	}
	if err := r.writeShallow(shallow); err != nil {
		return err
	}
	for _, path := range old {
		if strings.TrimSuffix(path, filepath.Ext(path)) != kept.path { // else there was nothing to leave out
			err = errors.Join(err, os.Remove(path))
		}
	}
	return errors.Join(err, r.reopen())
}

// objectFiles are the files that hold objects.
func (r *repository) objectFiles() []string {
	var files []string
	for _, pattern := range []string{"??/*", "pack/pack-*"} {
		found, _ := filepath.Glob(filepath.Join(r.dir, "objects", pattern)) // the patterns are well-formed
		files = append(files, found...)
	}
	return files
}
