package ledger

import (
	"slices"
	"strings"
	"time"

	"moult/reconcile"
)

// Filter picks entries. What is empty picks all.
type Filter struct {
	Environment string
	Group       string
	Commit      string    // the commit that asked, or the begin of its name
	Since       time.Time // not before
	Until       time.Time // before
	Author      string    // a part of the name or address of the author, signer or merger, in any case
	Image       string    // the AMI before or after
	Limit       int       // at most so many, the newest
}

func (f Filter) picks(e *Entry) bool {
	return (f.Environment == "" || e.Environment == f.Environment) &&
		(f.Group == "" || e.Group == f.Group) &&
		strings.HasPrefix(e.Commit, f.Commit) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since)) &&
		(f.Until.IsZero() || e.Time.Before(f.Until)) &&
		(f.Image == "" || e.From == f.Image || e.To == f.Image) &&
		(f.Author == "" || e.involves(strings.ToLower(f.Author)))
}

func (e *Entry) involves(who string) bool {
	return slices.ContainsFunc([]string{e.Author, e.Signer, e.MergedBy}, func(name string) bool {
		return strings.Contains(strings.ToLower(name), who)
	})
}

// History is what the ledger tells, newest first.
func (b *Book) History(f Filter) []Entry {
	var picked []Entry
	for _, e := range b.entries {
		if !f.picks(e) {
			continue
		}
		if picked = append(picked, *e); len(picked) == f.Limit {
			break
		}
	}
	return picked
}

// about are the entries about each group of an environment, or of all, oldest
// first.
func (b *Book) about(environment string) map[string][]*Entry {
	groups := map[string][]*Entry{}
	for _, e := range slices.Backward(b.entries) {
		if environment == "" || e.Environment == environment {
			name := e.GroupID().String()
			groups[name] = append(groups[name], e)
		}
	}
	return groups
}

// when is the moment that an entry is about: when the rollout began or ended.
func (e *Entry) when() time.Time {
	switch {
	case e.Outcome.Final() && !e.Finished.IsZero():
		return e.Finished
	case e.Outcome == Started && !e.Started.IsZero():
		return e.Started
	}
	return e.Time
}

// rolls reports whether the entry is about instances being replaced, and not
// about a rollout being held or stopped: that is told by the entries of the
// rollout itself.
func (e *Entry) rolls() bool {
	return e.Outcome != Held && e.Verb != reconcile.Cancel && e.Verb != reconcile.RollBack
}
