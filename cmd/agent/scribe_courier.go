package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"moult/gitsource/fault"
	"moult/gitsource/ledger"
)

// courier sends the ledger to the repository: soon after something was written,
// and more and more rarely while that does not work.
type courier struct {
	Ledger *ledger.Ledger
	Log    *slog.Logger

	parcels chan struct{} // at most one: something was written
	stands  atomic.Pointer[ledgerState]
}

// ledgerState is how it stands with sending the ledger.
type ledgerState struct {
	// Unsent is how many commits of the ledger the repository does not have.
	Unsent int `json:"unsent"`
	// Problem is why they cannot be sent and what to do about that, since when;
	// empty while all is well.
	Problem string    `json:"problem,omitempty"`
	Since   time.Time `json:"since,omitzero"`

	kind error // of the problem
}

// sendEvery is how often it is tried while nothing is in the way; it costs
// nothing when there is nothing to send. longestRest is how rarely it is tried
// otherwise.
const (
	sendEvery   = 15 * time.Second
	longestRest = 10 * time.Minute
)

func (c *courier) state() *ledgerState {
	if s := c.stands.Load(); s != nil {
		return s
	}
	return &ledgerState{}
}

// nudge says that something was written.
func (c *courier) nudge() {
	select {
	case c.parcels <- struct{}{}:
	default:
	}
}

// run sends until ctx ends.
func (c *courier) run(ctx context.Context) {
	rest := sendEvery
	for ctx.Err() == nil {
		written := c.parcels
		if rest > sendEvery {
			written = nil // more to send is no reason to try sooner
		}
		again := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-written:
		case <-again.C:
		}
		again.Stop()
		if ctx.Err() == nil {
			rest = restAfter(c.send(ctx), rest)
		}
	}
}

// restAfter is how long to rest: twice as long after each failure, and never
// all agents for the same time.
func restAfter(err error, rest time.Duration) time.Duration {
	if err == nil {
		return sendEvery
	}
	rest = min(2*rest, longestRest)
	return rest - rand.N(rest/4)
}

// send sends what there is, and says when that begins or ceases to fail.
func (c *courier) send(ctx context.Context) error {
	synced, err := c.Ledger.Push(ctx, time.Now())
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil // the run is over; there is one more time
	}
	before := c.state()
	now := standingAfter(before, synced, err, time.Now())
	c.stands.Store(now)
	c.tell(before, now, synced)
	return err
}

// standingAfter is how it stands after it was tried once more.
func standingAfter(before *ledgerState, synced ledger.Synced, err error, now time.Time) *ledgerState {
	if err == nil {
		return &ledgerState{Unsent: synced.Unsent}
	}
	s := &ledgerState{Unsent: synced.Unsent, Problem: problem(err), Since: before.Since, kind: kindOf(err)}
	if s.Since.IsZero() {
		s.Since = now
	}
	return s
}

// problem is what is in the way, without what was being done.
func problem(err error) string {
	if known := fault.Known(err); known != nil {
		return known.Error()
	}
	return err.Error()
}

// kindOf is the kind of an error; itself where it has none.
func kindOf(err error) error {
	for _, kind := range []error{ledger.ErrDenied, fault.ErrCredentials, fault.ErrUntrusted, ledger.ErrUnreachable, ledger.ErrBusy, ledger.ErrNotFound, ledger.ErrUnsupported} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errOther
}

var errOther = errors.New("another kind of trouble")

// tell logs each new kind of trouble once, and its end.
func (c *courier) tell(before, now *ledgerState, synced ledger.Synced) {
	log := c.Log.With("repository", c.Ledger.Remote.String(), "unsent", now.Unsent)
	switch {
	case now.kind == nil && before.kind != nil:
		log.Info("ledger sent", "kept_since", before.Since)
	case now.kind == nil || errors.Is(now.kind, before.kind):
	case errors.Is(now.kind, ledger.ErrDenied):
		log.Warn("ledger kept here: the agent may not write "+ledger.Ref, "reason", now.Problem, "advice", adviceDenied)
	default:
		log.Warn("ledger kept here, and sent when that is possible", "reason", now.Problem)
	}
	switch {
	case len(synced.Missing) > 0:
		log.Warn("ledger was changed by somebody, and what was taken out is put back", "rewritten", synced.Rewritten, "entries", len(synced.Missing))
	case synced.Rewritten:
		log.Warn("ledger was rewritten by somebody, and is joined again with what was here", "advice", "moult history --verify says what was done to it")
	}
}

const adviceDenied = "let the agent write there, or set push = false in the block ledger of agent.hcl"
