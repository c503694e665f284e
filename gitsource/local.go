package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"moult/gitsource/fault"
)

// local is a repository on this machine, bare or with a work tree. It is
// opened anew each time: git may repack it at any moment.
type local struct {
	path      string
	folder    string
	maxObject int64
}

func (l *local) close() {}

// tip reads where the branch is.
func (l *local) tip(ctx context.Context, branch string) (plumbing.Hash, error) {
	s, err := openSource(l.path, l.maxObject)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer s.close()
	name := plumbing.NewBranchReferenceName(branch)
	ref, err := resolve(ctx, s, name)
	switch {
	case err == nil:
		return ref.Hash(), nil
	case errors.Is(err, plumbing.ErrReferenceNotFound):
		return plumbing.ZeroHash, s.without(branch)
	case errors.Is(err, fs.ErrPermission):
		return plumbing.ZeroHash, fault.New(fault.ErrDenied, "let the agent's user read it", "%w", err)
	}
	return plumbing.ZeroHash, fault.New(fault.ErrUnreachable, "check the repository with git fsck", "read branch %s: %w", branch, err)
}

// resolve reads a ref. Some programs write refs in place, so that one may be
// found empty for a moment; go-git takes that for a ref that is not there.
func resolve(ctx context.Context, s *source, name plumbing.ReferenceName) (*plumbing.Reference, error) {
	for tries := 0; ; tries++ {
		ref, err := storer.ResolveReference(s.refs, name)
		if err == nil || !s.isEmpty(name) {
			return ref, err
		}
		if tries == 20 {
			return nil, dotgit.ErrEmptyRefFile
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *source) isEmpty(ref plumbing.ReferenceName) bool {
	info, err := s.refs.Filesystem().Stat(filepath.FromSlash(ref.String()))
	return err == nil && info.Mode().IsRegular() && info.Size() == 0
}

// mostBranches is how many branches are named to somebody who asked for one
// that does not exist.
const mostBranches = 5

// without says why the branch is not there.
func (s *source) without(branch string) error {
	var there []string
	all, err := s.refs.IterReferences()
	if err != nil {
		return fault.New(fault.ErrUnreachable, "check the repository with git fsck", "list branches: %w", err)
	}
	defer all.Close()
	err = all.ForEach(func(r *plumbing.Reference) error {
		if r.Name().IsBranch() && len(there) < mostBranches {
			there = append(there, fault.Plain(r.Name().Short(), 80))
		}
		return nil
	})
	if err != nil {
		return fault.New(fault.ErrUnreachable, "check the repository with git fsck", "list branches: %w", err)
	}
	return missing(branch, there)
}

// pull copies what the mirror lacks.
func (l *local) pull(ctx context.Context, tip plumbing.Hash, m *mirror, most int) error {
	return l.copy(ctx, m, func(*source) (slice, error) {
		return slice{from: []plumbing.Hash{tip}, most: most}, nil
	})
}

// deepen copies what lies behind the boundary, but for those commits at which
// the repository itself ends.
func (l *local) deepen(ctx context.Context, m *mirror, commits int) error {
	return l.copy(ctx, m, func(s *source) (slice, error) {
		var behind slice
		for _, h := range m.boundary() {
			if s.shallow[h] {
				continue
			}
			step, err := m.readStep(h)
			if err != nil {
				return behind, err
			}
			behind.from, behind.filled = append(behind.from, step.parents()...), append(behind.filled, h)
		}
		behind.most = max(commits, len(behind.from))
		return behind, nil
	})
}

// slice is a part of the history to copy: from some commits backwards, most of
// them at most. filled are the commits on the boundary whose parents these are.
type slice struct {
	from, filled []plumbing.Hash
	most         int
}

// copy copies a slice. When objects vanish meanwhile, git has repacked the
// repository, and a second look finds them.
func (l *local) copy(ctx context.Context, m *mirror, which func(*source) (slice, error)) error {
	err := l.copyOnce(ctx, m, which)
	if errors.Is(err, plumbing.ErrObjectNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.EOF) {
		err = l.copyOnce(ctx, m, which)
	}
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return fault.New(fault.ErrUnreachable, l.adviceIncomplete(), "%w", err)
	}
	return err
}

// adviceIncomplete is what helps where objects are not there. git fsck finds
// nothing wrong with a shallow clone, which lacks what an older clone in its
// place may have had.
func (l *local) adviceIncomplete() string {
	if s, err := openSource(l.path, l.maxObject); err == nil {
		defer s.close()
		if len(s.shallow) > 0 {
			return "the repository is a shallow clone; let the agent have the whole history (git fetch --unshallow)"
		}
	}
	return "check the repository with git fsck"
}

func (l *local) copyOnce(ctx context.Context, m *mirror, which func(*source) (slice, error)) error {
	s, err := openSource(l.path, l.maxObject)
	if err != nil {
		return err
	}
	defer s.close()
	part, err := which(s)
	if err != nil || len(part.from) == 0 {
		return err
	}
	c := newCopying(s, m, l.segments())
	err = m.storeBehind(part.filled, func(f *os.File) (*idxfile.MemoryIndex, []plumbing.Hash, error) {
		return c.into(ctx, f, part)
	})
	if err != nil {
		return fmt.Errorf("copy commit %s: %w", part.from[0], err)
	}
	return nil
}

// segments are the folders on the way to the one whose declarations count.
func (l *local) segments() []string {
	if l.folder == "" {
		return nil
	}
	return strings.Split(l.folder, "/")
}
