package declare

import (
	"errors"

	"moult/reconcile"
)

// Snapshot is what a timeline knows of the past and could not learn again from
// one revision: which commits set what. It is told only of a revision in which
// nothing is held back, so that the rest is a matter of that revision alone.
type Snapshot struct {
	// Commit is the hash of the revision.
	Commit string
	// Commits are those that the groups name by their place in it; the first is
	// the zero commit.
	Commits []reconcile.Commit
	Groups  []Attribution
}

// Attribution is which commits set a group's values.
type Attribution struct {
	ID       reconcile.ID `json:"id"`
	Image    string       `json:"ami"`
	Commit   int          `json:"commit"`
	Changed  int          `json:"changed"`
	Written  int          `json:"written,omitempty"`
	Earlier  []Ancestor   `json:"earlier,omitempty"`
	Unsigned *Unsigned    `json:"unsigned,omitempty"` // set while nobody has asked who wrote it
}

// Ancestor is an image of before.
type Ancestor struct {
	Image  string `json:"ami"`
	Commit int    `json:"commit"`
}

// Snapshot is the knowledge of the past; ok is false while it is not whole, or
// something is held back.
func (t *Timeline) Snapshot() (s Snapshot, ok bool) {
	if t.tree == nil || t.past.partial || !t.clear() {
		return Snapshot{}, false
	}
	s.Commit = t.head.Hash
	table := numbers{}
	table.of(reconcile.Commit{})
	for _, name := range t.names {
		for _, d := range t.force[name].groups {
			a := Attribution{ID: d.ID, Image: d.Image, Commit: table.of(d.Commit), Changed: table.of(d.Changed), Written: table.of(d.Written)}
			if u, ok := t.unsigned[d.ID]; ok {
				a.Unsigned = &u
			}
			for _, e := range d.Earlier {
				a.Earlier = append(a.Earlier, Ancestor{e.Image, table.of(e.Commit)})
			}
			s.Groups = append(s.Groups, a)
		}
	}
	s.Commits = table.commits
	return s, true
}

// numbers is a list of commits, each once.
type numbers struct {
	commits []reconcile.Commit
	places  map[string]int // by hash
}

func (n *numbers) of(c reconcile.Commit) int {
	if place, known := n.places[c.Hash]; known {
		return place
	}
	if n.places == nil {
		n.places = map[string]int{}
	}
	n.places[c.Hash] = len(n.commits)
	n.commits = append(n.commits, c)
	return n.places[c.Hash]
}

// ErrForeign means that a snapshot is not of the revision that it is laid over.
var ErrForeign = errors.New("what is remembered of the past does not fit the revision")

// Resume is the timeline that told a snapshot, from the same revision. What is
// declared comes from the revision alone: when that declares another group or
// another image than the snapshot knows, or holds anything back, that is an
// [ErrForeign].
func Resume(rev reconcile.Revision, s Snapshot, read func(blob string) ([]byte, error)) (*Timeline, error) {
	t := new(Timeline)
	if err := t.Advance(rev, read); err != nil {
		return nil, err
	}
	if rev.Commit.Hash != s.Commit || !t.clear() {
		return nil, ErrForeign
	}
	clear(t.unsigned)
	rest := s.Groups
	for _, name := range t.names {
		for i := range t.force[name].groups {
			d := &t.force[name].groups[i]
			if len(rest) == 0 || rest[0].ID != d.ID || rest[0].Image != d.Image || !s.attribute(d, rest[0]) {
				return nil, ErrForeign
			}
			if u := rest[0].Unsigned; u != nil {
				t.unsigned[d.ID] = *u
			}
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		return nil, ErrForeign
	}
	t.past = past{begun: true}
	return t, nil
}

// attribute gives a group the commits of the past; false when one is missing.
func (s Snapshot) attribute(d *reconcile.Declaration, a Attribution) bool {
	whole := true
	commit := func(n int) (c reconcile.Commit) {
		if n < 0 || n >= len(s.Commits) {
			whole = false
			return c
		}
		return s.Commits[n]
	}
	d.Commit, d.Changed, d.Written, d.Unattributed = commit(a.Commit), commit(a.Changed), commit(a.Written), false
	d.Earlier = nil
	for _, e := range a.Earlier {
		d.Earlier = append(d.Earlier, reconcile.Earlier{Image: e.Image, Commit: commit(e.Commit)})
	}
	return whole && d.Commit.Hash != "" && d.Changed.Hash != ""
}
