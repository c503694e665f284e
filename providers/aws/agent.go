package aws

import (
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/middleware"

	"moult/reconcile"
)

// readSession is the role session name of reads: they come from no commit.
const readSession = "moult"

// longestSession is the most characters that STS takes of a role session name
// and of a source identity: "Maximum length of 64" (AssumeRole).
const longestSession = 64

// sessionOf is the role session name, and the source identity, of the writes
// for a commit: the whole hash, so that CloudTrail joins to git without
// guessing. Of a SHA-256 hash it is the first 58 digits.
func sessionOf(commit reconcile.Commit) string {
	name := readSession + "-" + commit.Hash
	return name[:min(len(name), longestSession)]
}

// sessionDuration is how long assumed credentials last: as long as AWS allows
// when one role assumes another, so that a steady agent asks STS rarely.
const sessionDuration = time.Hour

// userAgent adds "moult/<version>" to every call's user agent.
func (p *Provider) userAgent() func(*middleware.Stack) error {
	version := p.AgentVersion
	if version == "" {
		version = "dev"
	}
	return awsmiddleware.AddUserAgentKeyValue("moult", version)
}

// sessions are the credentials of one role, a session for each commit, so that
// CloudTrail names the commit beside every write.
type sessions struct {
	place reconcile.Place
	sts   stscreds.AssumeRoleAPIClient

	mu     sync.Mutex
	byName map[string]awssdk.CredentialsProvider
}

// sessionsKept bounds the sessions that are remembered; each lasts an hour.
const sessionsKept = 64

// as is the credentials of the session with a name.
func (s *sessions) as(name string) awssdk.CredentialsProvider {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byName[name]; c != nil {
		return c
	}
	if s.byName == nil || len(s.byName) >= sessionsKept {
		s.byName = map[string]awssdk.CredentialsProvider{}
	}
	role := stscreds.NewAssumeRoleProvider(s.sts, s.place.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.SourceIdentity = name, &name
		o.Duration = sessionDuration
		if s.place.ExternalID != "" {
			o.ExternalID = &s.place.ExternalID
		}
	})
	cached := awssdk.NewCredentialsCache(role, func(o *awssdk.CredentialsCacheOptions) {
		o.ExpiryWindow, o.ExpiryWindowJitterFrac = 5*time.Minute, 0.5
	})
	s.byName[name] = cached
	return cached
}

// author puts a commit's name on writes: in the user agent, and in the role
// session name and the source identity where a role is assumed. Without a role
// there is no session to name.
type author struct {
	credentials awssdk.CredentialsProvider
	userAgent   func(*middleware.Stack) error
}

func (s *site) author(commit reconcile.Commit) author {
	a := author{userAgent: awsmiddleware.AddUserAgentKeyValue("commit", commit.Hash)}
	if s.roles != nil {
		a.credentials = s.roles.as(sessionOf(commit))
	}
	return a
}

func (a author) autoScaling(o *autoscaling.Options) {
	o.APIOptions = append(o.APIOptions, a.userAgent)
	if a.credentials != nil {
		o.Credentials = a.credentials
	}
}

func (a author) ec2(o *ec2.Options) {
	o.APIOptions = append(o.APIOptions, a.userAgent)
	if a.credentials != nil {
		o.Credentials = a.credentials
	}
}
