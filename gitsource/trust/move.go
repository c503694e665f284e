package trust

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// Move is how the head of the branch has moved since the last accepted commit.
type Move struct {
	Relation Relation
	Accepted plumbing.Hash // zero when nothing was ever accepted
	Head     plumbing.Hash
	Common   plumbing.Hash   // a commit that both have, when Diverged
	By       plumbing.Hash   // the commit accepted by name that allows the move; zero when it needs none
	Names    []plumbing.Hash // all commits accepted by name
}

// Guard finds how a new head stands to the last accepted commit. Only the same
// commit and one that descends from it may be obeyed; for anything else an
// operator must have accepted, by name and since that commit is in force, the
// head or a commit that it descends from.
func (r Record) Guard(head plumbing.Hash, parents Parents) (Move, error) {
	m := Move{Head: head}
	var err error
	if m.Accepted, m.Names, err = r.hashes(); err != nil {
		return m, err
	}
	if m.Relation, m.Common, err = Relate(m.Accepted, head, parents); err != nil || !m.Held() {
		return m, err
	}
	for _, name := range m.Names {
		relation, _, err := Relate(name, head, parents)
		if err != nil {
			return m, err
		}
		if relation == Same || relation == FastForward {
			m.By = name
			break
		}
	}
	return m, nil
}

// Held reports whether the head must not be obeyed.
func (m Move) Held() bool {
	switch m.Relation {
	case First, Same, FastForward:
		return false
	}
	return m.By.IsZero()
}

// From is the commit from which to judge what is new: the last accepted one, or
// the one accepted by name in its place.
func (m Move) From() plumbing.Hash {
	if m.By.IsZero() {
		return m.Accepted
	}
	return m.By
}

// Hold says what happened to the branch, and what ends the hold; "" when the
// head may be judged. Of a commit that is gone nobody knows here what it declares.
func (m Move) Hold() string {
	if m.Relation == Gone {
		return m.hold("no copy here has the last accepted either, so nothing is in force")
	}
	return m.hold(fmt.Sprintf("commit %s stays in force", short(m.Accepted.String())))
}

// HoldRecalled is Hold for an accepted commit that is only remembered: the
// caller has lost its record, and does not obey what it cannot prove.
func (m Move) HoldRecalled() string {
	return m.hold("that it was accepted is known from the ledger alone, so nothing is in force")
}

func (m Move) hold(inForce string) string {
	if !m.Held() {
		return ""
	}
	return fmt.Sprintf("%s; %s; %s, or accept the new head: moult trust %s", m.happened(), inForce, m.remedy(), m.Head)
}

func (m Move) happened() string {
	accepted, head := short(m.Accepted.String()), short(m.Head.String())
	switch m.Relation {
	case Rewound:
		return fmt.Sprintf("the branch was set back from commit %s to the older %s", accepted, head)
	case Diverged:
		return fmt.Sprintf("the branch was rewritten: its head %s does not descend from commit %s, the last accepted (both descend from %s)", head, accepted, short(m.Common.String()))
	case Gone:
		return fmt.Sprintf("the branch was rewritten: commit %s, the last accepted, is not in the repository any more; its head is %s", accepted, head)
	}
	return fmt.Sprintf("the branch was replaced: its head %s has no commit in common with %s, the last accepted", head, accepted)
}

func (m Move) remedy() string {
	if m.Relation == Rewound {
		return "to undo a change, push the branch as it was and git revert"
	}
	return "push the branch as it was"
}
