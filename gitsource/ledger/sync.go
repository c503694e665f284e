package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
	"moult/gitsource/wire"
)

// Synced says what a Fetch or Push came to.
type Synced struct {
	// Head is the newest commit of the store's ledger; empty when it has none.
	Head string `json:"head,omitempty"`
	// Unsent is how many commits of it the remote does not have.
	Unsent int `json:"unsent"`
	// Rewritten: the remote's ledger was not a continuation of what was seen
	// there before. What the store has was kept.
	Rewritten bool `json:"rewritten,omitempty"`
	// Missing are entries that somebody had taken out. They are back in the
	// store, and at the remote after a Push.
	Missing []Entry `json:"missing,omitempty"`
}

// mostTries is how often a push is tried again when somebody was faster.
const mostTries = 6

// Fetch brings what others wrote into the store and joins it with what the
// agent wrote. Without a remote it only keeps the store small.
//
// ErrUnreachable, ErrDenied: the store is as it was.
func (l *Ledger) Fetch(ctx context.Context, now time.Time) (Synced, error) {
	s, err := l.exchange(ctx, now, (*exchange).fetch)
	if err != nil {
		err = fmt.Errorf("fetch ledger from %s: %w", l.Remote, err)
	}
	return s, err
}

// Push sends what the remote does not have. When somebody was faster, it
// fetches, joins and tries again. Without a remote it only keeps the store
// small.
//
// ErrDenied: the agent may not write there; everything is kept, and Unsent
// says how much. ErrBusy: somebody was faster each time. ErrUnreachable.
func (l *Ledger) Push(ctx context.Context, now time.Time) (Synced, error) {
	s, err := l.exchange(ctx, now, (*exchange).push)
	if err != nil {
		err = fmt.Errorf("push ledger to %s: %w", l.Remote, err)
	}
	return s, err
}

// exchange is one Fetch or Push on its way.
type exchange struct {
	ledger *Ledger
	now    time.Time
	peer   peer
	synced Synced
}

func (l *Ledger) exchange(ctx context.Context, now time.Time, do func(*exchange, context.Context) error) (Synced, error) {
	if l.Remote.URL == "" {
		err := l.upkeep(ctx, now)
		standing, failed := l.standing(ctx)
		return standing, errors.Join(err, failed)
	}
	l.turn.Lock()
	defer l.turn.Unlock()
	hold, err := lock(l.Dir+".turn", durable.TryLock)
	if errors.Is(err, durable.ErrLocked) {
		return Synced{}, fault.New(ErrBusy, "it is tried again", "another moult is at it with the same store")
	}
	if err != nil {
		return Synced{}, err
	}
	defer hold.Release()
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.Remote.Timeout, defaultTimeout))
	defer cancel()
	return l.converse(ctx, now, do)
}

// converse is an exchange whose turn it is.
func (l *Ledger) converse(ctx context.Context, now time.Time, do func(*exchange, context.Context) error) (Synced, error) {
	if l.peer == nil {
		var err error
		if l.peer, err = l.Remote.peer(); err != nil {
			return Synced{}, err
		}
	}
	x := &exchange{ledger: l, now: now, peer: l.peer}
	done := l.Remote.explain(ctx, do(x, ctx))
	standing, err := l.standing(ctx)
	standing.Rewritten, standing.Missing = x.synced.Rewritten, x.synced.Missing
	return standing, errors.Join(done, err, l.upkeep(ctx, now))
}

// upkeep keeps the store small.
func (l *Ledger) upkeep(ctx context.Context, now time.Time) error {
	return l.change(ctx, func(store *repository) error {
		if !store.crowded() || ctx.Err() != nil {
			return nil
		}
		return l.compact(ctx, store, now)
	})
}

// standing is where the store stands.
func (l *Ledger) standing(ctx context.Context) (Synced, error) {
	var s Synced
	err := l.change(ctx, func(store *repository) error {
		head, seen, err := store.position()
		if err != nil || head.IsZero() {
			return err
		}
		s.Head = head.String()
		if l.Remote.URL == "" {
			return nil
		}
		unsent, err := store.between(seen, head)
		s.Unsent = len(unsent)
		return err
	})
	return s, err
}

// position is where the store's ledger is, and where the remote's was when it
// was last seen.
func (r *repository) position() (head, seen plumbing.Hash, err error) {
	if head, err = r.ref(Ref); err != nil {
		return head, seen, err
	}
	seen, err = r.ref(seenRef)
	return head, seen, err
}

// opened is the store.
func (x *exchange) opened(ctx context.Context) (*repository, error) {
	var store *repository
	err := x.ledger.change(ctx, func(s *repository) error {
		store = s
		return nil
	})
	return store, err
}

// fetch is tried twice: the first may find the store damaged.
func (x *exchange) fetch(ctx context.Context) error {
	var err error
	for range 2 {
		if err = x.fetchOnce(ctx); !errors.Is(err, errAgain) {
			return err
		}
	}
	return err
}

