package gitsource

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
	"moult/gitsource/wire"

	"moult/gitsource/packs"
)

// remote is a repository on a server.
type remote struct{ server *wire.Server }

func (r *remote) close() { r.server.Close() }

func (r *remote) tip(ctx context.Context, branch string) (plumbing.Hash, error) {
	tip, err := r.server.Tip(ctx, plumbing.NewBranchReferenceName(branch))
	if err != nil || !tip.IsZero() {
		return tip, err
	}
	there, err := r.server.Branches(ctx) // why? costs another request, in a case that is rare
	if err != nil {
		return tip, err
	}
	return tip, missing(branch, there)
}

// missing says why a branch is not there, given some that are.
func missing(branch string, there []string) error {
	if len(there) == 0 {
		return fault.New(fault.ErrEmpty, "push a first commit to branch "+branch, "it has no branch yet")
	}
	return fault.New(fault.ErrNoBranch, "push it or configure another branch", "%s (there is: %s)", branch,
		fault.Plain(strings.Join(there, ", "), 200))
}

// pull fetches one pack with everything that the mirror lacks.
func (r *remote) pull(ctx context.Context, tip plumbing.Hash, m *mirror, most int) error {
	want := wire.Want{Tip: tip, Haves: m.haves(), Shallow: m.boundary()}
	if most < everything && r.server.CanDeepen() {
		want.Deepen = most
	}
	return r.fetch(ctx, want, m)
}

// deepen fetches one pack with what lies behind the boundary.
func (r *remote) deepen(ctx context.Context, m *mirror, commits int) error {
	head := m.current()
	if !r.server.CanDeepen() { // or it is not known yet
		if _, err := r.server.Tip(ctx, plumbing.NewBranchReferenceName(m.id.Branch)); err != nil {
			return err
		}
	}
	switch {
	case r.server.CanDeepen():
	case r.server.EndsItself():
		return nil
	default:
		return fault.New(fault.ErrUnsupported, "delete the mirror in the state directory, and it is cloned whole",
			"the server cannot go on from where a first fetch stopped")
	}
	return r.fetch(ctx, wire.Want{
		Tip: head, Haves: []plumbing.Hash{head}, Shallow: m.boundary(), Deepen: commits, Further: true,
	}, m)
}

func (r *remote) fetch(ctx context.Context, want wire.Want, m *mirror) error {
	want.Thin = true
	return r.server.Fetch(ctx, want, func(ctx context.Context, pack io.Reader, moved wire.Boundary) error {
		return m.storeBehind(moved.Unshallow, func(f *os.File) (*idxfile.MemoryIndex, []plumbing.Hash, error) {
			index, err := packs.Receive(ctx, pack, f, m.limits.ofPacks(), m.bases())
			return index, moved.Shallow, err
		})
	})
}
