package declare

import (
	"cmp"
	"fmt"
	"slices"
)

// tree is all files of one revision, with what must be unique across them. A
// file can be put in and taken out at the cost of that file alone.
type tree struct {
	files        map[string]*file    // by path
	environments map[string][]seat   // by name; more than one is a conflict
	claims       map[claim][]claimed // by Auto Scaling group; more than one is a conflict
	lost         map[string]bool     // paths of files that may hold more environments than are known
}

// seat is where an environment is declared.
type seat struct {
	path string
	*environment
}

// claimed is where an Auto Scaling group is declared.
type claimed struct {
	seat
	group *group
}

func newTree() *tree {
	return &tree{
		files:        map[string]*file{},
		environments: map[string][]seat{},
		claims:       map[claim][]claimed{},
		lost:         map[string]bool{},
	}
}

// put adds a file; there is none at its path.
func (t *tree) put(path string, f *file) {
	t.files[path] = f
	if f.lost() {
		t.lost[path] = true
	}
	for _, e := range f.environments {
		s := seat{path, e}
		t.environments[e.name] = append(t.environments[e.name], s)
		for i := range e.groups {
			if g := &e.groups[i]; g.claim != (claim{}) {
				t.claims[g.claim] = append(t.claims[g.claim], claimed{s, g})
			}
		}
	}
}

// take removes the file at a path, if there is one.
func (t *tree) take(path string) {
	f := t.files[path]
	if f == nil {
		return
	}
	delete(t.files, path)
	delete(t.lost, path)
	for _, e := range f.environments {
		here := func(s seat) bool { return s.path == path }
		remove(t.environments, e.name, here)
		for _, g := range e.groups {
			remove(t.claims, g.claim, func(c claimed) bool { return c.path == path })
		}
	}
}

// remove deletes some of the values under a key, and the key with the last.
func remove[K comparable, V any](m map[K][]V, key K, gone func(V) bool) {
	if kept := slices.DeleteFunc(m[key], gone); len(kept) > 0 {
		m[key] = kept
	} else {
		delete(m, key)
	}
}

// good reports whether an environment can be obeyed as far as one revision
// goes: it stands once, nothing in it is wrong, and nobody else declares one
// of its Auto Scaling groups.
func (t *tree) good(name string) bool {
	seats := t.environments[name]
	if len(seats) != 1 || !seats[0].good {
		return false
	}
	for _, g := range seats[0].groups {
		if len(t.claims[g.claim]) != 1 {
			return false
		}
	}
	return true
}

// conflicts are the mistakes that only show when files are read together.
func (t *tree) conflicts() Diagnostics {
	var ds Diagnostics
	for _, seats := range t.environments {
		ds = append(ds, namedTwice(seats)...)
	}
	for _, claims := range t.claims {
		ds = append(ds, claimedTwice(claims)...)
	}
	return ds
}

// mistakes are everything that holds an environment back in this revision.
func (t *tree) mistakes(name string) Diagnostics {
	var ds Diagnostics
	told, read := map[claim]bool{}, map[string]bool{}
	for _, s := range t.environments[name] {
		if !read[s.path] {
			read[s.path] = true
			ds = append(ds, t.files[s.path].diagnostics.About(name).in(s.path)...)
		}
		for _, g := range s.groups {
			if !told[g.claim] {
				told[g.claim] = true
				ds = append(ds, claimedTwice(t.claims[g.claim]).About(name)...)
			}
		}
	}
	return append(ds, namedTwice(t.environments[name])...).sorted()
}

// unascribed are the mistakes of which it cannot be told what environment they
// are about.
func (t *tree) unascribed() Diagnostics {
	var ds Diagnostics
	for path := range t.lost {
		ds = append(ds, t.files[path].diagnostics.About("").in(path)...)
	}
	return ds.sorted()
}

// namedTwice reports an environment that is declared more than once.
func namedTwice(seats []seat) Diagnostics {
	if len(seats) < 2 {
		return nil
	}
	seats = slices.SortedFunc(slices.Values(seats), seat.compare)
	var ds Diagnostics
	for _, s := range seats[1:] {
		d := diagnose(s.head, problem{
			summary: fmt.Sprintf("environment %q is declared twice, also at %s", s.name, position(seats[0].path, seats[0].head.line)),
			detail:  "Neither is obeyed until only one is left.",
			hint:    "Join the two, or give one another name.",
		}, []string{s.name})
		d.File = s.path
		ds = append(ds, d)
	}
	return ds
}

// claimedTwice reports an Auto Scaling group that is declared more than once.
func claimedTwice(claims []claimed) Diagnostics {
	if len(claims) < 2 {
		return nil
	}
	claims = slices.SortedFunc(slices.Values(claims), claimed.compare)
	var ds Diagnostics
	first := claims[0]
	for _, c := range claims[1:] {
		if c.name == first.name && c.seat != first.seat {
			continue // the environment is declared twice; that says it all
		}
		d := diagnose(c.group.at, problem{
			summary: fmt.Sprintf("the Auto Scaling group %s is declared twice in %s, also by %s at %s",
				quote(c.group.claim.name), c.group.claim.where(), first.group.declaration.ID, position(first.path, first.group.at.line)),
			detail: "Two declarations would undo each other.",
			hint:   "Remove one of the two.",
		}, slices.Compact(slices.Sorted(slices.Values([]string{first.name, c.name}))))
		d.File = c.path
		ds = append(ds, d)
	}
	return ds
}

// where is the account and region, for a person.
func (c claim) where() string {
	if c.account == "" {
		return c.region
	}
	return fmt.Sprintf("%s, account %s", c.region, c.account)
}

func (s seat) compare(other seat) int {
	return cmp.Or(cmp.Compare(s.path, other.path), cmp.Compare(s.head.line, other.head.line))
}

func (c claimed) compare(other claimed) int {
	return cmp.Or(cmp.Compare(c.path, other.path), cmp.Compare(c.group.line, other.group.line))
}
