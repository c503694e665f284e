package awssim

import (
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxRequest is how large a request may be. AWS refuses query requests above
// about a megabyte; user data is 16 KiB, so nothing real comes near.
const maxRequest = 4 << 20

// call is one request, whatever protocol it came in.
type call struct {
	service        string // "autoscaling", "ec2", "sts", "ssm", "monitoring": the name in the credential scope
	action         string
	account        string
	region         string
	id             string                    // request id of the reply
	now            time.Time                 // simulated time at which it is served
	clock          func(time.Time) time.Time // the clock's moment of a simulated one
	form           form                      // query protocols: the members
	body           []byte                    // JSON and CBOR protocols: the document
	wire           wire                      // how to answer
	principal      string                    // ARN of the caller: a user, or an assumed role with its session name
	userAgent      string
	sourceIdentity string // of the caller's session, "" for none
}

// failure is AWS saying no: the code and the HTTP status are AWS's own.
type failure struct {
	status  int
	code    string
	message string
}

// readCall makes a call of an HTTP request. The call is never nil, so that a
// refusal can be written in the protocol that the caller speaks.
func readCall(req *http.Request) (*call, *failure) {
	c := &call{userAgent: req.UserAgent(), wire: queryWire{}}
	if err := c.readBody(req); err != nil {
		return c, &failure{http.StatusBadRequest, "MalformedInput", err.Error()}
	}
	who, signed := readIdentity(req)
	c.service, c.account, c.region = who.service, who.account, who.region
	c.principal, c.sourceIdentity = who.principal, who.source
	c.chooseWire(req)
	switch {
	case !signed && c.action != "AssumeRoleWithWebIdentity": // the one call here that AWS takes unsigned
		return c, &failure{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	case who.expired:
		// UNCONFIRMED: the code of the services that speak documents, which may
		// be ExpiredTokenException, and of EC2, which may be RequestExpired.
		return c, &failure{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
	case c.action == "":
		return c, &failure{http.StatusBadRequest, "MissingAction", "Could not find operation or version: the request must contain the parameter Action"}
	}
	return c, nil
}

// readBody takes the body, and the members of a query request from it and
// from the URL.
func (c *call) readBody(req *http.Request) error {
	if req.Body != nil {
		body, err := io.ReadAll(io.LimitReader(req.Body, maxRequest))
		if err != nil {
			return err
		}
		c.body = body
	}
	values := req.URL.Query()
	if req.Header.Get("X-Amz-Target") == "" && req.Header.Get("Smithy-Protocol") == "" {
		fields, err := url.ParseQuery(string(c.body))
		if err != nil {
			return err
		}
		for name, v := range fields {
			values[name] = append(values[name], v...)
		}
	}
	c.form = newForm(values)
	return nil
}

// chooseWire finds the action and the protocol to answer in.
func (c *call) chooseWire(req *http.Request) {
	if action, w, ok := readDocument(req); ok {
		c.action, c.wire = action, w
		return
	}
	c.action = c.form.Get("Action")
	if version := c.form.Get("Version"); c.service == "" {
		c.service = serviceOfVersion[version]
	}
	if c.service == "ec2" {
		c.wire = ec2Wire{}
		return
	}
	c.wire = queryWire{namespace: queryNamespaces[c.service]}
}

// serviceOfVersion tells the query services apart by their API version, for a
// request whose credential scope does not say.
var serviceOfVersion = map[string]string{
	"2011-01-01": "autoscaling",
	"2016-11-15": "ec2",
	"2011-06-15": "sts",
	"2010-08-01": "monitoring",
}

var queryNamespaces = map[string]string{
	"autoscaling": "http://autoscaling.amazonaws.com/doc/2011-01-01/",
	"sts":         "https://sts.amazonaws.com/doc/2011-06-15/",
	"monitoring":  "http://monitoring.amazonaws.com/doc/2010-08-01/",
}

// list is the values of Name.1, Name.2 ... or Name.member.1, Name.member.2 ...
// in order.
func (c *call) list(name string) []string { return c.form.list(name) }

// under is the members below a prefix: under("A").Get("B") is A.B.
func (c *call) under(name string) form { return c.form.under(name) }

// structs is the members below each of Name.1, Name.2 ... or Name.member.1 ...
// in order.
func (c *call) structs(name string) []form { return c.form.structs(name) }
