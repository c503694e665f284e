package awssim

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestAssumedRoleActsInTheRolesAccount(t *testing.T) {
	t.Parallel()
	s := &Server{}
	cfg := sdk(s, DefaultAccount, "eu-west-1")
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::444455556666:role/deploy/moult", func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "moult-4f2a91c"
		o.SourceIdentity = aws.String("moult")
		o.Tags = []types.Tag{{Key: aws.String("commit"), Value: aws.String("4f2a91c")}}
	})
	cfg.Credentials = aws.NewCredentialsCache(provider)
	who := must[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))
	if want := "arn:aws:sts::444455556666:assumed-role/moult/moult-4f2a91c"; *who.Arn != want || *who.Account != "444455556666" {
		t.Errorf("the caller is %s in %s, want %s", *who.Arn, *who.Account, want)
	}
	newImage(t, ec2.NewFromConfig(cfg), "webapp-1")
	if got := len(s.at(place{"444455556666", "eu-west-1"}).images); got != 1 {
		t.Errorf("the role's account has %d images, want the one that the role registered", got)
	}
	writes := s.Writes()
	if got := writes[len(writes)-1]; got.Principal != *who.Arn || got.SourceIdentity != "moult" {
		t.Errorf("the write is by %s for %q, want %s for moult", got.Principal, got.SourceIdentity, *who.Arn)
	}
}

func TestCallerWithOwnKeyIsAUser(t *testing.T) {
	t.Parallel()
	cfg := sdk(&Server{}, "", "eu-west-1")
	cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")
	who := must[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))
	if *who.Account != DefaultAccount || *who.Arn != "arn:aws:iam::"+DefaultAccount+":user/AKIAEXAMPLE" {
		t.Errorf("the caller is %s in %s", *who.Arn, *who.Account)
	}
}

func TestAssumeRoleRefusals(t *testing.T) {
	t.Parallel()
	s := &Server{}
	c := sts.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"))
	role := "arn:aws:iam::444455556666:role/moult"
	many := make([]types.Tag, 51)
	for i := range many {
		many[i] = types.Tag{Key: aws.String(string(rune('A' + i))), Value: aws.String("x")}
	}
	for name, test := range map[string]struct {
		in     sts.AssumeRoleInput
		status int
		code   string
	}{
		"denied role":           {sts.AssumeRoleInput{RoleArn: aws.String(role + "-denied"), RoleSessionName: aws.String("moult")}, http.StatusForbidden, "AccessDenied"},
		"no ARN":                {sts.AssumeRoleInput{RoleArn: aws.String("moult-role-in-production"), RoleSessionName: aws.String("moult")}, http.StatusBadRequest, "ValidationError"},
		"session name":          {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult 1")}, http.StatusBadRequest, "ValidationError"},
		"source identity":       {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), SourceIdentity: aws.String("the agent")}, http.StatusBadRequest, "ValidationError"},
		"an identity too short": {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), SourceIdentity: aws.String("m")}, http.StatusBadRequest, "ValidationError"},
		"an identity too long":  {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), SourceIdentity: aws.String(strings.Repeat("m", 65))}, http.StatusBadRequest, "ValidationError"},
		"an identity of AWS's":  {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), SourceIdentity: aws.String("aws:moult")}, http.StatusBadRequest, "ValidationError"},
		"short":                 {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), DurationSeconds: aws.Int32(60)}, http.StatusBadRequest, "ValidationError"},
		"too many tags":         {sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("moult"), Tags: many}, http.StatusBadRequest, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.AssumeRole(t.Context(), &test.in)
			refused(t, err, test.status, test.code)
		})
	}
}

func TestChainedRoleIsLimitedToAnHour(t *testing.T) {
	t.Parallel()
	cfg := sdk(&Server{}, DefaultAccount, "eu-west-1")
	in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/moult"), RoleSessionName: aws.String("moult"), DurationSeconds: aws.Int32(7200)}
	first := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)).Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*first.AccessKeyId, *first.SecretAccessKey, *first.SessionToken)
	_, err := sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)
	refused(t, err, http.StatusBadRequest, "ValidationError")
}

func TestWebIdentityNeedsNoSignature(t *testing.T) {
	t.Parallel()
	cfg := sdk(&Server{}, DefaultAccount, "eu-west-1")
	cfg.Credentials = aws.AnonymousCredentials{}
	c := sts.NewFromConfig(cfg)
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/moult"), RoleSessionName: aws.String("moult"), WebIdentityToken: aws.String("e30.e30.e30")}
	out := must[*sts.AssumeRoleWithWebIdentityOutput](t)(c.AssumeRoleWithWebIdentity(t.Context(), in))
	if want := "arn:aws:sts::444455556666:assumed-role/moult/moult"; *out.AssumedRoleUser.Arn != want {
		t.Errorf("assumed %s, want %s", *out.AssumedRoleUser.Arn, want)
	}
	in.RoleArn = aws.String("arn:aws:iam::444455556666:role/denied")
	_, err := c.AssumeRoleWithWebIdentity(t.Context(), in)
	refused(t, err, http.StatusForbidden, "AccessDenied")
}

func TestSessionsExpireByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := sdk(&Server{Speed: 60}, DefaultAccount, "eu-west-1")
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/moult"), RoleSessionName: aws.String("moult"), DurationSeconds: aws.Int32(900)}
		got := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)).Credentials
		cfg.Credentials = credentials.NewStaticCredentialsProvider(*got.AccessKeyId, *got.SecretAccessKey, *got.SessionToken)
		who := func() error {
			_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			return err
		}
		time.Sleep(time.Until(*got.Expiration) - time.Second)
		if err := who(); err != nil {
			t.Errorf("a second before it expires: %v", err)
		}
		time.Sleep(time.Second)
		refused(t, who(), http.StatusForbidden, "ExpiredToken")
	})
}
