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
// files differ from those of the one before, and always upto itself.
//
// When after is "" or does not lie on that history (it was rewritten), it
// starts at the beginning, but goes back no more than r.History revisions; the
// oldest one is then Partial and stands for everything before it. So it is
// where history is not all there yet; see Deepen.
// Fetched.Rewritten tells that this will happen.
//
// A commit in between that is malformed or past the limits is logged and left
// out; if it is upto, that is the error. The first error ends the sequence.
// ErrDamaged: Fetch first, then ask again. ErrUnknown: upto is not there.
func (r *Repository) Revisions(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		r.walk(ctx, after, upto, cmp.Or(r.History, defaultHistory), func(p page, err error) bool {
			return yield(p.whole(), err)
		})
	}
}

// Changes is Revisions without a bound on how far it goes back, and told by
// what changes: each revision but the first has a Base, which is the one before
// it. So the cost of a revision is that of what it changes.
func (r *Repository) Changes(ctx context.Context, after, upto string) iter.Seq2[reconcile.Revision, error] {
	return func(yield func(reconcile.Revision, error) bool) {
		r.walk(ctx, after, upto, math.MaxInt, func(p page, err error) bool {
			return yield(p.short(), err)
		})
	}
}

// page is one revision of a walk, and the one before it.
type page struct {
	commit, base reconcile.Commit
	files, older *folder
	partial      bool
}

func (p page) whole() reconcile.Revision {
	if p.files == nil {
		return reconcile.Revision{} // comes with an error
	}
	return reconcile.Revision{Commit: p.commit, Files: p.files.all(), Partial: p.partial}
}

func (p page) short() reconcile.Revision {
	if p.base.Hash == "" {
		return p.whole()
	}
	return reconcile.Revision{Commit: p.commit, Base: p.base.Hash, Files: p.older.changesTo(p.files), Partial: p.partial}
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

// walk hands out one reading of history, oldest first.
func (r *Repository) walk(ctx context.Context, after, upto string, most int, yield func(page, error) bool) {
	m, tip, err := r.from(upto)
	if err != nil {
		yield(page{}, err)
		return
	}
	from, _ := parseHash(after) // what is no name is on no history
	w := &walk{mirror: m, most: most}
	commits, err := w.commits(ctx, from, tip)
	if err != nil {
		yield(page{}, fmt.Errorf("read history of %s: %w", r, err))
		return
	}
	r.hand(ctx, w, commits, yield)
}

// hand gives out the commits that change something. No lock is held meanwhile.
func (r *Repository) hand(ctx context.Context, w *walk, commits []plumbing.Hash, yield func(page, error) bool) {
	for i, h := range slices.Backward(commits) {
		p, err := w.page(ctx, h, i == 0)
		if i > 0 && passable(err) {
			r.log().Warn("commit left out", "repository", r.String(), "commit", h.String(), "reason", err.Error())
			continue
		}
		if err != nil {
			yield(page{}, fmt.Errorf("read commit %s of %s: %w", h, r, err))
			return
		}
		if p.commit.Hash != "" && !yield(p, nil) {
			return
		}
	}
}

// passable reports whether an error is a fault of the commit alone, so that
// history can be read without it.
func passable(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed)
}

// walk is one reading of history.
type walk struct {
	mirror  *mirror
	most    int
	listed  *folder          // of the commit before; nil before the first
	base    reconcile.Commit // that was handed out last
	partial bool             // history goes on before the oldest commit, and is not read
}

// commits are the commits of which some are to hand out, newest first.
func (w *walk) commits(ctx context.Context, from, tip plumbing.Hash) ([]plumbing.Hash, error) {
	line, found, err := w.line(ctx, from, tip)
	switch {
	case err != nil:
		return nil, err
	case found:
		w.listed, err = w.mirror.listing(ctx, from)
		if passable(err) {
			w.listed, err = nil, nil
		}
		return line, err
	}
	return w.bounded(ctx, line)
}

// line is the first-parent history from a commit back to the child of another,
// or to the beginning when the other is not on it, as far as that is there. A
// commit is its own line.
func (w *walk) line(ctx context.Context, from, tip plumbing.Hash) (line []plumbing.Hash, found bool, err error) {
	line = []plumbing.Hash{tip}
	for at := tip; ; line = append(line, at) {
		if at == from {
			return line[:max(1, len(line)-1)], true, nil
		}
		s, cut, err := w.mirror.stepOrCut(at)
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return nil, false, err
		}
		if s.parent.IsZero() {
			w.partial = cut
			return line, false, nil
		}
		at = s.parent
	}
}

// bounded is as much of a line as holds no more than the most revisions.
func (w *walk) bounded(ctx context.Context, line []plumbing.Hash) ([]plumbing.Hash, error) {
	for i, revisions := 0, 1; len(line) > w.most && i < len(line)-1; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		changed, err := w.changed(ctx, line[i], line[i+1])
		if err != nil {
			return nil, err
		}
		if changed && i > 0 {
			revisions++
		}
		if revisions == w.most {
			w.partial = true
			return line[:i+1], nil
		}
	}
	return line, nil
}

// changed reports whether two commits differ in their declaration files. What
// cannot be read counts as changed, and is dealt with when it is handed out.
func (w *walk) changed(ctx context.Context, h, parent plumbing.Hash) (bool, error) {
	after, err := w.mirror.listing(ctx, h)
	if err == nil {
		var before *folder
		before, err = w.mirror.listing(ctx, parent)
		if err == nil {
			return before.differsFrom(after), nil
		}
	}
	if passable(err) {
		return true, nil
	}
	return false, err
}

// page reads a commit, beginning with the listing of the one before. It is zero
// when nothing has changed, unless it is wanted all the same.
func (w *walk) page(ctx context.Context, h plumbing.Hash, wanted bool) (page, error) {
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	files, err := w.mirror.listing(ctx, h)
	if err != nil {
		return page{}, err
	}
	p := page{base: w.base, files: files, older: w.listed, partial: w.partial}
	if !wanted && !p.older.differsFrom(files) {
		w.listed = files
		return page{}, nil
	}
	if p.commit, err = w.mirror.commit(h); err != nil {
		return page{}, err
	}
	w.listed, w.base, w.partial = files, p.commit, false
	return p, nil
}

// listing lists the declaration files of a commit, and keeps the listing for
// the next.
func (m *mirror) listing(ctx context.Context, h plumbing.Hash) (*folder, error) {
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
	l := lister{mirror: m, tally: tally{limits: m.limits}}
	listed, err := l.list(ctx, older, m.id.Path, tree, 0)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed = listed
	return listed, nil
}
