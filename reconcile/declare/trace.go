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
	// Commit is what people are shown of a commit.
	Commit(hash string) (reconcile.Commit, error)
	// File is the declaration file at a path of a commit; ok is false when there
	// is none.
	File(commit, path string) (f reconcile.File, ok bool, err error)
	// Differences is the revision of a commit, told by what it changes from
	// another one: its Base.
	Differences(commit, base string) (reconcile.Revision, error)
	// Read is the content of a file that a revision listed.
	Read(blob string) ([]byte, error)
}

// Unsigned is what is needed to find out who wrote an image that is in force.
type Unsigned struct {
	Path string `json:"path"` // the file in which its commit declared it
	// Late says that the environment had stayed behind, so that an earlier
	// commit may have written what that one put in force.
	Late bool `json:"late,omitempty"`
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
	u := t.unsigned[id]
	parents, err := a.Parents(d.Commit.Hash)
	if err == nil && !u.Late {
		parents = parents[min(1, len(parents)):] // the first declares what was in force before
	}
	if err != nil || len(parents) == 0 {
		return err
	}
	writer := search{Ancestry: a, parsed: t.parsed, id: id, image: d.Image}
	hash, err := writer.find(d.Commit.Hash, u.Path, parents)
	if err != nil || hash == d.Commit.Hash {
		return err
	}
	d.Written, err = a.Commit(hash)
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

// site is where a commit declares the group: in which file, of which content.
type site struct{ commit, path, blob string }

// find goes back from a commit that declares the image in the file at a path
// for as long as a parent does so too, and returns the last. It gives up after
// many commits, and then the first stands for all.
func (s search) find(commit, path string, parents []string) (string, error) {
	f, _, err := s.File(commit, path)
	if err != nil {
		return "", err
	}
	at := site{commit, path, f.Blob}
	for range farthest {
		before, err := s.before(at, parents)
		if err != nil || before.commit == "" {
			return at.commit, err
		}
		at = before
		if parents, err = s.Parents(at.commit); err != nil {
			return "", err
		}
	}
	return commit, nil
}

// before is where one of the parents declares the image; zero when none does.
// As `git blame` has it, that is a parent with the very same file, or else the
// first one in which the group has the image.
func (s search) before(at site, parents []string) (first site, err error) {
	for _, parent := range parents {
		before, err := s.in(parent, at)
		if err != nil || before == (site{parent, at.path, at.blob}) {
			return before, err
		}
		if first.commit == "" {
			first = before
		}
	}
	return first, nil
}

// in is where a parent declares the image; zero when it does not. Most often
// that is the same file, and else one of those that the commit changes.
func (s search) in(parent string, at site) (site, error) {
	f, there, err := s.File(parent, at.path)
	if err != nil || there && f.Blob == at.blob {
		return site{parent, at.path, f.Blob}, err
	}
	if there {
		if image, declared, err := s.imageIn(f); err != nil || declared {
			return site{parent, at.path, f.Blob}.provided(image == s.image), err
		}
	}
	rev, err := s.Differences(parent, at.commit)
	if err != nil {
		return site{}, err
	}
	for _, f := range rev.Files {
		if image, declared, err := s.imageIn(f); err != nil || declared {
			return site{parent, f.Path, f.Blob}.provided(image == s.image), err
		}
	}
	return site{}, nil
}

func (s site) provided(so bool) site {
	if !so {
		return site{}
	}
	return s
}

// imageIn is the image that a file declares for the group.
func (s search) imageIn(f reconcile.File) (image string, declared bool, err error) {
	if f.Blob == "" {
		return "", false, nil
	}
	parsed, err := s.parsed.get(f, s.Read)
	if err != nil {
		return "", false, err
	}
	for _, e := range parsed.environments {
		for i := range e.groups {
			if e.name == s.id.Environment && e.groups[i].declaration.ID.Group == s.id.Group {
				return e.groups[i].declaration.Image, true, nil
			}
		}
	}
	return "", false, nil
}
