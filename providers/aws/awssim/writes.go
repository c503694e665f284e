package awssim

import (
	"strings"
	"time"
)

// Write is one call that changes something, as it was received.
type Write struct {
	Time      time.Time         `json:"time"` // simulated
	Service   string            `json:"service"`
	Action    string            `json:"action"`
	Account   string            `json:"account"`
	Region    string            `json:"region"`
	Principal string            `json:"principal"`  // ARN of the caller
	UserAgent string            `json:"user_agent"` // as sent
	Members   map[string]string `json:"members"`    // the request's members, flattened; user data left out
	Error     string            `json:"error"`      // AWS's code when it was refused, "" when it was done
}

// Writes is every call that would change something, in the order in which
// they were served, refused ones included. It is what CloudTrail would know.
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
		Principal: c.principal, UserAgent: c.userAgent, Members: map[string]string{},
	}
	for name, values := range c.form.values {
		if name != "Action" && name != "Version" && !strings.HasSuffix(name, "UserData") {
			w.Members[name] = values[0]
		}
	}
	if refused != nil {
		w.Error = refused.code
	}
	s.writes = append(s.writes, w)
}
