package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"moult/gitsource/ledger"
	"moult/gitsource/trust"
)

// recollection is the memory of an agent that has lost its state directory: the
// ledger in the repository that it reads.
type recollection struct {
	settings settings
	log      *slog.Logger
}

// recallPatience bounds the question. A repository that has no ledger, as at
// the first start, answers it with one request.
const recallPatience = 30 * time.Second

// LastAccepted is the last accepted commit of the branch. Only what carries the
// signature of the agent's own key is the agent's word, from which it goes on
// as if it had kept it. Anything else is what somebody wrote: it may hold back
// what does not descend from it, and makes nothing trusted.
//
// While the ledger cannot be asked there is an error, and so no answer to what
// may be obeyed: an agent that forgot what it had accepted would obey a
// rewritten branch.
func (m recollection) LastAccepted(ctx context.Context) (record, error) {
	l, err := newLedger(m.settings, m.log)
	if err != nil {
		return record{}, err
	}
	defer l.Close()
	l.Remote = ledger.Remote{URL: m.settings.repository.URL, Access: m.settings.repository.access()}
	ctx, cancel := context.WithTimeout(ctx, recallPatience)
	defer cancel()
	if err := fetchLedger(ctx, l); err != nil {
		return record{}, fmt.Errorf("find what was accepted last, which the state directory does not tell: %w", err)
	}
	last, proven, err := l.LastAccepted(ctx, m.settings.branch())
	if err != nil || last == nil {
		return record{}, err
	}
	m.log.Info("state directory tells of no accepted commit, the ledger does", "commit", last.Commit, "branch", last.Branch, "accepted", last.Time, "proven", proven)
	if !proven {
		return record{Recalled: last.Commit}, nil
	}
	return record{Record: trust.Record{Commit: last.Commit, At: last.Time}}, nil
}
