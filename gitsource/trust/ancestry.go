package trust

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// Parents are the parents of a commit. The error wraps [ErrAbsent] when the
// repository does not have the commit although it has all of the branch; any
// other error ends the walk, also that history is not all there yet.
type Parents func(commit plumbing.Hash) ([]plumbing.Hash, error)

// ErrAbsent says that a commit is not in the repository.
var ErrAbsent = errors.New("commit is not in the repository")

// Relation is how a new head stands to the last accepted commit.
type Relation string

// The relations.
const (
	First       Relation = "first"        // nothing was ever accepted
	Same        Relation = "same"         // it is the accepted commit
	FastForward Relation = "fast_forward" // it descends from it
	Rewound     Relation = "rewound"      // it is one of its ancestors
	Diverged    Relation = "diverged"     // both descend from a third
	Unrelated   Relation = "unrelated"    // they have no ancestor in common
	Gone        Relation = "gone"         // the accepted commit is not in the repository any more
)

// Relate finds how head stands to the accepted commit (zero: none), and, when
// they have diverged, a commit that both have; with merges there may be newer
// ones.
//
// It walks back from both at once and goes no further than where they meet, so
// a fast-forward costs about the new commits, twice. Only Rewound and Unrelated
// may walk all history: keep the answer.
func Relate(accepted, head plumbing.Hash, parents Parents) (Relation, plumbing.Hash, error) {
	switch {
	case accepted.IsZero():
		return First, plumbing.ZeroHash, nil
	case accepted == head:
		return Same, plumbing.ZeroHash, nil
	}
	if _, err := parents(accepted); errors.Is(err, ErrAbsent) {
		return Gone, plumbing.ZeroHash, nil
	}
	w := ancestry{
		parents: parents,
		sides:   [2]side{{start: head}, {start: accepted}},
		seen:    map[plumbing.Hash]*ancestor{},
	}
	relation, err := w.walk()
	switch {
	case err != nil:
		return "", plumbing.ZeroHash, fmt.Errorf("compare %s with %s: %w", head, accepted, err)
	case relation != Diverged:
		return relation, plumbing.ZeroHash, nil
	}
	return relation, w.common, nil
}

// ancestry is a walk from two commits at once.
type ancestry struct {
	parents Parents
	sides   [2]side // the head's and the accepted commit's
	seen    map[plumbing.Hash]*ancestor
	common  plumbing.Hash // the first that both sides reached
}

// side is one end of the walk.
type side struct {
	start plumbing.Hash
	queue []plumbing.Hash // commits that were reached and not looked behind
}

// ancestor is what is known of a commit on the way.
type ancestor struct {
	of      [2]bool // which sides have it
	parents []plumbing.Hash
}

func (w *ancestry) walk() (Relation, error) {
	for i := range w.sides {
		w.reach(w.sides[i].start, i)
	}
	for more := true; more; {
		more = false
		for i, found := range []Relation{FastForward, Rewound} {
			went, err := w.step(i)
			if err != nil {
				return "", err
			}
			if w.seen[w.sides[1-i].start].of[i] {
				return found, nil
			}
			more = more || went
		}
	}
	if w.common.IsZero() {
		return Unrelated, nil
	}
	return Diverged, nil
}

// step looks behind the next commit that only one side has. Behind one that
// both have there is nothing to find.
func (w *ancestry) step(i int) (bool, error) {
	s := &w.sides[i]
	for len(s.queue) > 0 {
		h := s.queue[0]
		s.queue = s.queue[1:]
		if w.seen[h].of[1-i] {
			continue
		}
		parents, err := w.parents(h)
		if err != nil {
			return false, err
		}
		w.seen[h].parents = parents
		for _, parent := range parents {
			w.reach(parent, i)
		}
		return true, nil
	}
	return false, nil
}

// reach notes that a side has a commit, and with it all that was already found
// behind it.
func (w *ancestry) reach(h plumbing.Hash, i int) {
	for next := []plumbing.Hash{h}; len(next) > 0; {
		h, next = next[0], next[1:]
		a := w.seen[h]
		if a == nil {
			a = &ancestor{}
			w.seen[h] = a
			w.sides[i].queue = append(w.sides[i].queue, h)
		}
		if a.of[i] {
			continue
		}
		a.of[i] = true
		if a.of[1-i] && w.common.IsZero() {
			w.common = h
		}
		next = append(next, a.parents...)
	}
}
