package gitsource

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"moult/reconcile"

	"moult/gitsource/fault"
)

// commitBytes is the largest commit object that is read. git itself has no
// limit; a message of a megabyte is no message.
const commitBytes = 1 << 20

// step is what walking history needs to know of a commit.
type step struct {
	tree   plumbing.Hash
	parent plumbing.Hash // the first; zero at the beginning
	*rare
}

// rare is what few commits have.
type rare struct {
	others []plumbing.Hash // the parents after the first: what a merge brought in
	bad    error           // why nothing of the commit can be read
}

// more are the parents after the first.
func (s step) more() []plumbing.Hash {
	if s.rare == nil {
		return nil
	}
	return s.others
}

// trouble is why nothing of the commit can be read; nil when it can.
func (s step) trouble() error {
	if s.rare == nil {
		return nil
	}
	return s.bad
}

// step reads a commit for walking. What it holds never changes, so it is kept:
// about seventy bytes a commit. At the boundary it has no parents.
func (m *mirror) step(h plumbing.Hash) (step, error) {
	s, _, err := m.stepOrCut(h)
	return s, err
}

// stepOrCut is step, and whether history goes on behind the commit and is not
// there yet. Both are told of one moment: the boundary may move at any time.
func (m *mirror) stepOrCut(h plumbing.Hash) (s step, cut bool, err error) {
	m.mu.Lock()
	s, known := m.steps[h]
	m.mu.Unlock()
	if !known {
		if s, err = m.readStep(h); err != nil {
			return step{}, false, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps[h] = s
	if !m.shallow[h] {
		return s, false, nil
	}
	if s.parent = plumbing.ZeroHash; s.trouble() == nil {
		s.rare = nil
	}
	return s, !m.floor, nil
}

// readStep reads a commit. History ends at one that is malformed or too large.
func (m *mirror) readStep(h plumbing.Hash) (step, error) {
	content, err := m.object(plumbing.CommitObject, h, commitBytes)
	if errors.Is(err, ErrDamaged) {
		return step{}, err
	}
	if err != nil {
		return step{rare: &rare{bad: err}}, nil
	}
	tree, parents, err := parseCommit(content)
	if err != nil {
		return step{rare: &rare{bad: err}}, nil
	}
	s := step{tree: tree}
	if len(parents) > 0 {
		s.parent = parents[0]
	}
	if len(parents) > 1 {
		s.rare = &rare{others: parents[1:]}
	}
	return s, nil
}

// mostFolders is of how many root trees it is kept where Path lies in them.
const mostFolders = 1000

// folderOf is the tree at Path of a commit; zero when it has none.
func (m *mirror) folderOf(s step) (plumbing.Hash, error) {
	if err := s.trouble(); err != nil {
		return plumbing.ZeroHash, err
	}
	m.mu.Lock()
	at, known := m.folders[s.tree]
	m.mu.Unlock()
	switch {
	case m.id.Path == "":
		return s.tree, nil
	case known:
		return at, nil
	}
	at, err := folderAt(m.tree, s.tree, m.id.Path)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.folders) >= mostFolders {
		clear(m.folders)
	}
	m.folders[s.tree] = at
	return at, nil
}

// parseCommit reads the tree and the parents, which git always writes first
// and in this order.
func parseCommit(content []byte) (tree plumbing.Hash, parents []plumbing.Hash, err error) {
	line, rest, _ := bytes.Cut(content, []byte("\n"))
	text, ok := strings.CutPrefix(string(line), "tree ")
	if !ok {
		return tree, nil, fault.Malformed("commit does not begin with its tree")
	}
	if tree, err = parseHash(text); err != nil {
		return tree, nil, fault.Malformed("commit names its tree: %w", err)
	}
	for {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if text, ok = strings.CutPrefix(string(line), "parent "); !ok {
			return tree, parents, nil
		}
		parent, err := parseHash(text)
		if err != nil {
			return tree, nil, fault.Malformed("commit names a parent: %w", err)
		}
		parents = append(parents, parent)
	}
}

// haves are commits that the mirror has, from the head backwards in growing
// steps, so that a server whose branch was rewound finds a common one.
func (m *mirror) haves() []plumbing.Hash {
	const most = 512 // commits back
	var haves []plumbing.Hash
	at, next := m.current(), 0
	for back := 0; back <= most && !at.IsZero(); back++ {
		if back == next {
			haves = append(haves, at)
			next = 2*next + 1
		}
		s, err := m.step(at)
		if err != nil {
			break
		}
		at = s.parent
	}
	return haves
}

// reaches reports whether a commit lies on the first-parent history of tip.
func (m *mirror) reaches(ctx context.Context, tip, commit plumbing.Hash) (bool, error) {
	if commit.IsZero() {
		return false, nil
	}
	for at := tip; !at.IsZero(); {
		if at == commit {
			return true, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		s, err := m.step(at)
		if err != nil {
			return false, err
		}
		at = s.parent
	}
	return false, nil
}

// commit is a commit as people are shown it. Names and subject come from
// whoever made it, so nothing in them can move a cursor.
func (m *mirror) commit(h plumbing.Hash) (reconcile.Commit, error) {
	content, err := m.object(plumbing.CommitObject, h, commitBytes)
	if err != nil {
		return reconcile.Commit{}, err
	}
	return asCommit(h, content)
}

func asCommit(h plumbing.Hash, content []byte) (reconcile.Commit, error) {
	var o plumbing.MemoryObject
	o.SetType(plumbing.CommitObject)
	o.Write(content) // never fails: it appends
	var c object.Commit
	if err := c.Decode(&o); err != nil {
		return reconcile.Commit{}, fault.Malformed("commit %s: %w", h, err)
	}
	subject, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n")
	return reconcile.Commit{
		Hash:    h.String(),
		Author:  fault.Plain(c.Author.Name, 100) + " <" + fault.Plain(c.Author.Email, 100) + ">",
		Time:    c.Committer.When.UTC().Truncate(time.Second),
		Subject: fault.Plain(subject, 200),
	}, nil
}
