package main

import (
	"context"
	"strings"
	"time"

	"moult/gitsource"
	"moult/gitsource/ledger"
	"moult/reconcile"
)

// rewrittenThen is about a branch that was rewritten since the moment. By the
// dates of its commits it would seem to have been somewhere else then, and what
// ran to be none of what was declared.
type rewrittenThen struct {
	// Accepted is when the agent took up the commit that it obeyed at the moment.
	Accepted time.Time `json:"accepted"`
	// Lost: the clone does not hold that commit, and nobody knows here what it
	// declared.
	Lost bool `json:"lost,omitempty"`
	// Branch is where today's branch was at the moment by its dates; empty where
	// it begins later.
	Branch reconcile.Commit `json:"branch,omitzero"`
}

// straighten puts what the commit declared that the agent obeyed at the moment in
// the place of what today's branch says, where that does not have the commit any
// more. before is an error that today's branch begins later; it stands where
// nothing better is known.
func (a *archive) straighten(ctx context.Context, q query, told *momentThen, past *declaredPast, ran *ledger.Past, before error) error {
	obeyed := ran.InForce(told.branch(), q.moment)
	if obeyed == nil || obeyed.Commit == past.head.Hash {
		return before
	}
	clone, err := gitsource.OpenClone(ctx, a.clone, a.branch, a.path)
	if err != nil {
		return err
	}
	defer clone.Close()
	gone, err := clone.Lacks(ctx, obeyed.Commit)
	if err != nil {
		return err
	}
	if !gone {
		return before
	}
	told.Rewritten = &rewrittenThen{Accepted: obeyed.Time, Branch: past.head}
	head, lost := clone.Commit(obeyed.Commit)
	if told.Rewritten.Lost = lost != nil; told.Rewritten.Lost {
		*past = declaredPast{head: reconcile.Commit{Hash: obeyed.Commit, Author: obeyed.Author}}
	} else if *past, err = declaredBy(ctx, clone, head, q.filter.Environment); err == nil {
		past.undeclared, err = a.undeclared(ctx, clone, head.Hash)
	}
	ran.Declare(past.groups)
	return err
}

// branch is the branch as the ledger names it.
func (m momentThen) branch() string { return strings.TrimPrefix(shortRef(m.Branch), "origin/") }
