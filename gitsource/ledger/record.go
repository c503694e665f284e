package ledger

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"moult/reconcile"
)

// record is the entry as JSON without an id. Addresses stay readable: no HTML
// escapes.
func (e Entry) record() string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		panic(err) // texts, numbers and times of this century
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// readRecord reads an entry from JSON. A ledger may hold a hundred thousand,
// nearly all of them plain: for these there is a way that takes a fifth of the
// time, and whatever is not so plain goes through encoding/json.
func readRecord(text string) (Entry, bool) {
	if e, ok := readPlain(text); ok {
		return e, true
	}
	var e Entry
	return e, json.Unmarshal([]byte(text), &e) == nil
}

// readPlain reads a flat object of the members that this version knows, none
// with an escape in it.
func readPlain(text string) (Entry, bool) {
	var e Entry
	rest, ok := strings.CutPrefix(text, "{")
	for ok {
		var key, value string
		if key, rest, ok = cutQuoted(rest); !ok {
			break
		}
		if rest, ok = strings.CutPrefix(rest, ":"); !ok {
			break
		}
		if strings.HasPrefix(rest, `"`) {
			value, rest, ok = cutQuoted(rest)
			ok = ok && e.setText(key, value)
		} else {
			value, rest = cutDigits(rest)
			ok = e.setNumber(key, value)
		}
		if rest == "}" {
			return e, ok
		}
		if ok {
			rest, ok = strings.CutPrefix(rest, ",")
		}
	}
	return Entry{}, false
}

// cutQuoted takes a string without escapes and control characters.
func cutQuoted(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[1:i], text[i+1:], true
		case c == '\\' || c < ' ' || c > '~':
			return "", "", false
		}
	}
	return "", "", false
}

func cutDigits(text string) (value, rest string) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[:end], text[end:]
}

func (e *Entry) setText(key, value string) bool {
	switch key {
	case "environment":
		e.Environment = value
	case "group":
		e.Group = value
	case "outcome":
		e.Outcome = Outcome(value)
	case "commit":
		e.Commit = value
	case "written":
		e.Written = value
	case "author":
		e.Author = value
	case "signer":
		e.Signer = value
	case "merged_by":
		e.MergedBy = value
	case "branch":
		e.Branch = value
	case "accepted_by":
		e.AcceptedBy = value
	case "proof":
		e.Proof = value
	case "verb":
		e.Verb = reconcile.Verb(value)
	case "ami_from":
		e.From = value
	case "ami_to":
		e.To = value
	case "plan":
		e.Plan = value
	case "template":
		e.Template = value
	case "refresh_id":
		e.RefreshID = value
	case "reason":
		e.Reason = value
	case "agent":
		e.Agent = value
	case "agent_version":
		e.AgentVersion = value
	case "id":
		e.ID = value
	default:
		return e.setTime(key, value)
	}
	return true
}

func (e *Entry) setTime(key, value string) bool {
	var at time.Time
	err := at.UnmarshalText([]byte(value))
	switch key {
	case "time":
		e.Time = at
	case "started":
		e.Started = at
	case "finished":
		e.Finished = at
	default:
		return false
	}
	return err == nil
}

func (e *Entry) setNumber(key, value string) bool {
	n, err := strconv.ParseInt(value, 10, 32)
	switch key {
	case "template_version":
		e.TemplateVersion = n
	case "instances_planned":
		e.InstancesPlanned = int(n)
	case "instances_replaced":
		e.InstancesReplaced = int(n)
	default:
		return false
	}
	return err == nil && strconv.FormatInt(n, 10) == value
}
