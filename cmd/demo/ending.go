package main

import (
	"context"
	"strings"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// history prints the git log, newest first, with what the agent has written
// beside each commit: what `git log --notes=moult` shows, less the JSON, and
// less that each commit was accepted.
func history(ctx context.Context, s *stage) error {
	told := map[string][]ledger.Entry{} // by commit, oldest first
	err := s.until(ctx, "the ledger tells how each commit ended", 15*time.Second, func() bool {
		told = s.told()
		return s.allTold(told)
	})
	if err != nil {
		return err
	}
	for n := len(s.origin.merged) - 1; n >= 0; n-- {
		c := s.origin.merged[n]
		s.say("  %s  %s, %s", c.Short(), c.Subject, c.Author)
		for _, e := range told[c.Hash] {
			if e.Outcome != ledger.Accepted {
				s.say("      %s", e.Sentence())
			}
		}
	}
	s.say("\n  Behind each line git has the same as JSON, which says more; `moult history` reads it.")
	return nil
}

// told is what stands in the repository beside each commit; nothing while
// there is no ledger yet.
func (s *stage) told() map[string][]ledger.Entry {
	book, err := ledger.Open(s.repository())
	if err != nil {
		return nil
	}
	defer book.Close()
	told := map[string][]ledger.Entry{}
	entries, err := book.History(ledger.Filter{})
	if err != nil {
		return nil
	}
	for n := len(entries) - 1; n >= 0; n-- {
		e := entries[n]
		told[e.Commit] = append(told[e.Commit], e)
	}
	return told
}

// allTold reports whether the whole story is written down: the image that was
// rolled, the broken one that was rolled back, the revert, and the change by
// hand that was healed for it.
func (s *stage) allTold(told map[string][]ledger.Entry) bool {
	ends := []struct {
		outcome ledger.Outcome
		verb    reconcile.Verb
	}{{ledger.Succeeded, ""}, {ledger.Succeeded, reconcile.Roll}, {ledger.RolledBack, reconcile.Roll}, {ledger.Succeeded, reconcile.Roll}}
	for n, end := range ends {
		found := false
		for _, e := range told[s.origin.merged[n].Hash] {
			found = found || e.Outcome == end.outcome && e.Verb == end.verb
		}
		if !found {
			return false
		}
	}
	return true
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
