package awssim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// numbers is the version numbers of a reply, in its order.
func numbers(out *ec2.DescribeLaunchTemplateVersionsOutput) []int64 {
	var all []int64
	for _, v := range out.LaunchTemplateVersions {
		all = append(all, *v.VersionNumber)
	}
	return all
}

func TestTemplateRefusals(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	id := newTemplate(t, c, "web", newImage(t, c, "first"))
	some := &types.RequestLaunchTemplateData{KeyName: aws.String("ops")}
	tagged := func(kind types.ResourceType, keys ...string) *types.RequestLaunchTemplateData {
		spec := types.LaunchTemplateTagSpecificationRequest{ResourceType: kind}
		for _, key := range keys {
			spec.Tags = append(spec.Tags, types.Tag{Key: aws.String(key), Value: aws.String("x")})
		}
		return &types.RequestLaunchTemplateData{TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{spec}}
	}
	tests := map[string]struct {
		in   ec2.CreateLaunchTemplateVersionInput
		code string
	}{
		"no template":       {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateData: some}, "MissingParameter"},
		"id and name":       {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateName: aws.String("web"), LaunchTemplateData: some}, "InvalidParameterCombination"},
		"malformed id":      {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: aws.String("lt-web"), LaunchTemplateData: some}, "InvalidLaunchTemplateId.Malformed"},
		"unknown id":        {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: aws.String("lt-0123456789abcdef0"), LaunchTemplateData: some}, "InvalidLaunchTemplateId.NotFound"},
		"malformed name":    {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateName: aws.String("web template"), LaunchTemplateData: some}, "InvalidLaunchTemplateName.MalformedException"},
		"unknown name":      {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateName: aws.String("db-template"), LaunchTemplateData: some}, "InvalidLaunchTemplateName.NotFoundException"},
		"unknown source":    {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, SourceVersion: aws.String("7"), LaunchTemplateData: some}, "InvalidLaunchTemplateId.VersionNotFound"},
		"no data":           {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: &types.RequestLaunchTemplateData{}}, "MissingParameter"},
		"long description":  {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, VersionDescription: aws.String(strings.Repeat("x", 256)), LaunchTemplateData: some}, "InvalidParameterValue"},
		"user data as text": {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: &types.RequestLaunchTemplateData{UserData: aws.String("#!/bin/sh")}}, "InvalidUserData.Malformed"},
		"tag key twice":     {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: tagged(types.ResourceTypeInstance, "a", "a")}, "InvalidParameterValue"},
		"reserved tag key":  {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: tagged(types.ResourceTypeInstance, "aws:a")}, "InvalidParameterValue"},
		"untaggable":        {ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: tagged(types.ResourceTypeLaunchTemplate, "a")}, "InvalidParameterValue"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.CreateLaunchTemplateVersion(t.Context(), &test.in)
			refused(t, err, http.StatusBadRequest, test.code)
		})
	}
	if out := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id})); len(out.LaunchTemplateVersions) != 1 {
		t.Errorf("refused requests made versions: %v", numbers(out))
	}
}

func TestTemplateNameIsTakenOnce(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image := newImage(t, c, "first")
	id := newTemplate(t, c, "web", image)
	in := &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &image}}
	_, err := c.CreateLaunchTemplate(t.Context(), in)
	refused(t, err, http.StatusBadRequest, "InvalidLaunchTemplateName.AlreadyExistsException")

	must[*ec2.DeleteLaunchTemplateOutput](t)(c.DeleteLaunchTemplate(t.Context(), &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: aws.String("web")}))
	out := must[*ec2.CreateLaunchTemplateOutput](t)(c.CreateLaunchTemplate(t.Context(), in))
	if *out.LaunchTemplate.LaunchTemplateId == id {
		t.Error("a deleted template's id was given out again")
	}
}

func TestDryRunChecksAndDoesNothing(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	id := newTemplate(t, c, "web", newImage(t, c, "first"))
	in := &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, DryRun: aws.Bool(true), LaunchTemplateData: &types.RequestLaunchTemplateData{KeyName: aws.String("ops")}}
	_, err := c.CreateLaunchTemplateVersion(t.Context(), in)
	refused(t, err, http.StatusPreconditionFailed, "DryRunOperation")
	in.SourceVersion = aws.String("7")
	_, err = c.CreateLaunchTemplateVersion(t.Context(), in)
	refused(t, err, http.StatusBadRequest, "InvalidLaunchTemplateId.VersionNotFound")

	_, err = c.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{DryRun: aws.Bool(true)})
	refused(t, err, http.StatusPreconditionFailed, "DryRunOperation")
	out := must[*ec2.DescribeLaunchTemplatesOutput](t)(c.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{}))
	if got := *out.LaunchTemplates[0].LatestVersionNumber; got != 1 {
		t.Errorf("latest version is %d after dry runs, want 1", got)
	}
}

