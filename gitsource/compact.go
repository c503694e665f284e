package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

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
	if err := m.store(m.joined(ctx, old)); err != nil {
		return fmt.Errorf("compact mirror: %w", err)
	}
	return m.drop(old)
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

// joined is how to fill a pack with the objects of others.
func (m *mirror) joined(ctx context.Context, old []*objects.Pack) func(*os.File) (*idxfile.MemoryIndex, error) {
	return func(f *os.File) (*idxfile.MemoryIndex, error) {
		w, err := packs.NewWriter(f)
		if err != nil {
			return nil, err
		}
		taken := map[plumbing.Hash]bool{}
		for _, p := range old {
			if err := m.append(ctx, w, p, taken); err != nil {
				return nil, err
			}
		}
		return w.Finish()
	}
}

func (m *mirror) append(ctx context.Context, w *packs.Writer, p *objects.Pack, taken map[plumbing.Hash]bool) error {
	for h := range p.Names() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if taken[h] {
			continue
		}
		taken[h] = true
		kind, content, err := m.any(h)
		if err != nil {
			return err
		}
		if err := w.Add(kind, h, content); err != nil {
			return err
		}
	}
	return nil
}

// any is an object of whatever kind.
func (m *mirror) any(h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kind, content, err := m.reader.Object(h)
	if err == nil {
		err = verify(kind, h, kind, content)
	}
	return kind, content, err
}

// base is an object that a thin pack leaves out.
func (m *mirror) base(h plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
	if !m.has(h) {
		return plumbing.InvalidObject, nil, false, nil
	}
	kind, content, err := m.any(h)
	return kind, content, err == nil, err
}

// drop removes packs whose objects are elsewhere. One that was written again
// under the same name is another pack by now, and stays.
func (m *mirror) drop(old []*objects.Pack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range old {
		if !slices.Contains(m.packs.Packs(), p) {
			continue
		}
		err := m.packs.Remove(p)
		for _, end := range []string{".idx", ".pack"} {
			err = errors.Join(err, os.Remove(p.Path+end))
		}
		if err != nil {
			return fmt.Errorf("compact mirror: %w", err)
		}
	}
	m.forget()
	return nil
}
