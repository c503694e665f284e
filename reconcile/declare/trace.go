package declare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"moult/reconcile"
)

// Ancestry is the history of a repository as it branches: more than the line of
// commits that a timeline folds.
type Ancestry interface {
	// Parents are the parents of a commit, in order.
	Parents(commit string) ([]string, error)
	// Differences is the revision of a commit, told by what it changes from
	// another one: its Base.
	Differences(commit, base string) (reconcile.Revision, error)
	// Read is the content of a file that a revision listed.
	Read(blob string) ([]byte, error)
}

// farthest is how many commits back a writer is looked for.
const farthest = 10_000

// Trace finds out who wrote the images that were put in force since it was last
// called. An error concerns some groups only, which are asked about again the
// next time; until then they name no writer.
func (t *Timeline) Trace(a Ancestry) error {
	var errs []error
	for _, id := range slices.SortedFunc(maps.Keys(t.unsigned), compareIDs) {
		if err := t.sign(a, id); err != nil {
			errs = append(errs, fmt.Errorf("find who wrote the image of %s: %w", id, err))
			continue
		}
		delete(t.unsigned, id)
	}
	t.parsed.forget(t.files.files)
	return errors.Join(errs...)
}

func compareIDs(a, b reconcile.ID) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Group, b.Group))
}

// sign writes down who wrote the image of a group.
func (t *Timeline) sign(a Ancestry, id reconcile.ID) error {
	d := t.inForce(id)
	if d == nil || d.Unattributed {
		return nil
	}
	writer := search{Ancestry: a, parsed: t.parsed, id: id, image: d.Image}
	written, err := writer.find(site{commit: d.Commit, path: t.unsigned[id]})
	if err == nil && written.Hash != d.Commit.Hash {
		d.Written = written
	}
	return err
}

// inForce is the declaration of a group; nil when there is none.
func (t *Timeline) inForce(id reconcile.ID) *reconcile.Declaration {
	s := t.force[id.Environment]
	if s == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(s.groups, id, func(d reconcile.Declaration, id reconcile.ID) int { return compareIDs(d.ID, id) })
	if !found {
		return nil
	}
	return &s.groups[i]
}

// search is the search for who wrote the image of one group.
type search struct {
	Ancestry
	parsed cache
	id     reconcile.ID
	image  string
}

// site is where a commit declares the group: in which file.
type site struct {
	commit reconcile.Commit
	path   string
}

// find goes back from a commit that declares the image for as long as a parent
// does so too, and returns the last. It gives up after many commits, and then
// the first stands for all.
func (s search) find(first site) (reconcile.Commit, error) {
	at := first
	for range farthest {
		before, found, err := s.before(at)
		if err != nil {
			return reconcile.Commit{}, err
		}
		if !found {
			return at.commit, nil
		}
		at = before
	}
	return first.commit, nil
}

// before is the parent from which a commit has the image. As `git blame` has
// it, that is a parent with the very same file, or else the first one in which
// the group has the image.
func (s search) before(at site) (before site, found bool, err error) {
	parents, err := s.Parents(at.commit.Hash)
	if err != nil {
		return site{}, false, err
	}
	for _, parent := range parents {
		rev, err := s.Differences(parent, at.commit.Hash)
		if err != nil {
			return site{}, false, err
		}
		path, untouched, err := s.declared(rev, at.path)
		switch {
		case err != nil:
			return site{}, false, err
		case untouched:
			return site{rev.Commit, path}, true, nil
		case path != "" && !found:
			before, found = site{rev.Commit, path}, true
		}
	}
	return before, found, nil
}

// declared is the file in which a revision declares the image; empty when it
// does not. What is in no file that differs from the commit behind it is as it
// is there.
func (s search) declared(rev reconcile.Revision, path string) (at string, untouched bool, err error) {
	i := slices.IndexFunc(rev.Files, func(f reconcile.File) bool { return f.Path == path })
	if i < 0 {
		return path, true, nil
	}
	for _, f := range append([]reconcile.File{rev.Files[i]}, rev.Files...) {
		if f.Blob == "" {
			continue
		}
		parsed, err := s.parsed.get(f, nil, s.Read)
		if err != nil {
			return "", false, err
		}
		switch image, declared := parsed.imageOf(s.id); {
		case declared && image == s.image:
			return f.Path, false, nil
		case declared:
			return "", false, nil
		}
	}
	return "", false, nil
}

// imageOf is the image that a file declares for a group.
func (f *file) imageOf(id reconcile.ID) (image string, declared bool) {
	for _, e := range f.environments {
		for i := range e.groups {
			if d := &e.groups[i].declaration; e.name == id.Environment && d.ID.Group == id.Group {
				return d.Image, true
			}
		}
	}
	return "", false
}
