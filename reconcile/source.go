package reconcile

import (
	"context"
	"slices"
	"time"
)

// Declared is everything that git asks for at one moment.
type Declared struct {
	// Head is the newest commit of the branch that could be read.
	Head Commit `json:"head"`
	// Groups are the declarations in force, sorted by ID. They need not all
	// come from Head: an environment with a mistake stays on its last good
	// commit.
	Groups []Declaration `json:"groups"`
	// Mistakes are the environments that Head does not move, and why.
	Mistakes []Mistake `json:"mistakes,omitempty"`
	// Partial says that older history is still being read: some groups are
	// Unattributed, and some mistakes Sought.
	Partial bool `json:"partial,omitempty"`
	// Stale says why the repository could not be reached or obeyed, and since
	// when; nil when Head is as new as the last poll.
	Stale *Stale `json:"stale,omitempty"`
}

// Mistake is a part of the repository that cannot be obeyed as it stands.
type Mistake struct {
	Environment string `json:"environment,omitempty"` // empty when it cannot be told which
	InForce     Commit `json:"in_force,omitzero"`     // the last good commit; zero when there never was one
	Sought      bool   `json:"sought,omitempty"`      // there may be one in the history that is still being read
	Message     string `json:"message"`               // every diagnostic, with file and line
	// Drawn is Message for a terminal: with the source lines, carets and hints.
	// Empty where there is nothing to point at.
	Drawn string `json:"drawn,omitempty"`
}

// Stale says that what is declared may be old.
type Stale struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	// Held is whether the repository could be read, and its newest commit may
	// not be obeyed: that ends only when a person does something.
	Held bool `json:"held,omitempty"`
	// Empty is whether the repository could be read, and has no commit yet.
	Empty bool `json:"empty,omitempty"`
	// Also says, where the newest commit that is known is Held, that the
	// repository cannot be read either.
	Also *Stale `json:"also,omitempty"`
}

// Each are the reasons one by one: that the repository cannot be read before
// what is held in it.
func (s *Stale) Each() []Stale {
	if s == nil {
		return nil
	}
	alone := *s
	alone.Also = nil
	return append(s.Also.Each(), alone)
}

// among reports whether one of some reasons is of the same kind.
func (s Stale) among(others []Stale) bool {
	return slices.ContainsFunc(others, func(o Stale) bool { return o.Held == s.Held })
}

// happened is the event of becoming stale.
func (s Stale) happened() string {
	switch {
	case s.Held:
		return "newest commit held"
	case s.Empty:
		return "repository is empty"
	}
	return "repository not reachable"
}

// remains is what is in force while that is so.
func (d Declared) remains() string {
	if d.Head.Hash == "" {
		return "nothing is in force"
	}
	return "the last good commit stays in force"
}

// ended is the event of being stale no more.
func (s Stale) ended() string {
	switch {
	case s.Held:
		return "commit held no more"
	case s.Empty:
		return "repository is empty no more"
	}
	return "repository reachable again"
}

// Source is where declarations come from.
type Source interface {
	// Read returns what is declared now. It asks the repository for its
	// newest commit first; when that fails it returns what was last in force,
	// with Stale set, and no error. An error means that nothing was ever read.
	Read(ctx context.Context) (Declared, error)
}

// Revision is the repository at one commit: its declaration files, by content
// hash. It is what the git side hands to the declaration language, which reads
// a file only when it has not seen its content before.
type Revision struct {
	Commit Commit `json:"commit"`
	// Files are all declaration files, sorted by Path; or, when there is a
	// Base, only those that differ from the revision of that commit hash, those
	// that are gone without a Blob.
	Files []File `json:"files"`
	Base  string `json:"base,omitempty"`
	// Partial says that history goes on before this revision, and that it has
	// not been read: what is declared here may have been set here or long ago.
	Partial bool `json:"partial,omitempty"`
}

// File is one declaration file in the object store.
type File struct {
	Path string `json:"path"` // from the root of the repository, with slashes
	Blob string `json:"blob"` // hash of its content
	Size int64  `json:"size"` // bytes
}
