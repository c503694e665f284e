package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/packs"
)

// limits are what a server can make the agent store. An object is one note, or
// one folder of notes; a million entries unpack to what may be unpacked.
// Nothing is made from more than both readers of the store make: go-git holds all of
// a chain, and package objects makes no note from more.
var limits = packs.Limits{Bytes: 512 << 20, Objects: 5_000_000, ObjectBytes: 32 << 20, Unpacked: 16 << 30, Chain: 64 << 20}

// received is a pack that was added.
type received struct {
	path string // without its ending; "" of a pack without objects
	old  bool   // the same pack was there before
}

// receive adds a pack; see [packs.Store]. cut are commits whose parents are said
// not to come with it; see boundary.go for whether that is believed. Objects are
// there when it returns; no ref names them yet.
func (r *repository) receive(cut []plumbing.Hash, fill func(*os.File) (*idxfile.MemoryIndex, error)) (received, error) {
	dir := filepath.Join(r.dir, "objects", "pack")
	var got received
	var came *idxfile.MemoryIndex
	var fresh []plumbing.Hash
	var known map[plumbing.Hash]bool
	name, err := packs.Store(dir, func(f *os.File) (index *idxfile.MemoryIndex, err error) {
		if index, err = fill(f); err != nil || index == nil {
			return nil, err
		}
		if fresh, known, err = r.claimed(cut, index); err != nil {
			return nil, err
		}
		came, got.old = index, packed(dir, index)
		return index, r.announce(fresh)
	})
	if err != nil || name == "" {
		return got, err
	}
	got.path = filepath.Join(dir, name)
	if err := r.reopen(); err != nil {
		return got, err
	}
	return got, r.withdraw(r.whole(fresh, came, known))
}

// packed reports whether a folder has a pack already.
func packed(dir string, index *idxfile.MemoryIndex) bool {
	_, err := os.Stat(filepath.Join(dir, packs.Name(index)+".pack"))
	return err == nil
}

// withdraw takes commits off the boundary that were announced in vain.
func (r *repository) withdraw(commits []plumbing.Hash) error {
	if len(commits) == 0 {
		return nil
	}
	r.mu.Lock()
	for _, h := range commits {
		delete(r.shallow, h)
	}
	r.mu.Unlock()
	if err := r.writeShallow(r.noted()); err != nil {
		return fmt.Errorf("receive pack: %w", err)
	}
	return nil
}

// drop removes a pack that is of no use. The index goes first: one without its
// pack is never there.
func (r *repository) drop(got received) error {
	if got.path == "" || got.old { // what was there before may be needed
		return nil
	}
	for _, ending := range []string{".idx", ".pack"} {
		if err := os.Remove(got.path + ending); err != nil {
			return fmt.Errorf("drop pack: %w", err)
		}
	}
	return r.reopen()
}

// base is an object that a thin pack leaves out.
func (r *repository) base(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
	for _, kind := range []plumbing.ObjectType{plumbing.TreeObject, plumbing.BlobObject, plumbing.CommitObject} {
		content, err := r.object(kind, h)
		if err == nil {
			return kind, content, true, nil
		}
	}
	return plumbing.InvalidObject, nil, false, nil
}

// filled is how to fill a pack with objects of a repository.
func (r *repository) filled(ctx context.Context, objects []named) func(*os.File) (*idxfile.MemoryIndex, error) {
	return func(f *os.File) (*idxfile.MemoryIndex, error) {
		if err := r.writePack(ctx, f, objects); err != nil {
			return nil, err
		}
		return packs.Index(ctx, f, limits)
	}
}

// haves are commits that the store has with all that they need.
func (r *repository) haves() ([]plumbing.Hash, error) {
	var haves []plumbing.Hash
	for _, name := range []string{Ref, seenRef} {
		h, err := r.ref(name)
		if err != nil {
			return nil, err
		}
		if !h.IsZero() {
			haves = append(haves, h)
		}
	}
	return haves, nil
}
