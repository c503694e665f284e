package gitsource

import (
	"context"
	"errors"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Borrow copies a commit that this mirror lacks, with what is behind it, from
// another mirror in the state directory. Whoever looks beside a running agent
// has a mirror of its own, which never had what the branch has left since: the
// agent may be the only one that still has it.
//
// ErrUnknown: no mirror there has the commit.
func (r *Repository) Borrow(ctx context.Context, commit string) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	o, err := r.healthy()
	if err != nil {
		return err
	}
	h, err := parseHash(commit)
	if err != nil || o.mirror == nil {
		return r.says("borrow for", fault.New(ErrUnknown, "", "commit %s", fault.Plain(commit, 40)))
	}
	if o.mirror.has(h) {
		return nil
	}
	for _, dir := range slices.DeleteFunc(r.mirrorDirs(), func(dir string) bool { return dir == o.lock.dir }) {
		other := &local{path: dir, folder: r.folder(), maxObject: r.Limits.withDefaults().ObjectBytes}
		err = errors.Join(err, other.pull(ctx, h, o.mirror, everything))
		if o.mirror.has(h) {
			o.mirror.settle(false) // that line may end elsewhere
			return nil
		}
	}
	return r.says("borrow for", fault.New(ErrUnknown, "", "no other mirror has commit %s: %w", h, errors.Join(err, plumbing.ErrObjectNotFound)))
}
