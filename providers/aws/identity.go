package aws

import (
	"context"
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// A source identity stays with a session whatever roles it goes on to assume,
// and CloudTrail shows it beside each call ("Monitor and control actions taken
// with assumed roles", IAM user guide). To set one takes sts:SetSourceIdentity,
// in the role's trust policy and in the agent's own permissions; without it AWS
// refuses the whole session with AccessDenied (noqdev/iambic issue 357). A
// caller whose own credentials carry another one already cannot change it;
// UNCONFIRMED that this is refused with AccessDenied too.
//
// So it is asked for and not insisted on: the commit is in the name of the
// session as well. Reads ask too, for a role may require one of all sessions.

// identified is the STS client of a place. It goes without a source identity
// where the role refuses it.
type identified struct {
	stscreds.AssumeRoleAPIClient
	refusing *refusing
	log      *slog.Logger
}

// AssumeRole asks twice at the most: the second time without a source
// identity, and from then on that way alone until the agent restarts.
func (i identified) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	if !i.refusing.has(*in.RoleArn) {
		out, err := i.AssumeRoleAPIClient.AssumeRole(ctx, in, options...)
		if !hasCode(err, "AccessDenied") {
			return out, err
		}
	}
	without := *in
	without.SourceIdentity = nil
	out, err := i.AssumeRoleAPIClient.AssumeRole(ctx, &without, options...)
	if err == nil && i.refusing.add(*in.RoleArn, *in.RoleSessionName != readSession) {
		i.log.Warn("source identity refused, going without; allow sts:SetSourceIdentity in the role's trust policy and to the agent, then restart the agent",
			"role", *in.RoleArn, "session", *in.RoleSessionName)
	}
	return out, err
}

// refusing is the roles, by ARN, that refuse a source identity. It is shared by
// all places of a provider. Each is warned about once, when a session that
// writes goes without: reads come from no commit.
type refusing struct {
	mu     sync.Mutex
	warned map[string]bool // by role; false while there was no write yet
}

func (r *refusing) has(role string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.warned[role]
	return known
}

// add remembers a role, and reports whether to warn of it now.
func (r *refusing) add(role string, writes bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.warned == nil {
		r.warned = map[string]bool{}
	}
	before := r.warned[role]
	r.warned[role] = before || writes
	return writes && !before
}
