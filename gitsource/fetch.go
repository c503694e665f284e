package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Fetched is what a poll found.
type Fetched struct {
	// Head is the newest commit in the mirror; "" when there is none.
	Head string
	// Changed is whether this poll moved it.
	Changed bool
	// Rewritten is whether the head moved to a commit without the former head
	// in its first-parent history. Revisions after the former head then starts
	// at the beginning.
	Rewritten bool
}

// Fetch is one poll: it asks where the branch is and, if it has moved, copies
// what is new and moves the head. Without news it is one question; no object
// is sent and no disk touched.
//
// On an error the head stays what it was, and Fetched.Head says what. The
// error is one of this package's kinds, and ends with what to do next. The end
// of ctx itself is returned as ctx's error.
func (r *Repository) Fetch(ctx context.Context) (Fetched, error) {
	r.turn.Lock()
	defer r.turn.Unlock()
	o, err := r.healthy()
	if err != nil {
		return Fetched{}, err
	}
	before := o.head()
	tip, err := r.ask(ctx, o)
	if err == nil && tip != before {
		err = r.take(ctx, o, tip)
	}
	if err != nil {
		return Fetched{Head: hashText(o.head())}, r.says("poll", o.alsoLost(err))
	}
	found := Fetched{Head: tip.String(), Changed: tip != before}
	if found.Changed && !before.IsZero() {
		kept, err := o.mirror.reaches(ctx, tip, before)
		found.Rewritten = !kept && err == nil
	}
	return found, nil
}

// healthy is the open repository, without a mirror if that was found damaged.
// r.turn is held.
func (r *Repository) healthy() (*opened, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, err := r.ready()
	if err != nil {
		return nil, err
	}
	if o.mirror == nil || o.mirror.trouble() == nil {
		return o, nil
	}
	why := o.mirror.trouble()
	o.mirror.close()
	o.mirror = nil
	if err := r.discard(o, why); err != nil {
		return nil, r.says("discard mirror of", err)
	}
	return o, nil
}

func (o *opened) head() plumbing.Hash {
	if o.mirror == nil {
		return plumbing.ZeroHash
	}
	return o.mirror.current()
}

// alsoLost adds to an error that the mirror had to be thrown away before, so
// that nothing is left to go on with.
func (o *opened) alsoLost(err error) error {
	if o.lost == nil || o.mirror != nil {
		return err
	}
	return fmt.Errorf("%w (the mirror was damaged and thrown away: %w: %w)", err, ErrDamaged, o.lost)
}

// ask is the question where the branch is.
func (r *Repository) ask(ctx context.Context, o *opened) (plumbing.Hash, error) {
	within := cmp.Or(r.PollTimeout, defaultPollTimeout)
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tip, err := o.origin.tip(limited, o.id.Branch)
	if err != nil {
		return tip, explain(ctx, within, err)
	}
	return tip, nil
}

// take copies a commit, unless it was refused lately.
func (r *Repository) take(ctx context.Context, o *opened, tip plumbing.Hash) error {
	if err := o.refused.of(tip); err != nil {
		return err
	}
	return o.refused.note(tip, r.copyTo(ctx, o, tip))
}

// copyTo brings the mirror to tip. When what arrived is not whole, everything
// is copied afresh into a new mirror, which takes the old one's place only if
// it is whole.
func (r *Repository) copyTo(ctx context.Context, o *opened, tip plumbing.Hash) error {
	if o.mirror != nil {
		err := r.update(ctx, o.mirror, o, tip)
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		r.log().Warn("mirror incomplete", "repository", r.String(), "commit", tip.String(), "reason", err.Error())
		o.mirror.spare()
	}
	err := r.clone(ctx, o, tip)
	if err != nil && o.mirror != nil {
		_ = o.mirror.verify(ctx, o.mirror.current()) // may find that it is damaged itself
	}
	return err
}

// update adds to the mirror what it lacks, and moves its head.
func (r *Repository) update(ctx context.Context, m *mirror, o *opened, tip plumbing.Hash) error {
	if err := r.pull(ctx, o.origin, tip, m, everything); err != nil {
		return err
	}
	if err := m.verify(ctx, tip); err != nil {
		return err
	}
	goesOn, err := m.reaches(ctx, tip, m.current())
	if err != nil {
		return err
	}
	if err := m.advance(tip); err != nil {
		return explain(ctx, 0, err)
	}
	if !goesOn {
		m.settle(false) // behind another line there may be more
	}
	if err := m.compact(ctx); err != nil {
		r.log().Warn("mirror not compacted", "repository", r.String(), "reason", err.Error())
	}
	return nil
}

// pull copies objects. It has as long as a clone: after a long absence, much
// may be new. What sends nothing in between is given up sooner; see remote.
func (r *Repository) pull(ctx context.Context, from origin, tip plumbing.Hash, to *mirror, most int) error {
	within := r.cloneTimeout()
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := from.pull(limited, tip, to, most); err != nil {
		return explain(ctx, within, err)
	}
	return nil
}

func (r *Repository) cloneTimeout() time.Duration { return cmp.Or(r.CloneTimeout, defaultCloneTimeout) }

// clone makes a whole new mirror beside the old, and swaps.
func (r *Repository) clone(ctx context.Context, o *opened, tip plumbing.Hash) error {
	start := time.Now()
	m, err := createMirror(nextDir(o), o.id, r.Limits.withDefaults())
	if err != nil {
		return explain(ctx, 0, err)
	}
	if err := r.fill(ctx, m, o, tip); err != nil {
		m.close()
		return errors.Join(err, os.RemoveAll(nextDir(o)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.mirror != nil {
		o.mirror.close()
	}
	if err := o.swap(m); err != nil {
		m.close()
		o.mirror = nil
		return explain(ctx, 0, fmt.Errorf("put clone in place: %w", err))
	}
	o.mirror, o.lost = m, nil
	r.log().Info("repository cloned", "repository", r.String(), "branch", o.id.Branch,
		"commit", tip.String(), "duration", time.Since(start).Round(time.Millisecond).String())
	return nil
}

func (r *Repository) fill(ctx context.Context, m *mirror, o *opened, tip plumbing.Hash) error {
	if err := r.pull(ctx, o.origin, tip, m, cmp.Or(r.first, firstCommits)); err != nil {
		return err
	}
	if err := m.verify(ctx, tip); err != nil {
		return explain(ctx, 0, fault.New(fault.ErrUnreachable, "check the repository with git fsck", "what was sent is incomplete: %v", err))
	}
	if err := m.advance(tip); err != nil {
		return explain(ctx, 0, err)
	}
	return nil
}
