package main

import (
	"strings"

	"moult/gitsource/ledger"
)

// acceptances adds to each group how the commit that it obeyed was accepted:
// that stands in the note of the commit, as an entry of its own.
func (a *archive) acceptances(told *momentThen) error {
	found := map[string]*ledger.Entry{}
	for i, g := range told.Groups {
		if a.book == nil || g.Last == nil {
			continue
		}
		commit := g.Last.Commit
		if _, asked := found[commit]; !asked {
			entries, err := a.book.History(ledger.Filter{Commit: commit, Outcome: ledger.Accepted})
			if err != nil {
				return err
			}
			found[commit] = told.acceptance(entries)
		}
		told.Groups[i].Accepted = found[commit]
	}
	return nil
}

// acceptance is the newest of some entries, newest first, that is about the
// branch and not later than the moment.
func (m momentThen) acceptance(entries []ledger.Entry) *ledger.Entry {
	branch := strings.TrimPrefix(shortRef(m.Branch), "origin/")
	for _, e := range entries {
		if e.Branch == branch && !e.Time.After(m.At) {
			return &e
		}
	}
	return nil
}

// shortRef is a branch as people name it: main, origin/main.
func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}

// acceptedWords say why a commit was accepted, in the words of its note.
func acceptedWords(e ledger.Entry) string {
	switch {
	case e.AcceptedBy != "":
		return "by name, by " + tame(e.AcceptedBy)
	case e.Signer != "":
		return "signed by " + tame(e.Signer)
	}
	return "no signature was asked for"
}

// approval is who let it through, as far as the agent knew: how the commit was
// accepted, whose signature it carries and who merged it.
func approval(e ledger.Entry, accepted *ledger.Entry) string {
	var who []string
	signer := e.Signer
	switch {
	case accepted == nil:
	case accepted.AcceptedBy != "":
		who = append(who, "accepted "+acceptedWords(*accepted))
	default:
		who = append(who, "accepted: "+acceptedWords(*accepted))
		if signer == accepted.Signer {
			signer = "" // it is named already
		}
	}
	if signer != "" {
		who = append(who, "signed by "+tame(signer))
	}
	if e.MergedBy != "" {
		who = append(who, "merged by "+tame(e.MergedBy))
	}
	if len(who) == 0 {
		return "the ledger names no signer, and nobody who merged it"
	}
	return strings.Join(who, ", ")
}
