package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/packs"
)

// mostPacks is how many packs a mirror has at most. Each fetch adds one, each
// takes a file descriptor, and each object is looked for in all of them.
const mostPacks = 40

// compact joins the smaller half of the packs when there are too many. An
// object is written again about as often as the packs double, so a mirror
// that grows for years stays cheap.
func (m *mirror) compact(ctx context.Context) error {
	old := m.smallPacks()
	if len(old) == 0 {
		return nil
	}
	if err := m.store(m.joined(ctx, old)); err != nil {
		return fmt.Errorf("compact mirror: %w", err)
	}
	return m.drop(old)
}

// smallPacks are those to join; none when there are few.
func (m *mirror) smallPacks() []*pack {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.packs) <= mostPacks {
		return nil
	}
	bySize := slices.Clone(m.packs)
	slices.SortFunc(bySize, func(a, b *pack) int { return cmp.Compare(a.size, b.size) })
	return bySize[:len(bySize)/2]
}

// joined is how to fill a pack with the objects of others.
func (m *mirror) joined(ctx context.Context, old []*pack) func(*os.File) (*idxfile.MemoryIndex, error) {
	return func(f *os.File) (*idxfile.MemoryIndex, error) {
		w, err := packs.NewWriter(f)
		if err != nil {
			return nil, err
		}
		taken, c := map[plumbing.Hash]bool{}, &making{m: m}
		for _, p := range old {
			if err := c.append(ctx, w, p, taken); err != nil {
				return nil, err
			}
		}
		return w.Finish()
	}
}

func (c *making) append(ctx context.Context, w *packs.Writer, p *pack, taken map[plumbing.Hash]bool) error {
	entries, err := p.index.Entries()
	if err != nil {
		return err
	}
	for {
		e, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case taken[e.Hash]:
			continue
		}
		taken[e.Hash] = true
		kind, content, err := c.any(p, e.Hash)
		if err != nil {
			return err
		}
		if err := w.Add(kind, e.Hash, content); err != nil {
			return err
		}
	}
}

// making counts what it takes to make objects one after the other. One alone may
// take seconds, and a server chooses how many are asked for.
type making struct {
	m     *mirror
	spent int64
}

// any is an object of whatever kind.
func (c *making) any(p *pack, h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	l, err := p.find(h)
	if err != nil {
		return plumbing.InvalidObject, nil, err
	}
	weight, err := p.weight(l)
	if err != nil {
		return plumbing.InvalidObject, nil, err
	}
	if weight > heavyBytes { // else most of it is at hand
		c.spent += weight
	}
	o, err := p.object(h, l, c.m.limits.ObjectBytes, c.m.limits.Unpacked-c.spent+weight)
	if err != nil {
		return plumbing.InvalidObject, nil, err
	}
	content, err := readVerified(o.Type(), h, o)
	return o.Type(), content, err
}

// bases finds the objects that a thin pack leaves out.
func (m *mirror) bases() packs.Bases {
	c := &making{m: m}
	return func(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		m.mu.Lock()
		p := m.packOf(h)
		m.mu.Unlock()
		if p == nil {
			return plumbing.InvalidObject, nil, false, nil
		}
		kind, content, err := c.any(p, h)
		return kind, content, err == nil, err
	}
}

// drop removes packs whose objects are elsewhere. One that was written again
// under the same name is another pack by now, and stays.
func (m *mirror) drop(old []*pack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range old {
		i := slices.Index(m.packs, p)
		if i < 0 {
			continue
		}
		m.packs = slices.Delete(m.packs, i, i+1)
		p.close()
		for _, end := range []string{".idx", ".pack"} {
			if err := os.Remove(filepath.Join(m.packDir(), p.name+end)); err != nil {
				return fmt.Errorf("compact mirror: %w", err)
			}
		}
	}
	return nil
}
