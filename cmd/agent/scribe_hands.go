package main

import (
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"moult/gitsource/fault"
	"moult/gitsource/ledger"
	"moult/gitsource/trust"
)

// hands tells whose hands a commit went through.
type hands struct {
	// Objects are the commits: a gitsource.Repository.
	Objects interface {
		Object(commit string) ([]byte, error)
	}
	Trust trustSettings // whose keys tell who signed

	mu    sync.Mutex
	known map[string]ledger.Who
}

// mostHands bounds what is remembered; what is forgotten is looked up.
const mostHands = 10_000

// who is what git knows of a commit, and of its signature what the keys of
// agent.hcl tell. What cannot be found out is left empty.
func (h *hands) who(commit string) ledger.Who {
	h.mu.Lock()
	defer h.mu.Unlock()
	if who, ok := h.known[commit]; ok {
		return who
	}
	raw, err := h.Objects.Object(commit)
	if err != nil {
		return ledger.Who{} // the mirror is being made again: ask later
	}
	if h.known == nil || len(h.known) >= mostHands {
		h.known = map[string]ledger.Who{}
	}
	who := writers(raw)
	who.Signer = h.signer(raw)
	h.known[commit] = who
	return who
}

// signer is who signed a commit: the names that the agent's files give to a
// key that they trust.
func (h *hands) signer(raw []byte) string {
	policy, err := h.Trust.policy()
	if err != nil {
		return ""
	}
	commit, err := trust.Parse(raw)
	if err != nil {
		return ""
	}
	signer, err := policy.Keys.Verify(commit)
	if err != nil {
		return ""
	}
	return signer.String()
}

// writers are the author of a commit and who brought it onto the branch. That
// is whoever made a merge, or committed what another wrote. A forge that
// merges commits as itself does not count.
func writers(raw []byte) ledger.Who {
	var o plumbing.MemoryObject
	o.SetType(plumbing.CommitObject)
	o.Write(raw) // never fails: it appends
	var c object.Commit
	if c.Decode(&o) != nil {
		return ledger.Who{}
	}
	who := ledger.Who{Author: person(c.Author)}
	switch {
	case c.NumParents() > 1:
		who.MergedBy = who.Author
	case c.Committer.Email != c.Author.Email && !strings.HasPrefix(strings.ToLower(c.Committer.Email), "noreply@"):
		who.MergedBy = person(c.Committer)
	}
	return who
}

func person(s object.Signature) string {
	return fault.Plain(s.Name, 100) + " <" + fault.Plain(s.Email, 100) + ">"
}
