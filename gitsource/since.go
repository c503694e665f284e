package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Raw is one commit as it is stored.
type Raw struct {
	// Object is the commit object as git stores it, without the object header.
	Object []byte
	// Paths are, for each parent in order, the paths in which the commit
	// differs from it; for a root commit, one list of all its paths. They are
	// nil unless they were asked for.
	Paths [][]string
	// Untold is why Paths cannot be told: the commit changes more than may be
	// compared, or its folders are malformed. nil when they are told.
	Untold error
}

// Since are the commits that are reachable from head and not from after, which
// the mirror has: head first, the others in no order. With after "" they are
// only the first-parent history of head, and at most r.History of it.
//
// When paths is set, each commit comes with what it changes anywhere in the
// repository. The mirror of a repository on this machine has only the folders
// on the way to Path and below it; a change inside another is told as a change
// of that folder.
//
// ErrUnknown: head or after is not there. ErrPartial: after, or one of the
// commits, was not copied yet. ErrUnsupported: the repository is a shallow clone,
// and one of the commits may be missing in it. ErrTooLarge, ErrMalformed: one of the
// commits cannot be read; what cannot be told of its paths stands in Raw.Untold.
func (r *Repository) Since(ctx context.Context, after, head string, paths bool) ([]Raw, error) {
	m, tip, err := r.from(head)
	if err != nil {
		return nil, err
	}
	hashes, err := r.newer(ctx, m, after, tip)
	var all []Raw
	for i := 0; i < len(hashes) && err == nil; i++ {
		var raw Raw
		raw, err = m.raw(ctx, hashes[i], paths)
		all = append(all, raw)
		err = cmp.Or(err, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("read commits of %s up to %s: %w", r, tip, err)
	}
	return all, nil
}

// newer lists the commits of Since.
func (r *Repository) newer(ctx context.Context, m *mirror, after string, tip plumbing.Hash) ([]plumbing.Hash, error) {
	if after == "" {
		return m.line(ctx, tip, plumbing.ZeroHash, cmp.Or(r.History, defaultHistory))
	}
	from, err := parseHash(after)
	if err == nil && !m.has(from) && m.partial() {
		return nil, fmt.Errorf("commit %s: %w", from, ErrPartial)
	}
	if err != nil || !m.has(from) {
		return nil, fmt.Errorf("commit %q: %w", fault.Plain(after, 40), ErrUnknown)
	}
	return m.since(ctx, from, tip)
}

// Object is one commit as git stores it, without the object header.
//
// ErrUnknown: the mirror does not have it.
func (r *Repository) Object(commit string) ([]byte, error) {
	m, h, err := r.from(commit)
	if err != nil {
		return nil, err
	}
	raw, err := m.raw(context.Background(), h, false)
	if err != nil {
		return nil, fmt.Errorf("read commit %s of %s: %w", h, r, err)
	}
	return raw.Object, nil
}

func (m *mirror) raw(ctx context.Context, h plumbing.Hash, paths bool) (Raw, error) {
	content, err := m.object(plumbing.CommitObject, h, commitBytes)
	if err != nil || !paths {
		return Raw{Object: content}, err
	}
	changed, err := m.changedPaths(ctx, h)
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed) {
		return Raw{Object: content, Untold: err}, nil
	}
	return Raw{Object: content, Paths: changed}, err
}

// since lists commits, tip first. Without merges that is the first-parent
// history down to from. What a merge brings in may lie anywhere behind from, so
// then all behind from must be known, once.
func (m *mirror) since(ctx context.Context, from, tip plumbing.Hash) ([]plumbing.Hash, error) {
	line, err := m.line(ctx, tip, from, math.MaxInt)
	if err != nil {
		return nil, err
	}
	straight, err := m.straight(line, from)
	if straight || err != nil {
		return line, err
	}
	old := map[plumbing.Hash]bool{}
	if _, err := m.behind(ctx, from, old, m.walkable); err != nil {
		return nil, err
	}
	// Nothing that is new may be missing: a branch that was merged may go on
	// behind the boundary.
	return m.behind(ctx, tip, old, m.parents)
}

// line is the first-parent history from tip down to the commit before stop.
func (m *mirror) line(ctx context.Context, tip, stop plumbing.Hash, most int) ([]plumbing.Hash, error) {
	var line []plumbing.Hash
	for at := tip; !at.IsZero() && at != stop && len(line) < most; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		parents, err := m.walkable(at)
		if err != nil {
			return nil, err
		}
		line = append(line, at)
		if at = plumbing.ZeroHash; len(parents) > 0 {
			at = parents[0]
		}
	}
	return line, nil
}

// walkable are the parents of a commit that can be walked to: none where a
// shallow clone ends.
func (m *mirror) walkable(h plumbing.Hash) ([]plumbing.Hash, error) {
	s, err := m.step(h)
	return s.parents(), err
}

// straight reports whether a first-parent history has no merges and ends at
// the child of from: then there is nothing else since from.
func (m *mirror) straight(line []plumbing.Hash, from plumbing.Hash) (bool, error) {
	last := from
	for _, h := range line {
		parents, err := m.walkable(h)
		if err != nil || len(parents) > 1 {
			return false, err
		}
		if last = plumbing.ZeroHash; len(parents) > 0 {
			last = parents[0]
		}
	}
	return last == from, nil
}

// behind lists a commit and all that is reachable from it by parents, without
// what is in seen already, and adds them to it.
func (m *mirror) behind(ctx context.Context, tip plumbing.Hash, seen map[plumbing.Hash]bool, parents func(plumbing.Hash) ([]plumbing.Hash, error)) ([]plumbing.Hash, error) {
	var found []plumbing.Hash
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[h] {
			continue
		}
		seen[h] = true
		found = append(found, h)
		more, err := parents(h)
		if err != nil {
			return nil, err
		}
		todo = append(todo, more...)
	}
	return found, nil
}
