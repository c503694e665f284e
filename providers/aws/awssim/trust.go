package awssim

import (
	"fmt"
	"net/http"
	"strings"
)

// What a role's trust policy says of source identities. The rules are those of
// "Monitor and control actions taken with assumed roles" in the IAM user guide:
// whoever sets a source identity needs sts:SetSourceIdentity in the role's
// trust policy too; it stays through role chaining, where every further role
// must allow it as well; and once set it cannot be changed.
const (
	sourceAllowed  = "allowed"
	sourceRefused  = "refused"  // no sts:SetSourceIdentity
	sourceRequired = "required" // a condition on sts:SourceIdentity
)

// roleName names a role in an account, without its path.
type roleName struct{ account, name string }

// denied is for roles that trust nobody. Roles need not be made: every role
// exists and trusts everybody, but those with "denied" in their name and those
// of which a fleet says otherwise.
func (n roleName) denied() bool { return strings.Contains(n.name, "denied") }

// carried is the source identity of a session of a role: the one asked for, or
// the one that the caller's own session carries.
func (r *region) carried(c *call, role roleName) (string, *failure) {
	asked, policy := c.form.Get("SourceIdentity"), r.server.roles[role]
	carried := asked
	if c.sourceIdentity != "" {
		carried = c.sourceIdentity
	}
	switch {
	case role.denied():
		return "", c.notTrusted("AssumeRole")
	case asked != "" && asked != carried:
		// UNCONFIRMED: the sentence, and that the value that is set already may
		// be asked for again.
		return "", c.notTrusted("SetSourceIdentity")
	case carried != "" && policy == sourceRefused:
		return "", c.notTrusted("SetSourceIdentity")
	case carried == "" && policy == sourceRequired:
		return "", c.notTrusted("AssumeRole")
	}
	return carried, nil
}

// notTrusted says it as users of AWS report it, for example in noqdev/iambic
// issue 357: also without sts:SetSourceIdentity the code is AccessDenied.
func (c *call) notTrusted(action string) *failure {
	return &failure{http.StatusForbidden, "AccessDenied",
		fmt.Sprintf("User: %s is not authorized to perform: sts:%s on resource: %s", c.principal, action, c.form.Get("RoleArn"))}
}
