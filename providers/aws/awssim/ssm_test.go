package awssim

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// putImage puts an image parameter and returns the version that SSM says.
func putImage(t *testing.T, c *ssm.Client, name, value string) int64 {
	t.Helper()
	return must[*ssm.PutParameterOutput](t)(c.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &name, Value: &value, Type: types.ParameterTypeString, DataType: aws.String(imageDataType), Overwrite: aws.Bool(true),
	})).Version
}

func TestTemplateFollowsItsParameter(t *testing.T) {
	t.Parallel()
	s := &Server{}
	cfg := sdk(s, DefaultAccount, "eu-west-1")
	images, params := ec2.NewFromConfig(cfg), ssm.NewFromConfig(cfg)
	first, second := newImage(t, images, "first"), newImage(t, images, "second")
	putImage(t, params, "/golden/web", first)
	id := newTemplate(t, images, "web", "resolve:ssm:/golden/web")
	pinned := newTemplate(t, images, "pinned", "resolve:ssm:/golden/web:1")

	shown := func(id string, resolve bool) string {
		out := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(images.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, ResolveAlias: &resolve}))
		return *out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId
	}
	if got := shown(id, true); got != first {
		t.Errorf("resolves to %s, want %s", got, first)
	}
	if n := putImage(t, params, "/golden/web", second); n != 2 {
		t.Errorf("the new value is version %d, want 2", n)
	}
	got := []string{shown(id, true), shown(id, false), shown(pinned, true)}
	if diff := cmp.Diff([]string{second, "resolve:ssm:/golden/web", first}, got); diff != "" {
		t.Errorf("resolved, literal and pinned (-want +got):\n%s", diff)
	}
}

func TestImageParameterKeepsOnlyImages(t *testing.T) {
	t.Parallel()
	cfg := sdk(&Server{}, DefaultAccount, "eu-west-1")
	image := newImage(t, ec2.NewFromConfig(cfg), "first")
	c := ssm.NewFromConfig(cfg)
	putImage(t, c, "golden", image)
	putImage(t, c, "golden", "ami-0123456789abcdef0") // accepted, and dropped
	out := must[*ssm.GetParameterOutput](t)(c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("golden")}))
	if *out.Parameter.Value != image || out.Parameter.Version != 1 || *out.Parameter.DataType != imageDataType {
		t.Errorf("parameter is %+v", out.Parameter)
	}
	if want := "arn:aws:ssm:eu-west-1:" + DefaultAccount + ":parameter/golden"; *out.Parameter.ARN != want {
		t.Errorf("ARN is %s, want %s", *out.Parameter.ARN, want)
	}
}

func TestParametersByNameVersionLabelAndARN(t *testing.T) {
	t.Parallel()
	c := ssm.NewFromConfig(sdk(&Server{}, DefaultAccount, "eu-west-1"))
	for _, value := range []string{"one", "two", "three"} {
		must[*ssm.PutParameterOutput](t)(c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/a/b"), Value: &value, Type: types.ParameterTypeString, Overwrite: aws.Bool(true)}))
	}
	labelled := must[*ssm.LabelParameterVersionOutput](t)(c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: aws.String("/a/b"), ParameterVersion: aws.Int64(2), Labels: []string{"good", "2nd"}}))
	if diff := cmp.Diff([]string{"2nd"}, labelled.InvalidLabels); diff != "" {
		t.Errorf("invalid labels (-want +got):\n%s", diff)
	}
	out := must[*ssm.GetParametersOutput](t)(c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{
		"/a/b", "/a/b:1", "/a/b:good", "arn:aws:ssm:eu-west-1:" + DefaultAccount + ":parameter/a/b:1", "/a/c", "/a/b:9",
	}}))
	got := []string{}
	for _, p := range out.Parameters {
		got = append(got, aws.ToString(p.Selector)+"="+*p.Value)
	}
	if diff := cmp.Diff([]string{"=three", ":1=one", ":good=two", ":1=one"}, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/a/c", "/a/b:9"}, out.InvalidParameters); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}

func TestParameterRefusals(t *testing.T) {
	t.Parallel()
	cfg := sdk(&Server{}, DefaultAccount, "eu-west-1")
	c := ssm.NewFromConfig(cfg)
	put := &ssm.PutParameterInput{Name: aws.String("a"), Value: aws.String("x"), Type: types.ParameterTypeString}
	must[*ssm.PutParameterOutput](t)(c.PutParameter(t.Context(), put))
	_, err := c.PutParameter(t.Context(), put)
	refused(t, err, http.StatusBadRequest, "ParameterAlreadyExists")
	_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("b")})
	refused(t, err, http.StatusBadRequest, "ParameterNotFound")
	_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("a:2")})
	refused(t, err, http.StatusBadRequest, "ParameterVersionNotFound")

	// a text parameter does not stand for an image
	out := must[*ec2.CreateLaunchTemplateOutput](t)(ec2.NewFromConfig(cfg).CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("resolve:ssm:a")},
	}))
	if out.Warning == nil || *out.Warning.Errors[0].Code != "InvalidParameterValue" {
		t.Errorf("warning %v, want InvalidParameterValue", out.Warning)
	}
}
