package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// What a server sends is looked through before a ref leads to it: a commit or a
// note that it kept back would else be found missing later, and the store, which
// is sound, be taken for damaged and made again.

// leadsTo reports whether a commit is one that the refs of the store lead to,
// so that all that it needs is there. That an object is there says less: what a
// kill or a server cut off may be there in part.
func (r *repository) leadsTo(h plumbing.Hash) (bool, error) {
	if !r.has(h) {
		return false, nil
	}
	haves, err := r.haves()
	if err != nil {
		return false, err
	}
	if slices.Contains(haves, h) {
		return true, nil
	}
	for _, tip := range haves {
		found, err := r.descends(tip, h)
		if errors.Is(err, errLost) {
			return false, nil // of which of the two something is lost is found later
		}
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// checkSent looks through what came with a head of the ledger. Where something
// of it is missing, the store itself may be why: that is [errLost], and else the
// sender's fault.
func (r *repository) checkSent(ctx context.Context, head plumbing.Hash) error {
	local, err := r.ref(Ref)
	if err != nil {
		return err
	}
	missing := r.complete(ctx, local, head)
	if missing == nil || ctx.Err() != nil {
		return missing
	}
	haves, err := r.haves()
	for _, own := range haves {
		err = errors.Join(err, r.complete(ctx, plumbing.ZeroHash, own))
	}
	if err != nil {
		return err
	}
	return fault.New(fault.ErrUnreachable, "check "+Ref+" there with git fsck", "what was sent is incomplete: %v", missing)
}

// complete fails when something is missing of what tip has behind it and base
// does not: commits, folders and files.
func (r *repository) complete(ctx context.Context, base, tip plumbing.Hash) error {
	commits, err := r.between(base, tip)
	if err != nil {
		return err
	}
	s, err := r.shelf()
	if err != nil {
		return err
	}
	defer s.close()
	c := completing{ctx: ctx, shelf: s, done: map[plumbing.Hash]bool{}}
	for _, commit := range commits {
		var before plumbing.Hash
		if parents := r.parents(commit); len(parents) > 0 {
			if before, err = r.treeOf(parents[0]); err != nil {
				return err
			}
		}
		if err := c.tree(before, commit.TreeHash); err != nil {
			return err
		}
	}
	return nil
}

// completing goes through trees. Each tree is looked at once: compared with
// whichever tree, of what it holds nothing is left to be asked.
type completing struct {
	ctx   context.Context
	shelf *shelf
	todo  []step
	done  map[plumbing.Hash]bool
}

// tree looks for all that one tree holds and another does not. Trees can be
// made that lie deeper in each other than a call stack reaches.
func (c *completing) tree(before, tree plumbing.Hash) error {
	c.todo = append(c.todo, step{before, tree})
	for len(c.todo) > 0 {
		next := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		if next.before == next.tree || c.done[next.tree] {
			continue
		}
		c.done[next.tree] = true
		if err := errors.Join(c.ctx.Err(), c.folder(next)); err != nil {
			return err
		}
	}
	return nil
}

// folder looks for what is in a tree, but for what cannot be a note or a folder
// of notes: that is left out when the tree is taken over, see scrub.go.
func (c *completing) folder(s step) error {
	leaves, err := c.shelf.tree(s.tree)
	if errors.Is(err, errMalformedTree) {
		return nil
	}
	if err != nil {
		return err
	}
	older, err := treeOrNone(c.shelf, s.before)
	if err != nil && !errors.Is(err, errMalformedTree) {
		return err
	}
	was := make(map[string]leaf, len(older))
	for _, l := range older {
		was[l.name] = l
	}
	for _, l := range leaves {
		if l == was[l.name] || l.mode == modeLink || l.hash.IsZero() || !legal(l.name) {
			continue
		}
		kind, _, err := c.shelf.reader.Object(l.hash)
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		if l.folder() && kind == plumbing.TreeObject {
			c.todo = append(c.todo, step{was[l.name].folderHash(), l.hash})
		}
	}
	return nil
}

// folderHash is the tree of a folder; zero of what is none.
func (l leaf) folderHash() plumbing.Hash {
	if l.folder() {
		return l.hash
	}
	return plumbing.ZeroHash
}