func TestClientTokenMakesOneVersion(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	first, second := newImage(t, c, "first"), newImage(t, c, "second")
	id := newTemplate(t, c, "web", first)
	in := &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &id, SourceVersion: aws.String("1"), ClientToken: aws.String("once"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &second},
	}
	for range 2 {
		out := must[*ec2.CreateLaunchTemplateVersionOutput](t)(c.CreateLaunchTemplateVersion(t.Context(), in))
		if *out.LaunchTemplateVersion.VersionNumber != 2 {
			t.Errorf("version %d, want 2 both times", *out.LaunchTemplateVersion.VersionNumber)
		}
	}
	in.LaunchTemplateData.ImageId = &first
	_, err := c.CreateLaunchTemplateVersion(t.Context(), in)
	refused(t, err, http.StatusBadRequest, "IdempotentParameterMismatch")
}

func TestInvalidParametersAreWarnings(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	good := newImage(t, c, "first")
	id := newTemplate(t, c, "web", good)
	arm := must[*ec2.RegisterImageOutput](t)(c.RegisterImage(t.Context(), &ec2.RegisterImageInput{Name: aws.String("arm"), Architecture: types.ArchitectureValuesArm64}))
	tests := map[string]struct{ image, code string }{
		"malformed image":    {"ami-webapp", "InvalidAMIID.Malformed"},
		"unknown image":      {"ami-0123456789abcdef0", "InvalidAMIID.NotFound"},
		"other architecture": {*arm.ImageId, "InvalidParameterValue"},
		"unknown parameter":  {"resolve:ssm:/no/such", "InvalidParameterValue"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out := newVersion(t, c, id, test.image)
			if out.Warning == nil || *out.Warning.Errors[0].Code != test.code {
				t.Errorf("warning %v, want %s", out.Warning, test.code)
			}
			if got := *out.LaunchTemplateVersion.LaunchTemplateData.ImageId; got != test.image {
				t.Errorf("the version has image %s, want %s in spite of the warning", got, test.image)
			}
		})
	}
	if out := newVersion(t, c, id, good); out.Warning != nil {
		t.Errorf("warning %v for a good image", out.Warning.Errors)
	}
}

func TestVersionsOfOneTemplate(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image := newImage(t, c, "first")
	id := newTemplate(t, c, "web", image)
	for range 4 {
		newVersion(t, c, id, image)
	}
	must[*ec2.ModifyLaunchTemplateOutput](t)(c.ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: &id, DefaultVersion: aws.String("3")}))
	tests := map[string]struct {
		in   ec2.DescribeLaunchTemplateVersionsInput
		want []int64
	}{
		"all, newest first":  {ec2.DescribeLaunchTemplateVersionsInput{}, []int64{5, 4, 3, 2, 1}},
		"numbers":            {ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"1", "4"}}, []int64{4, 1}},
		"aliases and number": {ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Default", "$Latest", "3"}}, []int64{5, 3}},
		"range":              {ec2.DescribeLaunchTemplateVersionsInput{MinVersion: aws.String("2"), MaxVersion: aws.String("3")}, []int64{3, 2}},
		"filter": {ec2.DescribeLaunchTemplateVersionsInput{Filters: []types.Filter{
			{Name: aws.String("is-default-version"), Values: []string{"true"}},
		}}, []int64{3}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.in.LaunchTemplateId = &id
			out := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), &test.in))
			if diff := cmp.Diff(test.want, numbers(out)); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
		})
	}
	_, err := c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: []string{"1", "6"}})
	refused(t, err, http.StatusBadRequest, "InvalidLaunchTemplateId.VersionNotFound")
	_, err = c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Filters: []types.Filter{{Name: aws.String("version-number"), Values: []string{"1"}}}})
	refused(t, err, http.StatusBadRequest, "InvalidParameterValue")
}

