package gitsource

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"moult/gitsource/fault"
)

const (
	// firstCommits is how far back a first clone goes, in commits in a line:
	// little more than the newest one, and all of a young repository.
	firstCommits = 50
	// sliceCommits is how many commits one Deepen adds, at least. More would
	// take more memory at once, less would send more twice.
	sliceCommits = 3500
	everything   = math.MaxInt
)

// ErrPartial: the answer lies in a part of the history that is not there yet;
// see [Repository.Deepen].
var ErrPartial = errors.New("history is not all there yet")

// Partial reports whether there is history that Deepen has not copied yet.
func (r *Repository) Partial() bool {
	m, err := r.readable()
	return err == nil && m.partial()
}

// Deepen copies one more slice of the history behind what is there, and reports
// whether all is there now. A first Fetch copies the newest commits only, so
// that what is declared can be read at once; who needs more calls Deepen until
// the whole is there. A repository that is itself a shallow clone has no more:
// it is whole as it is.
//
// The errors are those of Fetch, and leave everything as it was.
func (r *Repository) Deepen(ctx context.Context) (whole bool, err error) {
	r.turn.Lock()
	defer r.turn.Unlock()
	o, err := r.healthy()
	if err != nil {
		return false, err
	}
	if o.mirror == nil {
		return false, r.says("deepen", fault.New(ErrUnknown, "poll the repository first", "nothing is cloned yet"))
	}
	if !o.mirror.partial() {
		return true, nil
	}
	head := o.mirror.current()
	if err := o.refusedPast.of(head); err != nil {
		return false, r.says("deepen", err)
	}
	if err := o.refusedPast.note(head, r.deepen(ctx, o)); err != nil {
		return false, r.says("deepen", err)
	}
	return !o.mirror.partial(), nil
}

func (r *Repository) deepen(ctx context.Context, o *opened) error {
	within := r.cloneTimeout()
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	began, before := time.Now(), o.mirror.boundary()
	if err := o.origin.deepen(limited, o.mirror, cmp.Or(r.slice, sliceCommits)); err != nil {
		return explain(ctx, within, err)
	}
	if slices.Equal(before, o.mirror.boundary()) {
		o.mirror.settle(true)
	}
	r.log().Debug("history deepened", "repository", r.String(), "branch", o.id.Branch,
		"whole", !o.mirror.partial(), "duration", time.Since(began).Round(time.Millisecond).String())
	if err := o.mirror.compact(ctx); err != nil {
		r.log().Warn("mirror not compacted", "repository", r.String(), "reason", err.Error())
	}
	return nil
}

// settle notes whether the repository itself ends at the boundary.
func (m *mirror) settle(floor bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.floor = floor
}
