package gitsource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"

	"moult/gitsource/fault"
)

// Parents are the parents of a commit, in order; none for the first commit of
// a repository, and for one that is malformed.
//
// ErrUnknown: the mirror does not have the commit. ErrPartial: its parents were
// not copied yet. ErrUnsupported: the repository is a shallow clone, and the
// parents are not in it.
func (r *Repository) Parents(commit string) ([]string, error) {
	m, h, err := r.from(commit)
	if err != nil {
		return nil, err
	}
	parents, err := m.parents(h)
	if err != nil {
		return nil, fmt.Errorf("read parents of commit %s of %s: %w", h, r, err)
	}
	names := make([]string, len(parents))
	for i, parent := range parents {
		names[i] = parent.String()
	}
	return names, nil
}

// parents are all parents of a commit that the mirror has.
func (m *mirror) parents(h plumbing.Hash) ([]plumbing.Hash, error) {
	m.mu.Lock()
	cut := m.shallow[h]
	m.mu.Unlock()
	if cut {
		return m.parentsAtBoundary(h)
	}
	s, err := m.step(h)
	if err != nil {
		return nil, err
	}
	return s.parents(), nil
}

func (s step) parents() []plumbing.Hash {
	if s.parent.IsZero() {
		return nil
	}
	return append([]plumbing.Hash{s.parent}, s.more()...)
}

// parentsAtBoundary are the parents of a commit on the boundary. A mirror of a
// shallow clone that is older than the clone may have them all the same. A line
// that the branch has left before its past was copied has none to show.
func (m *mirror) parentsAtBoundary(h plumbing.Hash) ([]plumbing.Hash, error) {
	s, err := m.readStep(h)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.parents(), func(p plumbing.Hash) bool { return !m.has(p) }) {
		return s.parents(), nil
	}
	if m.partial() {
		return nil, fmt.Errorf("%w: it ends at commit %s", ErrPartial, h)
	}
	onBranch := map[plumbing.Hash]bool{}
	if _, err := m.behind(context.Background(), m.current(), onBranch, m.walkable); err != nil || !onBranch[h] {
		return nil, err
	}
	return nil, fault.New(fault.ErrUnsupported, "let the agent have the whole history (git fetch --unshallow)",
		"the repository is a shallow clone that ends at commit %s", h)
}

// Leads reports whether a commit lies on the first-parent history of another,
// which is what Revisions follows.
func (r *Repository) Leads(ctx context.Context, commit, to string) (bool, error) {
	m, tip, err := r.from(to)
	if err != nil {
		return false, err
	}
	h, _ := parseHash(commit) // what is no name is on no history
	return m.reaches(ctx, tip, h)
}

// shortestPrefix is how many digits a shortened name has at least; git takes
// the same number (core.abbrev in git-config(1)).
const shortestPrefix = 4

// Find is the commit with a name, which may be shortened as long as the mirror
// has only one commit that begins like it.
//
// ErrUnknown: there is none, there are several, or it is no name of a commit.
func (r *Repository) Find(name string) (reconcile.Commit, error) {
	m, err := r.readable()
	if err != nil {
		return reconcile.Commit{}, err
	}
	found, err := m.beginningWith(strings.ToLower(name))
	switch {
	case err != nil:
	case len(found) == 0:
		err = ErrUnknown
	case len(found) > 1:
		err = fault.New(ErrUnknown, "write more of it", "%d commits begin like that", len(found))
	default:
		return m.commit(found[0])
	}
	return reconcile.Commit{}, fmt.Errorf("find commit %q in %s: %w", fault.Plain(name, 40), r, err)
}

// beginningWith are the commits whose names begin like this.
func (m *mirror) beginningWith(prefix string) ([]plumbing.Hash, error) {
	if len(prefix) < shortestPrefix || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, fault.New(ErrUnknown, "give its hash", "it is not the hash of a commit, of which %d digits are needed at least", shortestPrefix)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.damage != nil {
		return nil, m.damaged(m.damage)
	}
	seen := map[plumbing.Hash]bool{}
	var found []plumbing.Hash
	for _, p := range m.packs.Packs() {
		for h := range p.Names() {
			if seen[h] || !strings.HasPrefix(h.String(), prefix) {
				continue
			}
			seen[h] = true
			kind, err := m.reader.Type(h)
			if err != nil {
				return nil, m.damaged(fmt.Errorf("list %s: %w", p.Path, err))
			}
			if kind == plumbing.CommitObject {
				found = append(found, h)
			}
		}
	}
	return found, nil
}