func TestVersionsOfAllTemplates(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image, other := newImage(t, c, "first"), newImage(t, c, "second")
	settled, moving := newTemplate(t, c, "settled", image), newTemplate(t, c, "moving", image)
	newVersion(t, c, moving, other)
	ask := func(versions []string, filters ...types.Filter) map[string][]int64 {
		out := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{Versions: versions, Filters: filters}))
		got := map[string][]int64{}
		for _, v := range out.LaunchTemplateVersions {
			got[*v.LaunchTemplateId] = append(got[*v.LaunchTemplateId], *v.VersionNumber)
		}
		return got
	}
	if diff := cmp.Diff(map[string][]int64{settled: {1}, moving: {2}}, ask([]string{"$Latest"})); diff != "" {
		t.Errorf("$Latest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]int64{settled: {1}, moving: {2, 1}}, ask([]string{"$Latest", "$Default"})); diff != "" {
		t.Errorf("$Latest and $Default (-want +got):\n%s", diff)
	}
	filter := types.Filter{Name: aws.String("image-id"), Values: []string{other}}
	if diff := cmp.Diff(map[string][]int64{moving: {2}}, ask([]string{"$Latest"}, filter)); diff != "" {
		t.Errorf("$Latest with an image (-want +got):\n%s", diff)
	}
	_, err := c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"1"}})
	refused(t, err, http.StatusBadRequest, "InvalidParameterValue")
	_, err = c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{})
	refused(t, err, http.StatusBadRequest, "MissingParameter")
}

func TestVersionsComeInPages(t *testing.T) {
	t.Parallel()
	c, s := ec2Here(t)
	s.Limits.Off = true
	image := newImage(t, c, "first")
	id := newTemplate(t, c, "web", image)
	for range 204 {
		newVersion(t, c, id, image)
	}
	in := &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id}
	first := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), in))
	newVersion(t, c, id, image) // must neither repeat nor hide what comes next
	in.NextToken = first.NextToken
	second := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), in))
	if first.NextToken == nil || second.NextToken != nil {
		t.Errorf("tokens %v, then %v: want one, then none", first.NextToken, second.NextToken)
	}
	var want []int64
	for n := range int64(205) {
		want = append(want, 205-n)
	}
	if diff := cmp.Diff(want, slices.Concat(numbers(first), numbers(second))); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for code, in := range map[string]ec2.DescribeLaunchTemplateVersionsInput{
		"InvalidMaxResults": {LaunchTemplateId: &id, MaxResults: aws.Int32(201)},
		"InvalidNextToken":  {LaunchTemplateId: &id, NextToken: aws.String("again")},
	} {
		_, err := c.DescribeLaunchTemplateVersions(t.Context(), &in)
		refused(t, err, http.StatusBadRequest, code)
	}
}

func TestDeletingVersionsSucceedsInPart(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	image := newImage(t, c, "first")
	id := newTemplate(t, c, "web", image)
	newVersion(t, c, id, image)
	newVersion(t, c, id, image)
	out := must[*ec2.DeleteLaunchTemplateVersionsOutput](t)(c.DeleteLaunchTemplateVersions(t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: &id, Versions: []string{"1", "3", "9"},
	}))
	got := map[int64]string{}
	for _, v := range out.SuccessfullyDeletedLaunchTemplateVersions {
		got[*v.VersionNumber] = "deleted"
	}
	for _, v := range out.UnsuccessfullyDeletedLaunchTemplateVersions {
		got[*v.VersionNumber] = string(v.ResponseError.Code)
	}
	want := map[int64]string{1: "unexpectedError", 3: "deleted", 9: "launchTemplateVersionDoesNotExist"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	if n := *newVersion(t, c, id, image).LaunchTemplateVersion.VersionNumber; n != 4 {
		t.Errorf("the next version is %d, want 4: numbers are not given out twice", n)
	}
}

func TestDescribeLaunchTemplatesTellsLatestAndDefault(t *testing.T) {
	t.Parallel()
	c, s := ec2Here(t)
	s.Limits.Off = true
	image := newImage(t, c, "first")
	for n := range 5 {
		newTemplate(t, c, fmt.Sprintf("web-%d", n), image)
	}
	id := newTemplate(t, c, "db-main", image)
	newVersion(t, c, id, image)
	out := must[*ec2.DescribeLaunchTemplatesOutput](t)(c.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"db-main"}}))
	if got := out.LaunchTemplates; len(got) != 1 || *got[0].LatestVersionNumber != 2 || *got[0].DefaultVersionNumber != 1 {
		t.Errorf("got %+v", got)
	}
	pages := ec2.NewDescribeLaunchTemplatesPaginator(c, &ec2.DescribeLaunchTemplatesInput{
		MaxResults: aws.Int32(2), Filters: []types.Filter{{Name: aws.String("launch-template-name"), Values: []string{"web-*"}}},
	})
	var sizes []int
	for pages.HasMorePages() {
		page := must[*ec2.DescribeLaunchTemplatesOutput](t)(pages.NextPage(t.Context()))
		sizes = append(sizes, len(page.LaunchTemplates))
	}
	if diff := cmp.Diff([]int{2, 2, 1}, sizes); diff != "" {
		t.Errorf("page sizes (-want +got):\n%s", diff)
	}
	_, err := c.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{"lt-0123456789abcdef0"}})
	refused(t, err, http.StatusBadRequest, "InvalidLaunchTemplateId.NotFound")
}
