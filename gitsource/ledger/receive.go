package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/durable"
	"moult/gitsource/packs"
)

// limits are what a server can make the agent store. An object is one note, or
// one folder of notes; a million entries unpack to what may be unpacked.
// Nothing is made from more than go-git, which reads the store and holds all of a
// chain, has room for.
var limits = packs.Limits{Bytes: 512 << 20, Objects: 5_000_000, ObjectBytes: 32 << 20, Unpacked: 16 << 30, Chain: 128 << 20}

// receive adds a pack; see [packs.Store]. shallow are commits in it whose
// parents are not. Objects are there when it returns; no ref names them yet.
// The result is the path of the pack without its ending.
func (r *repository) receive(shallow []plumbing.Hash, fill func(*os.File) (*idxfile.MemoryIndex, error)) (string, error) {
	dir := filepath.Join(r.dir, "objects", "pack")
	name, err := packs.Store(dir, fill)
	if err != nil {
		return "", err
	}
	if err := r.addShallow(shallow); err != nil {
		return "", fmt.Errorf("receive pack: %w", err)
	}
	return filepath.Join(dir, name), r.reopen()
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

// packed is how to fill a pack with objects of a repository.
func (r *repository) packed(ctx context.Context, objects []named) func(*os.File) (*idxfile.MemoryIndex, error) {
	return func(f *os.File) (*idxfile.MemoryIndex, error) {
		if err := r.writePack(ctx, f, objects); err != nil {
			return nil, err
		}
		return packs.Index(ctx, f, limits)
	}
}

// addShallow notes commits whose parents are not there, one a line
// (gitrepository-layout(5), shallow).
func (r *repository) addShallow(more []plumbing.Hash) error {
	if len(more) == 0 {
		return nil
	}
	return r.writeShallow(append(r.boundary(), more...))
}

func (r *repository) writeShallow(commits []plumbing.Hash) error {
	plumbing.HashesSort(commits)
	var b strings.Builder
	for _, h := range slices.Compact(commits) {
		b.WriteString(h.String() + "\n")
	}
	return durable.Replace(filepath.Join(r.dir, "shallow"), []byte(b.String()), 0o644)
}

// boundary lists the commits whose parents are not there.
func (r *repository) boundary() []plumbing.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	var commits []plumbing.Hash
	for h := range r.shallow {
		commits = append(commits, h)
	}
	plumbing.HashesSort(commits)
	return commits
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
