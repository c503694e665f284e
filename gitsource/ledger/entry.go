package ledger

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"moult/reconcile"

	"moult/gitsource/fault"
)

// Outcome is what became of a rollout, in one word.
type Outcome string

const (
	// Started: the cloud accepted the rollout, and it goes on.
	Started Outcome = "started"
	// Succeeded: every instance runs what was declared.
	Succeeded Outcome = "succeeded"
	// Failed: it ended on the way, and was not undone.
	Failed Outcome = "failed"
	// RolledBack: it was undone.
	RolledBack Outcome = "rolled_back"
	// Cancelled: somebody or something said stop.
	Cancelled Outcome = "cancelled"
	// Superseded: a newer commit took its place before it ended.
	Superseded Outcome = "superseded"
	// Ended: it is over, and how it ended was not seen.
	Ended Outcome = "ended"
	// Held: it was deliberately not begun; Reason says why.
	Held Outcome = "held"
	// Accepted: the commit may be obeyed. It is about a branch and no group.
	Accepted Outcome = "accepted"
)

// Final reports whether an entry closes the rollout that a Started one opened.
func (o Outcome) Final() bool { return o != Started && o != Held && o != Accepted }

// Entry is one thing that happened to one group because of one commit, or that
// the commit was accepted as the newest of a branch to obey. What is not known
// is left empty.
type Entry struct {
	Time        time.Time `json:"time"` // when it was written down, in UTC, to the millisecond
	Environment string    `json:"environment,omitempty"`
	Group       string    `json:"group,omitempty"`
	// Branch is what an Accepted entry is about, in place of a group.
	Branch  string  `json:"branch,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Commit is the commit that asked for it, in whose note the entry stands.
	Commit string `json:"commit"`
	// Written is the commit that wrote the image, where Commit is the merge that
	// brought it.
	Written string `json:"written,omitempty"`
	// Author wrote the image, Signer is whose signature Commit carries and
	// MergedBy brought it onto the branch.
	Author   string `json:"author,omitempty"`
	Signer   string `json:"signer,omitempty"`
	MergedBy string `json:"merged_by,omitempty"`
	// AcceptedBy is the operator who accepted the commit by its name.
	AcceptedBy string `json:"accepted_by,omitempty"`

	Verb            reconcile.Verb `json:"verb,omitempty"`
	From            string         `json:"ami_from,omitempty"`
	To              string         `json:"ami_to,omitempty"`
	Plan            string         `json:"plan,omitempty"` // the sentence that the plan said
	Template        string         `json:"template,omitempty"`
	TemplateVersion int64          `json:"template_version,omitempty"`
	RefreshID       string         `json:"refresh_id,omitempty"`
	Started         time.Time      `json:"started,omitzero"`
	Finished        time.Time      `json:"finished,omitzero"`
	Reason          string         `json:"reason,omitempty"`
	// InstancesPlanned is how many were to be replaced, and
	// InstancesReplaced how many were.
	InstancesPlanned  int `json:"instances_planned,omitempty"`
	InstancesReplaced int `json:"instances_replaced,omitempty"`

	Agent        string `json:"agent"`
	AgentVersion string `json:"agent_version,omitempty"`

	// Proof is the agent's signature over the whole line before it, in base64.
	// It is set when the entry is written down; see [Ledger.Key].
	Proof string `json:"proof,omitempty"`

	// Foreign is set, where the ledger has a key, on what Started returns and
	// another key said, or nobody's: whoever may write notes may have told it.
	Foreign bool `json:"-"`

	// ID follows from everything else, so that the same entry written twice is
	// one entry. It is set when the entry is written down.
	ID string `json:"id,omitempty"`
}

// GroupID names the group.
func (e Entry) GroupID() reconcile.ID {
	return reconcile.ID{Environment: e.Environment, Group: e.Group}
}

// subject is what the entry is about, for people.
func (e Entry) subject() string {
	if e.Outcome == Accepted {
		return "branch " + e.Branch
	}
	return e.GroupID().String()
}

// complete reports whether the entry says what it is about.
func (e Entry) complete() bool {
	if e.Outcome == Accepted {
		return e.Branch != "" && e.Environment == "" && e.Group == ""
	}
	return e.Environment != "" && e.Group != "" && e.Outcome != ""
}

// event is what makes two entries tell the same, whoever tells it and when.
type event struct {
	group   reconcile.ID
	branch  string
	commit  string
	outcome Outcome
	verb    reconcile.Verb
	refresh string
	reason  string // of a hold: there may be one after the other
	target  string // where there is no refresh to tell two apart
}

func (e Entry) event() event {
	v := event{group: e.GroupID(), branch: e.Branch, commit: e.Commit, outcome: e.Outcome, verb: e.Verb, refresh: e.RefreshID}
	switch {
	case e.Outcome == Held:
		v.reason = fleeting.ReplaceAllString(e.Reason, "")
	case e.Outcome == Accepted && (e.Proof != "" || e.AcceptedBy != ""):
		// It speaks for itself: another may say less. And an operator may go
		// back to a commit that was accepted before.
		v.reason = e.Time.String()
	}
	if e.RefreshID == "" {
		v.target = e.To
	}
	return v
}

// implies is what an entry tells besides: a group whose rollout has succeeded
// need not be found converged.
func (e Entry) implies() (event, bool) {
	if e.Outcome != Succeeded || e.Verb != reconcile.Roll {
		return event{}, false
	}
	e.Verb, e.RefreshID = "", ""
	return e.event(), true
}

// fleeting is what AWS says otherwise each time it refuses the same: the id of
// the request, and an encoded message.
var fleeting = regexp.MustCompile(`request [\w-]+|\S{40,}`)

// compare orders entries by time; those of one moment in an order that is the
// same for everybody.
func (e *Entry) compare(other *Entry) int {
	if order := e.Time.Compare(other.Time); order != 0 {
		return order
	}
	return cmp.Or(strings.Compare(e.ID, other.ID), strings.Compare(e.Commit, other.Commit))
}

// tidy is the entry as it is written down: times in UTC, and no text that
// could break a line, move a cursor or fill a screen.
func (e Entry) tidy() Entry {
	for _, t := range []*time.Time{&e.Time, &e.Started, &e.Finished} {
		*t = t.UTC().Truncate(time.Millisecond)
	}
	for _, s := range e.texts() {
		*s = fault.Plain(*s, mostText)
	}
	e.Proof = fault.Plain(e.Proof, mostProof)
	e.Outcome, e.Verb = Outcome(fault.Plain(string(e.Outcome), 40)), reconcile.Verb(fault.Plain(string(e.Verb), 40))
	return e
}

// mostText is the longest text of an entry, in characters. AWS's reasons are
// shorter.
const mostText = 500

// mostProof is the longest proof, in characters: that of an RSA key of 16384
// bits has 6,000.
const mostProof = 8000

func (e *Entry) texts() []*string {
	return []*string{
		&e.Environment, &e.Group, &e.Branch, &e.Commit, &e.Written, &e.Author, &e.Signer, &e.MergedBy, &e.AcceptedBy, &e.From, &e.To, &e.Plan,
		&e.Template, &e.RefreshID, &e.Reason, &e.Agent, &e.AgentVersion, &e.ID,
	}
}
