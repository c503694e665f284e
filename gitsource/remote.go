package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// wire reaches the upload-pack service of one repository.
type wire interface {
	// converse begins a conversation, which ends at the latest with ctx.
	converse(ctx context.Context) (conversation, error)
	// close gives idle connections back.
	close()
}

// conversation is one exchange with upload-pack.
type conversation interface {
	// greeting is what the server says first. Where requests stand alone
	// (HTTP), it costs a request and may be left out.
	greeting(ctx context.Context) (io.Reader, error)
	// standsAlone reports whether the greeting may be left out.
	standsAlone() bool
	// ask sends a request and returns the reply.
	ask(ctx context.Context, request []byte) (io.Reader, error)
	// close ends the conversation; replies cannot be read any more.
	close()
}

// remote is a repository on a server. Only one call at a time.
type remote struct {
	wire     wire
	patience time.Duration // how long it may send nothing during pull
	known    *greeting     // of the last conversation
}

func (r *remote) close() { r.wire.close() }

// tip asks where the branch is. Once the server is known to speak version 2
// and requests stand alone, that is one request; whatever goes wrong with it,
// the server is asked again from the beginning.
func (r *remote) tip(ctx context.Context, branch string) (plumbing.Hash, error) {
	c, err := r.wire.converse(ctx)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer c.close()
	if r.known != nil && r.known.version == 2 && c.standsAlone() {
		tip, err := r.known.tip(ctx, c, branch)
		if err == nil || ctx.Err() != nil {
			return tip, err
		}
	}
	if r.known, err = greet(ctx, c, branch); err != nil {
		return plumbing.ZeroHash, err
	}
	return r.known.tip(ctx, c, branch)
}

// greet reads what the server says first.
func greet(ctx context.Context, c conversation, branch string) (*greeting, error) {
	said, err := c.greeting(ctx)
	if err != nil {
		return nil, err
	}
	return readGreeting(said, plumbing.NewBranchReferenceName(branch).String())
}

// pull fetches one pack with everything that the mirror lacks, as long as
// something arrives.
func (r *remote) pull(ctx context.Context, tip plumbing.Hash, m *mirror) error {
	alive, stop := watchOver(ctx, r.patience)
	defer stop()
	err := r.pullWhile(alive, tip, m)
	if err != nil && errors.Is(context.Cause(alive.ctx), errStalled) {
		return fail(ErrUnreachable, "it is tried again at the next poll", "no answer within %s", r.patience)
	}
	return err
}

func (r *remote) pullWhile(alive *vigil, tip plumbing.Hash, m *mirror) error {
	ctx := alive.ctx
	c, err := r.wire.converse(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	if r.known == nil || !c.standsAlone() {
		if r.known, err = greet(ctx, c, m.id.Branch); err != nil {
			return err
		}
	}
	want := wanted{tip: tip, haves: m.haves(), shallow: m.boundary()}
	pack, shallow, err := r.known.fetch(ctx, c, want)
	if err != nil {
		return err
	}
	m.addShallow(shallow)
	return m.store(func(f *os.File) (*idxfile.MemoryIndex, error) {
		return receivePack(alive.outer, alive.over(pack), f, m.limits)
	})
}

// wanted is what to fetch.
type wanted struct {
	tip     plumbing.Hash
	haves   []plumbing.Hash // commits that are here, with all that they need
	shallow []plumbing.Hash // except for the parents of these
}

// greeting is what a server says of itself first.
type greeting struct {
	version      int
	capabilities map[string]string // in version 2 also the commands, with their features
	listed       refs              // version 0 only: it lists all refs at once
}

// refs is what is kept of a list of refs.
type refs struct {
	tip      plumbing.Hash // of the branch; zero when it is not there
	branches []string      // some others, to name them
	shallow  []plumbing.Hash
}

// mostBranches is how many branches are named to somebody who asked for one
// that does not exist.
const mostBranches = 5

// missing says why there is no tip.
func (l refs) missing(ref string) error {
	name := strings.TrimPrefix(ref, "refs/heads/")
	if len(l.branches) == 0 {
		return fail(ErrEmpty, fmt.Sprintf("push a first commit to branch %s", name), "it has no branch yet")
	}
	return fail(ErrNoBranch, "push it or configure another branch", "%s (there is: %s)", name,
		plain(strings.Join(l.branches, ", "), 200))
}

// note keeps one line of a list: a hash, a space and the name of a ref.
func (l *refs) note(line, ref string) error {
	hash, name, ok := strings.Cut(line, " ")
	if !ok {
		return errNotGit
	}
	if name == ref {
		tip, err := parseHash(hash)
		if err != nil {
			return errNotGit
		}
		l.tip = tip
	}
	branch, isBranch := strings.CutPrefix(name, "refs/heads/")
	if isBranch && len(l.branches) < mostBranches {
		l.branches = append(l.branches, plain(branch, 80))
	}
	return nil
}

func (g *greeting) tip(ctx context.Context, c conversation, branch string) (plumbing.Hash, error) {
	ref := plumbing.NewBranchReferenceName(branch).String()
	listed := g.listed
	if g.version == 2 {
		var err error
		if listed, err = g.lsRefs(ctx, c, ref, ref); err != nil {
			return plumbing.ZeroHash, err
		}
		if listed.tip.IsZero() { // why? costs another request, in a case that is rare
			if listed, err = g.lsRefs(ctx, c, ref, "refs/heads/"); err != nil {
				return plumbing.ZeroHash, err
			}
		}
	}
	if listed.tip.IsZero() {
		return plumbing.ZeroHash, listed.missing(ref)
	}
	return listed.tip, nil
}

func (g *greeting) fetch(ctx context.Context, c conversation, want wanted) (io.Reader, []plumbing.Hash, error) {
	if g.version == 2 {
		return g.fetchV2(ctx, c, want)
	}
	pack, err := g.fetchV0(ctx, c, want)
	return pack, g.listed.shallow, err
}
