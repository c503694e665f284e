package trust

import (
	"fmt"
	"slices"
)

// checkPaths checks that the caller has told what the commits of a step change.
func (s step) checkPaths() error {
	for _, n := range s.commits() {
		if n.malformed == nil && len(n.paths) != max(1, len(n.commit.Parents)) {
			return fmt.Errorf("judge commit %s: the policy has scopes, and what the commit changes is not told for each parent", n.commit.Hash)
		}
	}
	return nil
}

// changed are the paths in which a step differs from the step before: all that
// obeying it would change.
func (s step) changed() []string {
	if s.parent >= len(s.paths) {
		return nil
	}
	return s.paths[s.parent]
}

// unclaimed are those changed paths for which the step itself answers, because
// no commit that it brings in does. A merge answers for what it decides, and for
// going back to a version that none of the commits made.
//
// Which of two versions it takes, when those who may have signed both, is left
// to whoever merges.
func (s step) unclaimed() []string {
	claimed, decided := map[string]bool{}, map[string]bool{}
	for _, n := range s.brought {
		mark(claimed, n.own())
		mark(decided, n.taken())
	}
	mark(decided, s.own())
	var left []string
	for _, path := range s.changed() {
		if !claimed[path] || decided[path] {
			left = append(left, path)
		}
	}
	return left
}

// own are the paths in which a commit differs from every parent: what git show
// prints of it.
func (n *node) own() []string {
	if len(n.paths) == 0 {
		return nil
	}
	own := n.paths[0]
	for _, other := range n.paths[1:] {
		differ := map[string]bool{}
		mark(differ, other)
		own = slices.DeleteFunc(slices.Clone(own), func(path string) bool { return !differ[path] })
	}
	return own
}

// taken are the paths for which a merge takes the version of another parent
// than the first.
func (n *node) taken() []string {
	if len(n.paths) < 2 {
		return nil
	}
	own := map[string]bool{}
	mark(own, n.own())
	return slices.DeleteFunc(slices.Clone(n.paths[0]), func(path string) bool { return own[path] })
}

func mark(set map[string]bool, paths []string) {
	for _, path := range paths {
		set[path] = true
	}
}
