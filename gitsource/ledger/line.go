package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"moult/reconcile"
)

// line is one entry as it stands in a note: a sentence for people, a space,
// and the entry as JSON, whose last member is the id. The text is kept as it
// was written, with fields that this version may not know.
type line struct {
	Entry
	text string
	own  bool // it is this agent's word, and about to be written down
}

const (
	recordStart = " {"
	idMember    = `,"id":"`
)

// written is the line of an entry.
func (e Entry) written() line {
	e = e.tidy()
	e.ID = ""
	text := e.sentence() + " " + strings.TrimSuffix(e.record(), "}")
	e.ID = idOf(text)
	return line{Entry: e, text: text + idMember + e.ID + `"}`}
}

// idOf is the id of a line, from all that stands before it: 64 bits of its
// SHA-256. It tells lines apart and finds what was changed by accident;
// against purpose stand the chain of commits and its signatures.
func idOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

var (
	// errNoEntry: the line is somebody's text.
	errNoEntry = errors.New("no entry")
	// errAltered: the line was an entry, and is not what was written.
	errAltered = errors.New("entry was altered")
)

// parseLine reads a line back.
func parseLine(text string) (line, error) {
	start := strings.Index(text, recordStart)
	end := strings.LastIndex(text, idMember)
	if start < 0 || end < start {
		return line{}, errNoEntry
	}
	e, ok := readRecord(text[start+1:])
	if !ok || !e.complete() || e.Time.IsZero() {
		return line{}, errNoEntry
	}
	if e.ID != idOf(text[:end]) || text[end+len(idMember):] != e.ID+`"}` || !strings.HasPrefix(text, e.heading()) {
		return line{}, errAltered
	}
	return line{Entry: e.tidy(), text: text}, nil
}

// heading begins the sentence. A line whose heading and record differ is a
// forgery, whatever else is right about it.
func (e Entry) heading() string {
	return braceless(e.Time.UTC().Format(time.RFC3339) + " " + e.subject() + " " + string(e.Outcome) + ":")
}

// Sentence is the entry for people: one line, as it stands in the note before
// the JSON.
func (e Entry) Sentence() string { return e.tidy().sentence() }

// sentence is the entry for people. Behind the heading its words may change
// from version to version: the record is what counts.
func (e Entry) sentence() string {
	var text string
	switch e.Verb {
	case "", reconcile.Roll:
		text += e.acceptance()
		text += e.images()
	case reconcile.Cancel, reconcile.RollBack:
		text += " " + string(e.Verb) + " of " + e.RefreshID
	default:
		text += " " + string(e.Verb) + e.images()
	}
	switch {
	case e.InstancesReplaced == 1:
		text += ", 1 instance replaced"
	case e.InstancesReplaced > 1:
		text += fmt.Sprintf(", %d instances replaced", e.InstancesReplaced)
	}
	if e.Outcome.Final() && !e.Started.IsZero() && e.Finished.After(e.Started) {
		text += " in " + reconcile.Span(e.Finished.Sub(e.Started)).String()
	}
	if e.Reason != "" {
		text += "; " + e.Reason
	}
	return e.heading() + braceless(text+e.asker())
}

// asker is whose commit asked for what is started. Nobody's did where the agent
// heals or the branch was set back, or it found a refresh that somebody else may
// have begun.
func (e Entry) asker() string {
	switch {
	case e.Outcome != Started || e.Author == "":
		return ""
	case e.Heals() || e.Returns() || e.Reason == foundOnItsWay:
		return ", declared by " + e.Author + " in commit " + reconcile.Commit{Hash: e.Commit}.Short()
	}
	return ", by " + e.Author
}

// acceptance is why a commit was accepted.
func (e Entry) acceptance() string {
	switch {
	case e.Outcome != Accepted:
		return ""
	case e.AcceptedBy != "":
		return " by name, by " + e.AcceptedBy
	case e.Signer != "":
		return " signed by " + e.Signer
	}
	return " no signature was asked for"
}

// braceless leaves the first brace of a line to its record.
func braceless(text string) string { return strings.ReplaceAll(text, "{", "(") }

func (e Entry) images() string {
	switch {
	case e.From != "" && e.To != "" && e.From != e.To && e.Outcome == RolledBack:
		return " " + e.To + " back to " + e.From
	case e.From != "" && e.To != "" && e.From != e.To:
		return " " + e.From + " to " + e.To
	case e.To != "":
		return " " + e.To
	}
	return ""
}
