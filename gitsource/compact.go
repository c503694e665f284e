package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
	"moult/gitsource/objects"
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
	var joined []*objects.Pack
	if err := m.store(m.joined(ctx, old, &joined)); err != nil {
		return fmt.Errorf("compact mirror: %w", err)
	}
	return m.drop(joined)
}

// smallPacks are those to join; none when there are few.
func (m *mirror) smallPacks() []*objects.Pack {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.packs.Packs()) <= mostPacks {
		return nil
	}
	bySize := slices.Clone(m.packs.Packs())
	slices.SortFunc(bySize, func(a, b *objects.Pack) int { return cmp.Compare(a.Size, b.Size) })
	return bySize[:len(bySize)/2]
}

// joined is how to fill a pack with the objects of others, and which of them it
// then stands for. One with an object that takes too much to be made, or that
// cannot be read, stays as it is: it must not keep all others from being joined,
// for ever.
func (m *mirror) joined(ctx context.Context, old []*objects.Pack, joined *[]*objects.Pack) func(*os.File) (*idxfile.MemoryIndex, error) {
	return func(f *os.File) (*idxfile.MemoryIndex, error) {
		w, err := packs.NewWriter(f)
		if err != nil {
			return nil, err
		}
		taken, c := map[plumbing.Hash]bool{}, &making{m: m}
		for _, p := range old {
			err := c.append(ctx, w, p, taken)
			switch {
			case errors.Is(err, fault.ErrTooLarge), errors.Is(err, objects.ErrMalformed):
				continue
			case err != nil:
				return nil, err
			}
			*joined = append(*joined, p)
		}
		if len(*joined) == 0 {
			return nil, nil
		}
		return w.Finish()
	}
}

func (c *making) append(ctx context.Context, w *packs.Writer, p *objects.Pack, taken map[plumbing.Hash]bool) error {
	for _, h := range c.m.inPlace(p) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if taken[h] {
			continue
		}
		kind, content, err := c.any(h)
		if err != nil {
			return err
		}
		if err := w.Add(kind, h, content); err != nil {
			return err
		}
		taken[h] = true
	}
	return nil
}

// inPlace are the objects of a pack in the order in which they lie there: then
// what one is a difference from is at hand.
func (m *mirror) inPlace(p *objects.Pack) []plumbing.Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := slices.Collect(p.Names())
	objects.Sort(m.packs, names, func(h plumbing.Hash) plumbing.Hash { return h })
	return names
}

// making counts what it takes to make objects one after the other. One alone may
// take seconds, and a server chooses how many are asked for.
type making struct {
	m     *mirror
	spent int64 // bytes that were made
}

// any is an object of whatever kind.
func (c *making) any(h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if limit := c.m.limits.Unpacked; c.spent > limit {
		return plumbing.InvalidObject, nil, fault.TooLarge("%s and others are made from deltas that have more than %d bytes together (limit)", h, limit)
	}
	before := c.m.reader.Made()
	kind, content, err := c.m.reader.Object(h)
	c.spent += c.m.reader.Made() - before
	if err != nil {
		return plumbing.InvalidObject, nil, tooLarge(err)
	}
	return kind, content, verify(kind, h, kind, content)
}

// bases finds the objects that a thin pack leaves out.
func (m *mirror) bases() packs.Bases {
	c := &making{m: m}
	return func(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		if !m.has(h) {
			return plumbing.InvalidObject, nil, false, nil
		}
		kind, content, err := c.any(h)
		return kind, content, err == nil, err
	}
}

// drop removes packs whose objects are elsewhere. One that was written again
// under the same name is another pack by now, and stays. The mirror may have been
// moved since a pack was opened: only its name holds.
func (m *mirror) drop(old []*objects.Pack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range old {
		if !slices.Contains(m.packs.Packs(), p) {
			continue
		}
		err := m.packs.Remove(p)
		for _, end := range []string{".idx", ".pack"} {
			err = errors.Join(err, os.Remove(filepath.Join(m.packDir(), filepath.Base(p.Path)+end)))
		}
		if err != nil {
			return fmt.Errorf("compact mirror: %w", err)
		}
	}
	m.forget()
	return nil
}
