package awssim

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// trusting is a server whose roles say what they think of source identities.
func trusting(t *testing.T) aws.Config {
	t.Helper()
	s := &Server{}
	if err := s.Apply(Fleet{Roles: []Role{
		{Name: "open"}, {Name: "refuses", SourceIdentity: "refused"}, {Name: "requires", SourceIdentity: "required"},
		{Name: "open", Account: "444455556666", SourceIdentity: "refused"}, // of another account
	}}); err != nil {
		t.Fatal(err)
	}
	return sdk(s, DefaultAccount, "eu-west-1")
}

// assume takes a role of the default account, with a source identity or "".
func assume(t *testing.T, cfg aws.Config, role, source string) (aws.Config, string, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + DefaultAccount + ":role/" + role), RoleSessionName: aws.String("moult")}
	if source != "" {
		in.SourceIdentity = &source
	}
	out, err := sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)
	if err != nil {
		return cfg, "", err
	}
	c := out.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return cfg, aws.ToString(out.SourceIdentity), nil
}

func TestTrustPoliciesDecideOnSourceIdentities(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ role, asked, refusedFor string }{
		{"open", "moult-4f2a91c", ""},
		{"open", "", ""},
		{"refuses", "", ""},
		{"refuses", "moult-4f2a91c", "sts:SetSourceIdentity"},
		{"requires", "moult-4f2a91c", ""},
		{"requires", "", "sts:AssumeRole"},
		{"unheard-of", "moult-4f2a91c", ""},
	} {
		_, got, err := assume(t, trusting(t), test.role, test.asked)
		if test.refusedFor != "" {
			refusedFor(t, err, test.refusedFor)
		} else if err != nil || got != test.asked {
			t.Errorf("%s asked for %q: %q, %v", test.role, test.asked, got, err)
		}
	}
}

func TestASourceIdentityStaysThroughChaining(t *testing.T) {
	t.Parallel()
	first, _, err := assume(t, trusting(t), "open", "moult-4f2a91c")
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []string{"", "moult-4f2a91c"} {
		if _, got, err := assume(t, first, "requires", asked); err != nil || got != "moult-4f2a91c" {
			t.Errorf("asked for %q in the chain: %q, %v", asked, got, err)
		}
	}
	_, _, err = assume(t, first, "open", "somebody-else")
	refusedFor(t, err, "sts:SetSourceIdentity")
	_, _, err = assume(t, first, "refuses", "")
	refusedFor(t, err, "sts:SetSourceIdentity")
}

// refusedFor wants the refusal of AWS for want of a permission.
func refusedFor(t *testing.T, err error, permission string) {
	t.Helper()
	refused(t, err, http.StatusForbidden, "AccessDenied")
	var api smithy.APIError
	if errors.As(err, &api) && !strings.Contains(api.ErrorMessage(), permission) {
		t.Errorf("refused for %q, want %s named", api.ErrorMessage(), permission)
	}
}

func TestARoleOfNoKnownKindIsRefused(t *testing.T) {
	t.Parallel()
	if err := (&Server{}).Apply(Fleet{Roles: []Role{{Name: "moult", SourceIdentity: "maybe"}}}); err == nil || !strings.Contains(err.Error(), "make role moult") {
		t.Errorf("got %v", err)
	}
}
