package trust

import (
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// graph is a range, read: the commits that are to be judged.
type graph struct {
	head     plumbing.Hash
	nodes    map[plumbing.Hash]*node // without those that are accepted
	accepted map[plumbing.Hash]bool  // From, and what is accepted by name: where judging starts
	broken   *node                   // a malformed commit, which may hide its parents; nil when there is none
}

// node is one commit of a range.
type node struct {
	commit    Commit
	malformed error
	paths     [][]string
}

// step is one commit of the branch itself, and what it brings in from other
// branches.
type step struct {
	*node
	parent  int     // which of its parents is the step before
	brought []*node // commits that come in with it, roughly oldest first
}

func newGraph(r Range) *graph {
	g := &graph{nodes: map[plumbing.Hash]*node{}, accepted: map[plumbing.Hash]bool{}}
	for i, change := range r.Changes {
		n := &node{paths: change.Paths}
		n.commit, n.malformed = Parse(change.Raw)
		if n.malformed != nil && g.broken == nil {
			g.broken = n
		}
		if n.malformed == nil && change.Untold != nil {
			n.malformed = malformed("changes what cannot be told: %v", change.Untold)
		}
		g.nodes[n.commit.Hash] = n
		if i == 0 {
			g.head = n.commit.Hash
		}
	}
	if !r.From.IsZero() {
		g.accepted[r.From] = true
	}
	for _, name := range r.Named {
		if g.nodes[name] != nil {
			g.accepted[name] = true
			g.take(name)
		}
	}
	return g
}

// take removes a commit and all that is behind it, and returns them.
func (g *graph) take(from ...plumbing.Hash) []*node {
	var taken []*node
	next := slices.Clone(from)
	for len(next) > 0 {
		last := len(next) - 1
		h := next[last]
		next = next[:last]
		if n := g.nodes[h]; n != nil {
			delete(g.nodes, h)
			taken = append(taken, n)
			next = append(next, n.commit.Parents...)
		}
	}
	return taken
}

// spine is the branch itself, oldest first: the commits up to the head from an
// accepted one, which is returned too. It follows the first parent that leads to
// an accepted commit; mostly that is the first, but a branch may also have been
// pulled into another and pushed in its place. With nothing accepted it follows
// first parents as far as they are there. Not whole means that it leads nowhere.
// The graph is used up.
func (g *graph) spine() (steps []step, start plumbing.Hash, whole bool) {
	leads := g.leading()
	at := g.head
	for g.nodes[at] != nil {
		s := step{node: g.nodes[at]}
		parents := s.commit.Parents
		if len(g.accepted) > 0 {
			s.parent = slices.IndexFunc(parents, func(h plumbing.Hash) bool { return leads[h] })
		}
		if s.parent < 0 {
			return nil, start, false
		}
		steps = append(steps, s)
		if at = plumbing.ZeroHash; len(parents) > 0 {
			at = parents[s.parent]
		}
	}
	if g.accepted[at] {
		start = at
	}
	slices.Reverse(steps)
	g.share(steps)
	return steps, start, true
}

// leading are the accepted commits and those that descend from one.
func (g *graph) leading() map[plumbing.Hash]bool {
	children := map[plumbing.Hash][]plumbing.Hash{}
	for h, n := range g.nodes {
		for _, parent := range n.commit.Parents {
			children[parent] = append(children[parent], h)
		}
	}
	leads := map[plumbing.Hash]bool{}
	var next []plumbing.Hash
	for h := range g.accepted {
		leads[h] = true
		next = append(next, h)
	}
	for len(next) > 0 {
		last := len(next) - 1
		h := next[last]
		next = next[:last]
		for _, child := range children[h] {
			if !leads[child] {
				leads[child] = true
				next = append(next, child)
			}
		}
	}
	return leads
}

// share gives each step the commits that came in with it: those that it reaches
// and no step before it does.
func (g *graph) share(steps []step) {
	for i := range steps {
		s := &steps[i]
		delete(g.nodes, s.commit.Hash)
		s.brought = g.take(s.commit.Parents...)
		slices.Reverse(s.brought)
	}
}

// commits are all commits of the step, its own last.
func (s step) commits() []*node { return append(slices.Clip(s.brought), s.node) }
