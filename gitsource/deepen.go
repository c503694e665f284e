package gitsource

import (
	"context"
	"fmt"

	"moult/reconcile"
)

// Deepen copies more of the history before what the mirror has, and reports
// whether all of it is there.
func (r *Repository) Deepen(context.Context) (whole bool, err error) { return true, nil }

// Revision is the repository at one commit that the mirror has, wherever in its
// history that lies.
//
// ErrUnknown: it is not there. ErrTooLarge, ErrMalformed: it cannot be read.
func (r *Repository) Revision(ctx context.Context, commit string) (reconcile.Revision, error) {
	p, err := r.page(ctx, commit)
	return p.whole(), err
}

// Differences is the revision of a commit, told by what it changes from that
// of another one.
//
// ErrUnknown: one of them is not there. ErrTooLarge, ErrMalformed: it cannot be
// read.
func (r *Repository) Differences(ctx context.Context, commit, base string) (reconcile.Revision, error) {
	before, err := r.page(ctx, base)
	if err != nil {
		return reconcile.Revision{}, err
	}
	p, err := r.page(ctx, commit)
	p.base, p.older = before.commit, before.files
	if err != nil {
		return reconcile.Revision{}, err
	}
	return p.short(), nil
}

// page reads one commit.
func (r *Repository) page(ctx context.Context, commit string) (page, error) {
	m, h, err := r.from(commit)
	if err != nil {
		return page{}, err
	}
	w := walk{mirror: m}
	p, err := w.page(ctx, h, true)
	if err != nil {
		return page{}, fmt.Errorf("read commit %s of %s: %w", h, r, err)
	}
	return p, nil
}
