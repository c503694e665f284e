package main

import (
	"context"
	"fmt"
	"strings"

	"moult/gitsource/ledger"
)

// acceptances adds to each group how the commit that it obeyed was accepted.
// That stands in the note of the commit, as an entry of its own, if it was the
// head when the agent looked. What was pushed together is accepted with the
// head, and so is a rewritten branch that an operator accepted by its head's
// name: then it is the first acceptance after the commit that counts. Where the
// branch was set back to the commit, it is the newest of all.
func (a *archive) acceptances(ctx context.Context, told *momentThen, ran ledger.Past) error {
	found := map[string]*ledger.Entry{}
	open := map[string]bool{} // commits that no acceptance stands beside
	for _, g := range told.Groups {
		if a.book == nil || g.Last == nil {
			continue
		}
		commit := g.Last.Commit
		if _, asked := found[commit]; asked {
			continue
		}
		accepted, err := a.acceptanceOf(*told, commit, ran.Accepted)
		if err != nil {
			return err
		}
		found[commit], open[commit] = accepted, accepted == nil
	}
	if err := a.acceptedWith(ctx, *told, open, ran.Accepted, found); err != nil {
		return err
	}
	for i, g := range told.Groups {
		switch {
		case g.Last == nil:
		case g.Last.Returns():
			told.Groups[i].Accepted = ran.InForce(told.branch(), g.Last.Time)
		default:
			told.Groups[i].Accepted = found[g.Last.Commit]
		}
	}
	return nil
}

// acceptanceOf is the acceptance beside one commit; nil where none counts.
func (a *archive) acceptanceOf(told momentThen, commit string, spoken map[string]bool) (*ledger.Entry, error) {
	if !spoken[commit] {
		return nil, nil
	}
	entries, err := a.book.History(ledger.Filter{Commit: commit, Outcome: ledger.Accepted})
	return told.acceptance(entries), err
}

// acceptance is the newest of some entries, newest first, that is about the
// branch and not later than the moment.
func (m momentThen) acceptance(entries []ledger.Entry) *ledger.Entry {
	for _, e := range entries {
		if e.Branch == m.branch() && !e.Time.After(m.At) {
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

// acceptedWithWords name the commit that was accepted, where that is a later
// one, and when: what an operator looked at was the head.
func acceptedWithWords(e, accepted ledger.Entry) string {
	if e.Commit == accepted.Commit {
		return ""
	}
	return fmt.Sprintf(", with the later commit %s, %s UTC", shortHash(accepted.Commit), minuteOf(accepted.Time))
}

// approval is who let it through, as far as the agent knew: how the commit was
// accepted, whose signature it carries and who merged it.
func approval(e ledger.Entry, accepted *ledger.Entry) string {
	var who []string
	signer := e.Signer
	switch {
	case accepted == nil:
	case accepted.AcceptedBy != "":
		who = append(who, "accepted "+acceptedWords(*accepted)+acceptedWithWords(e, *accepted))
	default:
		who = append(who, "accepted: "+acceptedWords(*accepted)+acceptedWithWords(e, *accepted))
		if signer == accepted.Signer && e.Commit == accepted.Commit {
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
