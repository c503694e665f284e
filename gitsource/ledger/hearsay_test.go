package ledger

import (
	"slices"
	"testing"
	"time"

	"moult/reconcile"
)

// lie is what a stranger tells of a rollout that never was.
func (c trial) lie() Entry {
	e := c.started(1)
	e.Author, e.MergedBy, e.AcceptedBy, e.From, e.InstancesPlanned = "Innocent Victim <v@example.com>", "The Boss", "root", ami(9), 999
	e.Reason, e.Plan = "because", "replacing 999 instances"
	return e
}

// report tells a ledger that the group is converged on what the second commit
// declares.
func (c trial) report(t *testing.T, l *Ledger) []Entry {
	t.Helper()
	commit := reconcile.Commit{Hash: c.commits[1], Author: "Ada <ada@example.com>"}
	a := converged(commit, ami(1))
	a.Group = web
	started := value[[]Entry](t)(l.Started(background))
	told := Teller{}.Tell(reconcile.Report{At: noon.Add(time.Hour), Plan: reconcile.Plan{Answers: []reconcile.Answer{a}}}, started)
	must(t, l.Append(background, noon, told...))
	return told
}

// The agent signs what it sees, and not what somebody told beside it.
func TestTheAgentDoesNotSignWhatAStrangerTold(t *testing.T) {
	t.Parallel()
	c := newTrial(t)
	agent := c.agent(t, 0)
	c.tell(t, agent, acceptedOf(c.commits[0]))
	c.forge(t, c.commits[1], Note(c.lie()))
	fetch(t, agent)
	c.report(t, agent)
	push(t, agent)
	book := value[*Book](t)(Open(c.bare))
	defer book.Close()
	signed := slices.DeleteFunc(allOf(t, book), func(e Entry) bool { return e.Proof == "" || e.Outcome == Accepted })
	if len(signed) != 1 {
		t.Fatalf("signed are %+v", signed)
	}
	e := signed[0]
	if e.Outcome != Succeeded || e.To != ami(1) || e.Author != "Ada <ada@example.com>" {
		t.Errorf("it does not tell what it sees: %+v", e)
	}
	if e.MergedBy != "" || e.AcceptedBy != "" || e.From != "" || e.InstancesReplaced != 0 || e.Plan != "" || !e.Started.IsZero() {
		t.Errorf("it repeats what a stranger told: %+v", e)
	}
}

// What a stranger tells first does not silence the agent.
func TestAForgedLineDoesNotSilenceTheAgent(t *testing.T) {
	t.Parallel()
	for name, forged := range map[string]func(c trial) Entry{
		"the end of a rollout": func(c trial) Entry { return became(c.started(1), Succeeded) },
		"a group at rest": func(c trial) Entry {
			return Entry{Time: noon, Environment: web.Environment, Group: web.Group, Outcome: Succeeded, Commit: c.commits[1], To: ami(1), Reason: foundConverged}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTrial(t)
			agent := c.agent(t, 0)
			c.tell(t, agent, c.started(1))
			c.forge(t, c.commits[1], append([]byte(git(t, c.bare, "notes", "--ref=moult", "show", c.commits[1])+"\n"), Note(forged(c))...))
			fetch(t, agent)
			if open := value[[]Entry](t)(agent.Started(background)); len(open) != 1 || open[0].Foreign {
				t.Errorf("begun and not ended are %+v", open)
			}
			c.report(t, agent)
			push(t, agent)
			book := value[*Book](t)(Open(c.bare))
			defer book.Close()
			if !slices.ContainsFunc(allOf(t, book), func(e Entry) bool { return e.Proof != "" && e.Outcome == Succeeded && e.RefreshID == "refresh-1" }) {
				t.Errorf("the agent did not tell the end: %+v", allOf(t, book))
			}
			agent = again(t, agent)
			c.report(t, agent)
			push(t, agent)
			if all := told(t, c.bare); len(all) != 3 {
				t.Errorf("told again by an agent that was restarted, the ledger tells %q", all)
			}
		})
	}
}
