package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/durable"
)

// The boundary is the commits of a store whose parents it does not have. It
// lies on disk where git keeps it, in the file "shallow"
// (gitrepository-layout(5)): one hash a line. What is behind it counts as not
// there, so whoever could put any commit on it could cut the agent's own record
// in two, or make what goes on from it look rewritten.
//
// A server says which commits it cuts off, and may err or lie. It is believed
// about a commit that it sends itself, that no ref of the store has led to, and
// of which a parent is neither sent nor had: of such a one nothing else can be
// true. Not every repository that cuts is hostile: a server may be a shallow
// clone itself, and one that speaks version 0 then names commits of every
// branch. So what is not believed is passed over, and what is missing in spite
// of it is found by [repository.checkSent].

// claimed are those of some commits, said to be cut off, that arrive in a pack
// and that no ref has led to. known is what the refs lead to; it is only
// looked for when something is said.
func (r *repository) claimed(cut []plumbing.Hash, arriving *idxfile.MemoryIndex) (fresh []plumbing.Hash, known map[plumbing.Hash]bool, err error) {
	if len(cut) == 0 || arriving == nil {
		return nil, nil, nil
	}
	if known, err = r.known(); err != nil {
		return nil, nil, err
	}
	for _, h := range cut {
		arrives, err := arriving.Contains(h)
		if err != nil {
			return nil, nil, err
		}
		if arrives && !known[h] {
			fresh = append(fresh, h)
		}
	}
	return fresh, known, nil
}

// whole are those of some commits that are not cut off: each parent came with
// them, or the refs led to it before.
func (r *repository) whole(commits []plumbing.Hash, came *idxfile.MemoryIndex, known map[plumbing.Hash]bool) []plumbing.Hash {
	return slices.DeleteFunc(slices.Clone(commits), func(h plumbing.Hash) bool {
		c, err := r.commit(h)
		return err == nil && slices.ContainsFunc(c.ParentHashes, func(p plumbing.Hash) bool {
			arrived, err := came.Contains(p)
			return err == nil && !arrived && !known[p]
		})
	})
}

// known are all commits that the refs of a store lead to.
func (r *repository) known() (map[plumbing.Hash]bool, error) {
	todo, err := r.haves()
	if err != nil {
		return nil, err
	}
	known := map[plumbing.Hash]bool{}
	for len(todo) > 0 {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if known[h] {
			continue
		}
		known[h] = true
		c, err := r.commit(h)
		if err != nil {
			return nil, err
		}
		todo = append(todo, r.parents(c)...)
	}
	return known, nil
}

// announce writes down what the boundary may become, before the objects are in
// place: a store that is killed in between never lacks what is behind a commit
// without saying so.
func (r *repository) announce(fresh []plumbing.Hash) error {
	noted, standing := r.noted(), r.boundary()
	if len(fresh) == 0 && len(noted) == len(standing) {
		return nil
	}
	return r.writeShallow(append(standing, fresh...)) // and nothing that a kill left
}

func (r *repository) writeShallow(commits []plumbing.Hash) error {
	plumbing.HashesSort(commits)
	path := filepath.Join(r.dir, "shallow")
	if len(commits) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write where the ledger begins: %w", err)
		}
		return durable.SyncFolder(r.dir) // git takes an empty file for a shallow clone
	}
	var b strings.Builder
	for _, h := range slices.Compact(commits) {
		b.WriteString(h.String() + "\n")
	}
	return durable.Replace(path, []byte(b.String()), 0o644)
}

// noted lists the commits that are written down as the boundary.
func (r *repository) noted() []plumbing.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	var commits []plumbing.Hash
	for h := range r.shallow {
		commits = append(commits, h)
	}
	plumbing.HashesSort(commits)
	return commits
}

// boundary lists the commits whose parents are not there. One that is written
// down and not there was announced by a fetch that a kill cut off.
func (r *repository) boundary() []plumbing.Hash {
	return slices.DeleteFunc(r.noted(), func(h plumbing.Hash) bool { return !r.has(h) })
}
