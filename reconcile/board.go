package reconcile

import (
	"slices"
	"sort"
	"sync"
	"time"
)

// board is where the lanes write what they found, so that one report can be
// made of it. It is for people: no decision reads it.
type board struct {
	mu       sync.Mutex
	talking  sync.Mutex // one call of Loop.Report at a time, in order
	at       time.Time
	declared Declared
	answers  map[ID]Answer
	outcomes []Outcome // since the last report
	reverts  map[Place][]Revert
}

// change is a group whose state became another.
type change struct {
	was State
	now Answer
}

// declare takes over what git says, and forgets groups that it no longer
// names.
func (b *board) declare(d Declared, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.declared = now, d
	named := make(map[ID]bool, len(d.Groups))
	for _, g := range d.Groups {
		named[g.ID] = true
	}
	for id := range b.answers {
		if !named[id] {
			delete(b.answers, id)
		}
	}
}

// post writes answers down and returns the changes of state. An
// answer that says the same as before keeps the time since when it is so.
func (b *board) post(answers []Answer, outcomes []Outcome, now time.Time) []change {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answers == nil {
		b.answers = map[ID]Answer{}
	}
	b.at = now
	b.outcomes = append(b.outcomes, outcomes...)
	var changes []change
	for _, a := range answers {
		before, known := b.answers[a.Group]
		if a.Since.IsZero() {
			a.Since = now
			if known && before.State == a.State && before.Reason == a.Reason {
				a.Since = before.Since
			}
		}
		if !known || before.State != a.State || before.State == StateHeld && before.Reason != a.Reason {
			changes = append(changes, change{was: before.State, now: a})
		}
		b.answers[a.Group] = a
	}
	return changes
}

// report is everything that is known now. Groups that no lane has looked at
// yet are left out.
func (b *board) report() Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	answers := make([]Answer, 0, len(b.answers))
	for _, a := range b.answers {
		answers = append(answers, a)
	}
	sort.Slice(answers, func(i, j int) bool { return answers[i].Group.Less(answers[j].Group) })
	var reverts []Revert
	for _, r := range b.reverts {
		reverts = append(reverts, r...)
	}
	sort.Slice(reverts, func(i, j int) bool { return reverts[i].before(reverts[j]) })
	report := Report{
		At: b.at, Head: b.declared.Head, Mistakes: b.declared.Mistakes, Stale: b.declared.Stale,
		Plan:     Plan{Head: b.declared.Head, Answers: answers},
		Outcomes: slices.Clone(b.outcomes), Reverts: reverts,
	}
	b.outcomes = nil
	return report
}

// publish hands the report out, one at a time and in order.
func (b *board) publish(to func(Report)) {
	b.talking.Lock()
	defer b.talking.Unlock()
	to(b.report())
}
