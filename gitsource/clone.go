package gitsource

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"moult/gitsource/objects"
	"moult/reconcile"

	"moult/gitsource/fault"
)

var (
	// ErrBefore: the moment lies before the branch begins, as far as the clone
	// reaches back.
	ErrBefore = errors.New("nothing was declared yet")
	// ErrIncomplete: the clone lacks an object, or one of them is damaged.
	ErrIncomplete = errors.New("clone is incomplete")
)

// Clone is one branch of a repository on this machine, read where it stands: a
// person's clone, bare or not, or the mirror of an agent. It is for looking
// back, offline: nothing is copied, fetched, locked or written. It is a view of
// the moment at which it was opened. One goroutine at a time.
type Clone struct {
	// Ref is the branch that is read, by its full name.
	Ref string
	// Head is its newest commit.
	Head string

	dir     string
	folder  string // whose declarations count; "" for all
	store   *objects.Store
	reader  *objects.Reader
	shallow map[plumbing.Hash]bool
	listed  map[visited]listing
	bare    map[plumbing.Hash]extent // of folders without a declaration file, wherever they lie
}

// FindClone is the repository that a directory is in: itself, or the nearest
// above it that has a .git or is bare.
//
// ErrNotFound: there is none.
func FindClone(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := gitDir(at); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fault.New(ErrNotFound, "", "%s is in no git repository", dir)
		}
	}
}

// OpenClone opens the clone at path, for the declarations in a folder ("": all).
// A branch is looked for where the clone keeps what origin has, and then among
// its own: what the agent obeys is what was pushed. With branch "" it is main,
// or whatever is checked out.
//
// ErrNotFound, ErrNoBranch, ErrUnsupported, ErrDenied.
func OpenClone(ctx context.Context, path, branch, folder string) (*Clone, error) {
	s, err := openSource(path, objects.MostBytes)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer s.close()
	c := &Clone{
		dir: path, folder: (&Repository{Path: folder}).folder(), shallow: s.shallow,
		listed: map[visited]listing{}, bare: map[plumbing.Hash]extent{},
	}
	head, err := c.find(ctx, s, branch)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c.Ref, c.Head = head.Name().String(), head.Hash().String()
	if c.store, err = objects.Open(s.folders...); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c.reader = c.store.NewReader()
	return c, nil
}

// Close gives files back.
func (c *Clone) Close() error { return c.store.Close() }

// find is the branch to read and where it is.
func (c *Clone) find(ctx context.Context, s *source, branch string) (*plumbing.Reference, error) {
	name := cmp.Or(branch, defaultBranch)
	refs := []plumbing.ReferenceName{plumbing.NewRemoteReferenceName("origin", name), plumbing.NewBranchReferenceName(name)}
	for _, ref := range refs {
		if err := ref.Validate(); err != nil {
			return nil, fault.New(ErrSettings, "correct the branch", "no branch can be called %q", fault.Plain(name, 80))
		}
		found, err := resolve(ctx, s, ref)
		if err == nil {
			return plumbing.NewHashReference(ref, found.Hash()), nil
		}
		if !errors.Is(err, plumbing.ErrReferenceNotFound) {
			return nil, fault.New(ErrUnreachable, "check the repository with git fsck", "read %s: %w", ref, err)
		}
	}
	if branch == "" {
		if head, err := storer.ResolveReference(s.refs, plumbing.HEAD); err == nil {
			return head, nil
		}
	}
	return nil, s.without(name)
}