func (x *exchange) fetchOnce(ctx context.Context) error {
	store, err := x.opened(ctx)
	if err != nil {
		return err
	}
	head, err := x.peer.fetch(ctx, store, x.declines)
	return x.decline(head, x.ledger.change(ctx, func(s *repository) error {
		switch {
		case s != store: // made again meanwhile, because the old one was damaged
			return errAgain
		case err != nil:
			return err
		}
		return x.take(ctx, s, head)
	}))
}

// errAgain: what was fetched went into a store that is no more.
var errAgain = errors.New("store was made again meanwhile")

// take joins the store with a head of the remote whose objects it has.
func (x *exchange) take(ctx context.Context, store *repository, remote plumbing.Hash) error {
	head, seen, err := store.position()
	if err != nil {
		return err
	}
	if remote.IsZero() {
		x.synced.Rewritten = x.synced.Rewritten || !seen.IsZero()
		return x.beginAgain(ctx, store, head, seen)
	}
	u, err := x.ledger.merge(ctx, store, heads{local: head, remote: remote, seen: seen}, x.now)
	if err != nil {
		return err
	}
	x.synced.Rewritten = x.synced.Rewritten || u.rewritten
	x.synced.Missing = append(x.synced.Missing, u.missing...)
	if u.head != head {
		x.ledger.forget()
	}
	return moveOwn(store, seenRef, remote)
}

func (x *exchange) push(ctx context.Context) error {
	for range mostTries {
		p, err := x.parcel(ctx)
		if err != nil || p.new.IsZero() {
			return err
		}
		err = x.peer.push(ctx, p)
		var refused *wire.Refused
		switch {
		case err == nil:
			return x.arrived(ctx, p)
		case errors.As(err, &refused):
		case !errors.Is(err, errMoved):
			return err
		}
		if err := x.fetch(ctx); err != nil {
			return err
		}
		if refused != nil && !x.movedFrom(ctx, p.old) {
			return refusal(refused)
		}
	}
	return fault.New(ErrBusy, "it is tried again", "somebody else was faster %d times", mostTries)
}

// refusal is what a push comes to that the server did not carry out. Its words
// are those of git's receive-pack, and of whatever its hooks say. What the server
// says for people stands behind them, in brackets.
func refusal(r *wire.Refused) error {
	word, _, _ := strings.Cut(strings.ToLower(r.Reason), " (")
	about := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(word, w) })
	}
	switch {
	case about("unpack", "missing necessary objects", "bad pack", "fsck", "shallow update"):
		return fault.New(fault.ErrMalformed, "check "+Ref+" there with git fsck", "%w", r)
	case about("failed to update ref", "failed to lock", "cannot lock ref"):
		return fault.New(ErrBusy, "it is tried again", "%w", r)
	}
	return fault.New(ErrDenied, "let the agent write "+Ref, "%w", r)
}

// movedFrom reports whether the remote's ledger is elsewhere by now, so that a
// refusal meant no more than that.
func (x *exchange) movedFrom(ctx context.Context, old plumbing.Hash) bool {
	moved := false
	err := x.ledger.change(ctx, func(store *repository) error {
		_, seen, err := store.position()
		moved = seen != old
		return err
	})
	return err == nil && moved
}

// parcel is what the remote lacks; without a head when it lacks nothing.
func (x *exchange) parcel(ctx context.Context) (parcel, error) {
	var p parcel
	err := x.ledger.change(ctx, func(store *repository) error {
		head, seen, err := store.position()
		if err != nil || head == seen {
			return err
		}
		p = parcel{old: seen, new: head, from: store}
		return nil
	})
	return p, err
}

// arrived notes that the remote has a parcel.
func (x *exchange) arrived(ctx context.Context, p parcel) error {
	return x.ledger.change(ctx, func(store *repository) error { return moveOwn(store, seenRef, p.new) })
}

// beginAgain is for a remote whose ledger is gone, or was never there. What
// the store has is sent as new; where its chain begins in mid-air, the notes
// are sent and the chain begins anew.
func (x *exchange) beginAgain(ctx context.Context, store *repository, head, seen plumbing.Hash) error {
	chain, err := store.between(plumbing.ZeroHash, head)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(chain, func(c *object.Commit) bool { return store.isShallow(c.Hash) }) {
		l := x.ledger
		key, err := l.sealBetween(ctx, store, plumbing.ZeroHash, chain[0].TreeHash)
		if err != nil {
			return err
		}
		next := link{tree: chain[0].TreeHash, by: l.Agent, key: key, now: x.now, message: "Begin again: the remote has lost the ledger\n"}
		if err := advance(store, &draft{}, next); err != nil {
			return err
		}
	}
	if seen.IsZero() {
		return nil
	}
	return dropOwn(store, seenRef)
}
