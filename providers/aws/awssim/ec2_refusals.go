package awssim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// ec2Refusal is an error of the client class: EC2 answers those with 400,
// whatever the code ("Error codes for the Amazon EC2 API").
func ec2Refusal(code, format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

func missingParameter(name string) *failure {
	return ec2Refusal("MissingParameter", "The request must contain the parameter %s", name)
}

func invalidParameter(name, value string) *failure {
	return ec2Refusal("InvalidParameterValue", "Invalid value '%s' for %s.", value, name)
}

// dryRun is the answer to a call that would succeed and asks not to be done.
// It is an error by design.
func (c *call) dryRun() *failure {
	if c.form.Get("DryRun") != "true" {
		return nil
	}
	return &failure{http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."}
}

// reading adds DryRun to an operation that changes nothing. Those that change
// something ask for it themselves, between their checks and their act.
func reading(op operation) operation {
	return func(r *region, c *call) (any, *failure) {
		result, f := op(r, c)
		if f == nil {
			f = c.dryRun()
		}
		return result, f
	}
}

// tokenUse is what a client token was used for.
type tokenUse struct {
	request string
	result  any
}

// idempotent adds ClientToken to an operation: the same request with the same
// token is answered as before and not done again, another request with the same
// token is refused. For how long EC2 remembers tokens of launch template calls
// is not documented (UNCONFIRMED); here it is for ever.
func idempotent(op operation) operation {
	return func(r *region, c *call) (any, *failure) {
		token := c.form.Get("ClientToken")
		if token == "" || c.dryRun() != nil {
			return op(r, c)
		}
		key, request := c.action+" "+token, c.form.values.Encode()
		if use, ok := r.ec2.tokens[key]; ok {
			if use.request != request {
				return nil, ec2Refusal("IdempotentParameterMismatch", "The client token you have provided is associated with a resource that is already created with different parameters.")
			}
			return use.result, nil
		}
		result, f := op(r, c)
		if f == nil {
			r.ec2.remember(key, tokenUse{request, result})
		}
		return result, f
	}
}

// ec2State is what only the EC2 part keeps of a region. Its zero value is an
// empty region.
type ec2State struct {
	tokens        map[string]tokenUse // by action and client token
	templateNames map[string]string   // name to id
	allowed       allowedImages
}

func (s *ec2State) remember(key string, use tokenUse) {
	if s.tokens == nil {
		s.tokens = map[string]tokenUse{}
	}
	s.tokens[key] = use
}

// resourceID is the form of every EC2 id: a prefix and 8 or 17 hexadecimal
// digits.
var resourceID = regexp.MustCompile(`^[a-z]+-([0-9a-f]{8}|[0-9a-f]{17})$`)

func malformedID(id, prefix string) bool {
	return !strings.HasPrefix(id, prefix+"-") || !resourceID.MatchString(id)
}

// done is the result of an operation that only says that it was done.
type done struct {
	Return bool `xml:"return"`
}