// At is the commit that the branch was at, at a moment: going back from the
// head by first parents, the first commit whose committer time is not later.
// Committers' clocks may be wrong or run backwards; what was merged later never
// counts for earlier, and a commit is taken to be there once all before it are.
//
// ErrBefore: the branch begins later, or the clone is shallow and does.
func (c *Clone) At(ctx context.Context, moment time.Time) (reconcile.Commit, error) {
	at := plumbing.NewHash(c.Head)
	for {
		l, err := c.link(ctx, at)
		if err != nil {
			return reconcile.Commit{}, err
		}
		switch {
		case l.time <= moment.Unix():
			return c.Commit(at.String())
		case c.shallow[at]:
			return reconcile.Commit{}, fault.New(ErrBefore, "fetch the rest: git fetch --unshallow",
				"the clone is shallow and begins at commit %s of %s", at, time.Unix(l.time, 0).UTC().Format(time.RFC3339))
		case l.parent.IsZero():
			return reconcile.Commit{}, fault.New(ErrBefore, "", "the branch begins at commit %s of %s",
				at, time.Unix(l.time, 0).UTC().Format(time.RFC3339))
		}
		at = l.parent
	}
}

// Lacks reports whether a commit is surely neither the head of the branch nor
// behind it: in a shallow clone nobody knows. It goes by first parents before it
// looks at what was merged.
func (c *Clone) Lacks(ctx context.Context, commit string) (bool, error) {
	wanted, seen := plumbing.NewHash(commit), map[plumbing.Hash]bool{}
	merged := []plumbing.Hash{plumbing.NewHash(c.Head)}
	for len(merged) > 0 {
		at := merged[0]
		merged = merged[1:]
		for !at.IsZero() && !seen[at] {
			if at == wanted || c.shallow[at] {
				return false, nil
			}
			seen[at] = true
			l, err := c.link(ctx, at)
			if err != nil {
				return false, err
			}
			at, merged = l.parent, append(merged, l.merged...)
		}
	}
	return true, nil
}

// Commit is a commit as people are shown it.
func (c *Clone) Commit(name string) (reconcile.Commit, error) {
	h, err := parseHash(name)
	if err != nil {
		return reconcile.Commit{}, fault.New(ErrUnknown, "", "%q is no name of a commit", fault.Plain(name, 40))
	}
	content, err := c.reader.Verified(plumbing.CommitObject, h)
	if err != nil {
		return reconcile.Commit{}, c.explain(err)
	}
	return asCommit(h, content)
}

// link is what following a branch needs to know of a commit.
type link struct {
	tree, parent plumbing.Hash   // the parent is zero where the branch begins
	merged       []plumbing.Hash // the other parents
	time         int64           // of its committer, in seconds since 1970
}

// link reads a commit. Tens of thousands are read to find one, so they are not
// compared with their names; what is shown of one is.
func (c *Clone) link(ctx context.Context, h plumbing.Hash) (link, error) {
	if err := ctx.Err(); err != nil {
		return link{}, context.Cause(ctx)
	}
	content, err := c.reader.Kind(plumbing.CommitObject, h)
	if err != nil {
		return link{}, c.explain(err)
	}
	tree, parents, err := parseCommit(content)
	if err != nil {
		return link{}, err
	}
	l := link{tree: tree, time: committed(content)}
	if len(parents) > 0 && !c.shallow[h] {
		l.parent, l.merged = parents[0], parents[1:]
	}
	return l, nil
}

// committed is the committer's time: the number before the zone in
// "committer Name <address> 1772539200 +0000". It is 0 where there is none.
func committed(content []byte) int64 {
	_, rest, _ := bytes.Cut(content, []byte("\ncommitter "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	words := strings.Fields(string(line[bytes.LastIndexByte(line, '>')+1:]))
	if len(words) == 0 {
		return 0
	}
	seconds, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return 0
	}
	return seconds
}

// explain gives an error of the object store its kind.
func (c *Clone) explain(err error) error {
	if errors.Is(err, plumbing.ErrObjectNotFound) || errors.Is(err, objects.ErrMalformed) {
		return fault.New(ErrIncomplete, "check it with git fsck; a partial clone must have all objects", "%w", err)
	}
	if errors.Is(err, os.ErrPermission) {
		return denied(err)
	}
	return err
}
