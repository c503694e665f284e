package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"

	"moult/gitsource/fault"
)

// Revisions is the first-parent history from the commit behind after up to
// and with upto ("": the head), oldest first: those commits whose declaration
// files differ from their first parent's, and always upto itself.
//
// When after is "" or does not lie on that history (it was rewritten), it
// starts at the beginning, but goes back no more than r.History revisions; the
// oldest one then stands for everything before it. Fetched.Rewritten tells
// that this will happen.
//
// A commit in between that is malformed or past the limits is logged and left
// out; if it is upto, that is the error. The first error ends the sequence.
// ErrDamaged: Fetch first, then ask again. ErrUnknown: upto is not there.
func (r *Repository) Revisions(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		m, tip, err := r.from(upto)
		if err != nil {
			yield(reconcile.Revision{}, err)
			return
		}
		from, _ := parseHash(after) // what is no name is on no history
		w := walk{mirror: m, most: cmp.Or(r.History, defaultHistory)}
		changes, err := w.changes(ctx, from, tip)
		if err != nil {
			yield(reconcile.Revision{}, fmt.Errorf("read history of %s: %w", r, err))
			return
		}
		r.hand(ctx, w, changes, yield)
	}
}

// from is the mirror and the commit to read from.
func (r *Repository) from(upto string) (*mirror, plumbing.Hash, error) {
	m, err := r.readable()
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	if upto == "" {
		return m, m.current(), nil
	}
	tip, err := parseHash(upto)
	if err != nil || !m.has(tip) {
		return nil, tip, fmt.Errorf("read history of %s: commit %q: %w", r, fault.Plain(upto, 40), ErrUnknown)
	}
	return m, tip, nil
}

// hand gives the changes out, oldest first. No lock is held meanwhile.
func (r *Repository) hand(ctx context.Context, w walk, changes []plumbing.Hash, yield func(reconcile.Revision, error) bool) {
	for i, h := range slices.Backward(changes) {
		rev, err := w.revision(ctx, h)
		if i > 0 && (errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed)) {
			r.log().Warn("commit left out", "repository", r.String(), "commit", h.String(), "reason", err.Error())
			continue
		}
		if err != nil {
			err = fmt.Errorf("read commit %s of %s: %w", h, r, err)
		}
		if !yield(rev, err) || err != nil {
			return
		}
	}
}

// walk is one reading of history.
type walk struct {
	mirror *mirror
	most   int
}

// changes lists the commits to hand out, newest first.
func (w walk) changes(ctx context.Context, from, tip plumbing.Hash) ([]plumbing.Hash, error) {
	most := w.most
	switch found, err := w.mirror.reaches(ctx, tip, from); {
	case err != nil:
		return nil, err
	case found:
		most = math.MaxInt // they are new: all of them
	default:
		from = plumbing.ZeroHash
	}
	changes := []plumbing.Hash{tip}
	for at := tip; !at.IsZero() && at != from && len(changes) < most; {
		s, changed, err := w.step(ctx, at)
		if err != nil {
			return nil, err
		}
		if changed && at != tip {
			changes = append(changes, at)
		}
		at = s.parent
	}
	return changes, nil
}

func (w walk) step(ctx context.Context, at plumbing.Hash) (step, bool, error) {
	if err := ctx.Err(); err != nil {
		return step{}, false, err
	}
	s, err := w.mirror.step(at)
	if err != nil {
		return step{}, false, err
	}
	changed, err := w.changed(s)
	return s, changed, err
}

// changed reports whether a commit's declaration files differ from its first
// parent's. What cannot be read counts as changed, and is dealt with when it
// is handed out.
func (w walk) changed(s step) (bool, error) {
	differ, err := w.differ(s)
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed) {
		return true, nil
	}
	return differ, err
}

func (w walk) differ(s step) (bool, error) {
	own, err := w.mirror.folderOf(s)
	if err != nil {
		return false, err
	}
	if s.parent.IsZero() {
		return w.mirror.differ(plumbing.ZeroHash, own, 0)
	}
	parent, err := w.mirror.step(s.parent)
	if err != nil {
		return false, err
	}
	before, err := w.mirror.folderOf(parent)
	if err != nil {
		return false, err
	}
	return w.mirror.differ(before, own, 0)
}

// revision lists a commit, beginning with the listing of the one before.
func (w walk) revision(ctx context.Context, h plumbing.Hash) (reconcile.Revision, error) {
	if err := ctx.Err(); err != nil {
		return reconcile.Revision{}, err
	}
	listed, err := w.mirror.listing(h)
	if err != nil {
		return reconcile.Revision{}, err
	}
	commit, err := w.mirror.commit(h)
	return reconcile.Revision{Commit: commit, Files: slices.Clone(listed.files)}, err
}

// listing lists the declaration files of a commit, and keeps the listing for
// the next.
func (m *mirror) listing(h plumbing.Hash) (*folder, error) {
	s, err := m.step(h)
	if err != nil {
		return nil, err
	}
	tree, err := m.folderOf(s)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	older := m.listed
	m.mu.Unlock()
	listed, err := m.list(older, m.id.Path, tree, 0)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed = listed
	return listed, nil
}
