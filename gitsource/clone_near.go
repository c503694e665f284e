package gitsource

import (
	"context"
	"errors"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// Near are the commits of a branch nearest to one of it in which the folder
// holds a declaration file; "" where there is none.
type Near struct {
	Before, After string
	// Cut is set where none was found before and a shallow clone ends.
	Cut bool
}

// Nearest looks on both sides of a commit of the branch for declarations. It is
// for a commit without any: the folder may not be there yet, or no longer, or
// be called otherwise.
func (c *Clone) Nearest(ctx context.Context, commit string) (Near, error) {
	var near Near
	passed := false
	known := map[plumbing.Hash]bool{}
	for at := plumbing.NewHash(c.Head); !at.IsZero(); {
		l, err := c.link(ctx, at)
		if err != nil {
			return near, err
		}
		passed = passed || at.String() == commit
		holds, err := c.declares(ctx, l.tree, known)
		switch {
		case err != nil:
			return near, err
		case holds && passed:
			near.Before = at.String()
			return near, nil
		case holds:
			near.After = at.String()
		}
		near.Cut = c.shallow[at]
		at = l.parent
	}
	return near, nil
}

// declares reports whether the folder of a commit's tree holds a declaration
// file. What is malformed holds none.
func (c *Clone) declares(ctx context.Context, tree plumbing.Hash, known map[plumbing.Hash]bool) (bool, error) {
	for name := range strings.SplitSeq(c.folder, "/") {
		if name == "" {
			break // of an empty path
		}
		content, err := c.reader.Kind(plumbing.TreeObject, tree)
		if err != nil {
			return false, c.explain(err)
		}
		if tree, err = lookIn(content, name, true); err != nil || tree.IsZero() {
			return false, unlessMalformed(err)
		}
	}
	return c.holds(ctx, tree, 0, known)
}

// holds reports whether a folder holds a declaration file, or a folder in it
// does. known are those that were looked into.
func (c *Clone) holds(ctx context.Context, tree plumbing.Hash, depth int, known map[plumbing.Hash]bool) (bool, error) {
	if found, ok := known[tree]; ok || depth > (Limits{}).withDefaults().Depth {
		return found, nil
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	known[tree] = false
	entries, err := c.entries(tree)
	for i := 0; err == nil && i < len(entries) && !known[tree]; i++ {
		known[tree] = !entries[i].folder
	}
	for i := 0; err == nil && i < len(entries) && !known[tree]; i++ {
		known[tree], err = c.holds(ctx, entries[i].hash, depth+1, known)
	}
	return known[tree], unlessMalformed(err)
}

func unlessMalformed(err error) error {
	if errors.Is(err, ErrMalformed) {
		return nil
	}
	return err
}
