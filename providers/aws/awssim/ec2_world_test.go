package awssim

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// sdk is a configuration of the real SDK that talks to the server as an
// account. Keys that begin with ASIA name their account.
func sdk(s *Server, account, region string) aws.Config {
	return aws.Config{
		Region:       region,
		HTTPClient:   Transport{s},
		Credentials:  credentials.NewStaticCredentialsProvider("ASIA"+account+"TEST", "secret", ""),
		BaseEndpoint: aws.String("http://awssim.invalid"),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// ec2Here is a client for a fresh server, with the server.
func ec2Here(t *testing.T) (*ec2.Client, *Server) {
	t.Helper()
	s := &Server{}
	return ec2.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1")), s
}

// must is the result of a call that has to succeed.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test unless err is the API error of that code and status.
func refused(t *testing.T, err error, status int, code string) {
	t.Helper()
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
	if api.ErrorCode() != code || response.HTTPStatusCode() != status {
		t.Fatalf("got %d %s (%s), want %d %s", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code)
	}
}

// newImage registers an image that m5.large can run.
func newImage(t *testing.T, c *ec2.Client, name string) string {
	t.Helper()
	out := must[*ec2.RegisterImageOutput](t)(c.RegisterImage(t.Context(), &ec2.RegisterImageInput{
		Name: &name, Architecture: types.ArchitectureValuesX8664, RootDeviceName: aws.String("/dev/xvda"),
	}))
	return *out.ImageId
}

// newTemplate makes a launch template with an image and an instance type.
func newTemplate(t *testing.T, c *ec2.Client, name, imageID string) string {
	t.Helper()
	out := must[*ec2.CreateLaunchTemplateOutput](t)(c.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name,
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &imageID, InstanceType: types.InstanceTypeM5Large},
	}))
	return *out.LaunchTemplate.LaunchTemplateId
}

// newVersion makes a version from version 1 with another image.
func newVersion(t *testing.T, c *ec2.Client, templateID, imageID string) *ec2.CreateLaunchTemplateVersionOutput {
	t.Helper()
	return must[*ec2.CreateLaunchTemplateVersionOutput](t)(c.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &templateID, SourceVersion: aws.String("1"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &imageID},
	}))
}
