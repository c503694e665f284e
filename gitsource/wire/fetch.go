package wire

import (
	"bytes"
	"cmp"
	"context"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
)

// Want is what to fetch: one pack with everything that Tip needs and the caller
// lacks.
type Want struct {
	Tip plumbing.Hash
	// Haves are commits that the caller has, with all that they need behind
	// them, except for the parents of those in Shallow.
	Haves, Shallow []plumbing.Hash
	// Thin lets the server leave out of the pack what deltas are based on and the
	// caller has.
	Thin bool
	// Deepen asks for no more than so many commits, in a line: from Tip, or from
	// Shallow where Further is set. Zero asks for all.
	Deepen  int
	Further bool
}

// Boundary is how a fetch moves the commits behind which the caller has
// nothing.
type Boundary struct {
	Shallow   []plumbing.Hash // are now such commits
	Unshallow []plumbing.Hash // are no longer
}

// CanDeepen reports whether the server said that it can stop at some commits
// and go on from there later. It is false before the first call.
func (s *Server) CanDeepen() bool {
	if s.known == nil {
		return false
	}
	if s.known.version == 2 {
		return s.known.feature("fetch", "shallow")
	}
	return s.known.offers("shallow") && s.known.offers("deepen-relative")
}

// EndsItself reports whether the server said that its own repository is a
// shallow clone. Only one of version 0 says so before it is asked for a pack.
func (s *Server) EndsItself() bool { return s.known != nil && len(s.known.listed.shallow) > 0 }

// Fetch hands a pack over as it arrives, and how it moves the boundary. It goes
// on for as long as something arrives. The context that it hands over is not
// the one that ends when nothing does: what has arrived may take its time.
func (s *Server) Fetch(ctx context.Context, want Want, take func(ctx context.Context, pack io.Reader, moved Boundary) error) error {
	alive, stop := watchOver(ctx, cmp.Or(s.Patience, defaultPatience))
	defer stop()
	return s.stalled(alive, s.fetchWhile(alive, want, take))
}

func (s *Server) fetchWhile(alive *vigil, want Want, take func(context.Context, io.Reader, Boundary) error) error {
	ctx := alive.ctx
	c, err := s.converse(ctx, uploadPack)
	if err != nil {
		return err
	}
	defer c.close()
	if s.known == nil || !c.standsAlone() {
		if s.known, err = greet(ctx, c, ""); err != nil {
			return err
		}
	}
	pack, moved, err := s.known.fetch(ctx, c, want)
	if err != nil {
		return err
	}
	if banded, ok := pack.(*sideband); ok {
		banded.word = alive.word
	}
	return take(alive.outer, alive.over(pack), moved)
}

func (g *greeting) fetch(ctx context.Context, c conversation, want Want) (io.Reader, Boundary, error) {
	if g.version == 2 {
		return g.fetchV2(ctx, c, want)
	}
	return g.fetchV0(ctx, c, want)
}

// deepening writes how far a fetch shall go.
func (w Want) deepening(b *bytes.Buffer) {
	for _, h := range w.Shallow {
		packetf(b, "shallow %s", h)
	}
	if w.Deepen > 0 {
		packetf(b, "deepen %d", w.Deepen)
	}
}

// take notes a line about the boundary; not one is no error.
func (b *Boundary) take(line string) (bool, error) {
	for word, list := range map[string]*[]plumbing.Hash{"shallow": &b.Shallow, "unshallow": &b.Unshallow} {
		h, err := hashLine(line, word)
		if err != nil {
			continue
		}
		if len(*list) >= mostShallow {
			return false, errNotGit
		}
		*list = append(*list, h)
		return true, nil
	}
	return false, nil
}
