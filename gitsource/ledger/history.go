package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"

	"moult/gitsource/fault"
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
	Outcome     Outcome
	Limit       int // at most so many, the newest
}

func (f Filter) picks(e *Entry) bool {
	return (f.Environment == "" || e.Environment == f.Environment) &&
		(f.Group == "" || e.Group == f.Group) &&
		strings.HasPrefix(e.Commit, f.Commit) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since)) &&
		(f.Until.IsZero() || e.Time.Before(f.Until)) &&
		(f.Outcome == "" || e.Outcome == f.Outcome) &&
		(f.Image == "" || e.From == f.Image || e.To == f.Image) &&
		(f.Author == "" || e.involves(strings.ToLower(f.Author)))
}

func (e *Entry) involves(who string) bool {
	return slices.ContainsFunc([]string{e.Author, e.Signer, e.MergedBy}, func(name string) bool {
		return strings.Contains(strings.ToLower(name), who)
	})
}

// History is what the ledger tells, newest first.
func (b *Book) History(f Filter) ([]Entry, error) {
	all, err := b.scraps(f.wants(), f.words()...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	picked := newestOf(all, f.Limit, f.picks)
	entries := make([]Entry, len(picked))
	for i, e := range picked {
		entries[i] = *e
	}
	return entries, nil
}

// wants passes over the notes of other commits.
func (f Filter) wants() func(page) bool {
	switch {
	case f.Commit == "":
		return nil
	case plumbing.IsHash(f.Commit):
		whole := plumbing.NewHash(f.Commit)
		return func(p page) bool { return p.commit == whole }
	}
	return func(p page) bool { return strings.HasPrefix(p.commit.String(), f.Commit) }
}

// words stand in the line of every entry that the filter picks.
func (f Filter) words() []string {
	var words []string
	switch {
	case f.Environment != "" && f.Group != "":
		words = append(words, " "+f.Environment+"/"+f.Group+" ")
	case f.Environment != "":
		words = append(words, " "+f.Environment+"/")
	case f.Group != "":
		words = append(words, "/"+f.Group+" ")
	}
	if fault.Plain(f.Image, len(f.Image)) == f.Image && !strings.ContainsAny(f.Image, "\"\\") { // as it stands in a record, then
		words = append(words, f.Image)
	}
	for i, word := range words {
		words[i] = braceless(word)
	}
	return words
}

// about are the entries about each group of an environment, oldest first.
func about(entries []*Entry) map[string][]*Entry {
	groups := map[string][]*Entry{}
	for _, e := range slices.Backward(entries) {
		if e.Environment != "" && e.Group != "" {
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
