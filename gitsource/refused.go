package gitsource

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// mostPasses is how many polls in a row a refused commit is not fetched again.
const mostPasses = 63

// refusal remembers the commit whose objects were past a limit or not what git
// writes. Reading such a pack may take many seconds, and at each poll it would be
// the same pack again: so the commit is fetched anew after 1, 3, 7 polls and so
// on, and any other commit at once. Polls are counted, not time, of which this
// package knows nothing. The zero value refuses nothing.
type refusal struct {
	commit plumbing.Hash
	why    error
	passes int // polls that pass after a refusal
	left   int // of them, still to come
}

// of is why a commit is not fetched in this poll; nil when it is to be fetched.
func (r *refusal) of(commit plumbing.Hash) error {
	if r.why == nil || commit != r.commit || r.left == 0 {
		return nil
	}
	r.left--
	return r.why
}

// note takes what came of fetching a commit, and returns it.
func (r *refusal) note(commit plumbing.Hash, err error) error {
	if !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrMalformed) {
		*r = refusal{}
		return err
	}
	passes := 1
	if commit == r.commit {
		passes = min(2*r.passes+1, mostPasses)
	}
	*r = refusal{commit: commit, passes: passes, left: passes,
		why: fmt.Errorf("%w; commit %s is fetched again ever more seldom, another one at once", err, commit)}
	return r.why
}
