package awssim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Write is one call that changes something, as it was received.
type Write struct {
	Time           time.Time         `json:"time"` // simulated, as Server.Now
	Service        string            `json:"service"`
	Action         string            `json:"action"`
	Account        string            `json:"account"`
	Region         string            `json:"region"`
	Principal      string            `json:"principal"`       // ARN of the caller: a user, or an assumed role with its session name
	SourceIdentity string            `json:"source_identity"` // of the caller's session, "" for none
	UserAgent      string            `json:"user_agent"`      // as sent
	Members        map[string]string `json:"members"`         // the request's, flattened; of a document those at its top, lists and structures as JSON; secrets left out
	Error          string            `json:"error"`           // AWS's code when it was refused, "" when it was done
}

// Writes is every call that would change something, in the order in which
// they were served, refused ones included; the newest of them when
// [Server.KeepWrites] is set. It is what CloudTrail would know.
func (s *Server) Writes() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Write(nil), s.writes...)
}

// writes reports whether the call changes anything.
func (c *call) writes() bool {
	for _, prefix := range []string{"Describe", "Get", "List", "AssumeRole"} {
		if strings.HasPrefix(c.action, prefix) {
			return false
		}
	}
	return true
}

// record notes a write. The caller holds s.mu.
func (s *Server) record(c *call, refused *failure) {
	w := Write{
		Time: c.now, Service: c.service, Action: c.action, Account: c.account, Region: c.region,
		Principal: c.principal, SourceIdentity: c.sourceIdentity, UserAgent: c.userAgent, Members: c.members(),
	}
	if refused != nil {
		w.Error = refused.code
	}
	s.writes = append(s.writes, w)
	if extra := len(s.writes) - s.KeepWrites; s.KeepWrites > 0 && extra > 0 {
		s.writes = s.writes[extra:]
	}
	if s.OnWrite != nil {
		s.OnWrite(w)
	}
}

// members is the request's members without its secrets: flattened as they came
// in a query request, those at the top of a document.
func (c *call) members() map[string]string {
	all := map[string]string{}
	for name, values := range c.form.values {
		if name != "Action" && name != "Version" {
			all[name] = values[0]
		}
	}
	if w, ok := c.wire.(document); ok {
		decoded, _ := w.decode(c.body) // one that cannot be read has no members, and was refused for it
		top, _ := decoded.(map[string]any)
		for name, value := range top {
			all[name] = memberText(value)
		}
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return c.secret(name) })
	return all
}

// secret reports whether a member is kept out of the record: user data, and the
// values of parameters.
func (c *call) secret(member string) bool {
	return strings.HasSuffix(member, "UserData") || c.service == "ssm" && member == "Value"
}

// memberText is a text as it is, anything else as JSON has it.
func memberText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // JSON has no infinity, CBOR has
	}
	return string(text)
}
