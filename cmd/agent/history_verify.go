package main

import (
	"context"
	"errors"

	"moult/gitsource/ledger"
)

// exitBreach is how `moult history --verify` ends when the ledger is not what
// it must be.
const exitBreach = 3

// verify goes through the whole chain.
func (a *archive) verify(ctx context.Context, at surroundings, q query, v view) error {
	if a.book == nil {
		return a.noLedger
	}
	keys, err := agentKeys(q.keys)
	if err != nil {
		return err
	}
	found, err := a.book.Verify(ctx, ledger.Trust{Keys: keys, Known: q.known, Excused: q.excused})
	if err != nil {
		return err
	}
	if q.out.format == asJSON {
		err = writeJSON(at.out, found)
	} else {
		renderVerified(at.out, found, verifiedAgainst{keys: len(keys), refs: a.book.Refs()}, v)
	}
	switch {
	case err != nil:
		return err
	case !found.Sound():
		return code(exitBreach)
	case found.Partial:
		return advise(errors.New("verify the ledger: this clone holds only a part of its history"),
			"fetch all of it: git fetch --unshallow origin %s:%s", ledger.Ref, ledger.Ref)
	}
	return nil
}
