package main

import (
	"context"
	"maps"

	"moult/gitsource"
	"moult/gitsource/ledger"
)

// mostTried is how many notes are read for one commit, the nearest first: they
// may be about another branch, or of after the moment.
const mostTried = 100

// acceptedWith finds for commits of the branch, which open holds, the first
// acceptance after each, on the way to where the branch was at the moment. Only
// that line is looked at: what was accepted on one that was rewritten since is
// no acceptance of this one. It costs nothing where each has its own, and where
// the ledger tells of none at all.
func (a *archive) acceptedWith(ctx context.Context, told momentThen, open, spoken map[string]bool, found map[string]*ledger.Entry) error {
	maps.DeleteFunc(open, func(_ string, still bool) bool { return !still })
	if len(open) == 0 || len(spoken) == 0 || told.Rewritten != nil && told.Rewritten.Lost {
		return nil
	}
	clone, err := gitsource.OpenClone(ctx, a.clone, a.branch, a.path)
	if err != nil {
		return err
	}
	defer clone.Close()
	var after []string // commits that an acceptance may stand beside, the oldest last
	for commit, err := range clone.Back(ctx, told.Head.Hash) {
		if err != nil {
			return err
		}
		if open[commit] {
			delete(open, commit)
			if found[commit], err = a.nearestAcceptance(told, after, spoken); err != nil {
				return err
			}
		}
		if len(open) == 0 {
			return nil
		}
		if spoken[commit] {
			after = append(after, commit)
		}
	}
	return nil
}

// nearestAcceptance is the acceptance that counts beside the last of some
// commits, or else the one before.
func (a *archive) nearestAcceptance(told momentThen, commits []string, spoken map[string]bool) (*ledger.Entry, error) {
	for n := len(commits) - 1; n >= max(0, len(commits)-mostTried); n-- {
		if accepted, err := a.acceptanceOf(told, commits[n], spoken); accepted != nil || err != nil {
			return accepted, err
		}
	}
	return nil, nil
}
