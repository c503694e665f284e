package gitsource

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"

	"moult/gitsource/fault"
)

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
	m, from, err := r.from(base)
	if err != nil {
		return reconcile.Revision{}, err
	}
	older, err := m.listing(ctx, from)
	if err != nil {
		return reconcile.Revision{}, fmt.Errorf("read commit %s of %s: %w", base, r, err)
	}
	p, err := r.page(ctx, commit)
	if err != nil {
		return reconcile.Revision{}, err
	}
	p.base.Hash, p.older = base, older
	return p.short(), nil
}

// File is the declaration file at a path of one commit; ok is false when there
// is none.
func (r *Repository) File(commit, path string) (f reconcile.File, ok bool, err error) {
	m, h, err := r.from(commit)
	if err != nil {
		return reconcile.File{}, false, err
	}
	if f, err = m.fileAt(h, path); err != nil {
		return reconcile.File{}, false, fmt.Errorf("read %s at commit %s of %s: %w", fault.Plain(path, 80), h, r, err)
	}
	return f, f.Blob != "", nil
}

// fileAt is the declaration file at a path of a commit; zero when there is none.
func (m *mirror) fileAt(h plumbing.Hash, path string) (reconcile.File, error) {
	s, err := m.step(h)
	if err == nil {
		err = s.trouble()
	}
	if err != nil {
		return reconcile.File{}, err
	}
	e := entry{folder: true, hash: s.tree}
	var mode string
	for name := range strings.SplitSeq(path, "/") {
		if !e.folder {
			return reconcile.File{}, nil
		}
		content, err := m.object(plumbing.TreeObject, e.hash, treeBytes)
		if err != nil {
			return reconcile.File{}, err
		}
		mode, e = entryIn(content, name)
	}
	if !isFile(mode) || !strings.HasSuffix(path, extension) {
		return reconcile.File{}, nil
	}
	size, err := m.size(e.hash)
	return reconcile.File{Path: path, Blob: e.hash.String(), Size: size}, err
}

// Commit is a commit that the mirror has.
func (r *Repository) Commit(hash string) (reconcile.Commit, error) {
	m, h, err := r.from(hash)
	if err != nil {
		return reconcile.Commit{}, err
	}
	return m.commit(h)
}

// HasFolder reports whether a commit has the folder Path. One that is not there
// declares nothing, like one in which nothing lies.
func (r *Repository) HasFolder(commit string) (bool, error) {
	m, h, err := r.from(commit)
	if err != nil {
		return false, err
	}
	s, err := m.step(h)
	if err != nil {
		return false, err
	}
	tree, err := m.folderOf(s)
	return !tree.IsZero(), err
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
