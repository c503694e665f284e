package awssim

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// imagesSeen is the states of the images that a call shows, by name.
func imagesSeen(t *testing.T, c *ec2.Client, in ec2.DescribeImagesInput) map[string]types.ImageState {
	t.Helper()
	out := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &in))
	got := map[string]types.ImageState{}
	for _, i := range out.Images {
		got[*i.Name] = i.State
	}
	return got
}

// launchRefusal is what EC2 would say of a launch, "" when it would launch.
func launchRefusal(s *Server, account, imageID, instanceType string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.at(place{account, "eu-west-1"})
	r.advance(s.now())
	if f := r.launchable(imageID, instanceType); f != nil {
		return f.code
	}
	return ""
}

func TestImageNamesAndIDsAreChecked(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	newImage(t, c, "webapp-1")
	for code, name := range map[string]string{"InvalidAMIName.Duplicate": "webapp-1", "InvalidAMIName.Malformed": "web:app", "MissingParameter": ""} {
		_, err := c.RegisterImage(t.Context(), &ec2.RegisterImageInput{Name: &name})
		refused(t, err, http.StatusBadRequest, code)
	}
	for code, id := range map[string]string{"InvalidAMIID.NotFound": "ami-0123456789abcdef0", "InvalidAMIID.Malformed": "ami-webapp"} {
		_, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
		refused(t, err, http.StatusBadRequest, code)
	}
}

func TestDescribeImagesFiltersAndPages(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	for _, name := range []string{"webapp-1", "webapp-2", "database-1"} {
		must[*ec2.RegisterImageOutput](t)(c.RegisterImage(t.Context(), &ec2.RegisterImageInput{
			Name: &name, Architecture: types.ArchitectureValuesArm64,
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(8)}}},
			TagSpecifications:   []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("app"), Value: aws.String(name[:3])}}}},
		}))
	}
	filter := func(name, value string) []types.Filter {
		return []types.Filter{{Name: &name, Values: []string{value}}}
	}
	for name, want := range map[string]map[string]types.ImageState{
		"tag:app=web":      {"webapp-1": "available", "webapp-2": "available"},
		"name=*-1":         {"webapp-1": "available", "database-1": "available"},
		"name=webapp-?":    {"webapp-1": "available", "webapp-2": "available"},
		"state=pending":    {},
		"tag-key=other":    {},
		"name=webapp-1":    {"webapp-1": "available"},
		"architecture=arm": {},
	} {
		key, value, _ := strings.Cut(name, "=")
		if diff := cmp.Diff(want, imagesSeen(t, c, ec2.DescribeImagesInput{Filters: filter(key, value)})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	page := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(2)}))
	rest := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(2), NextToken: page.NextToken}))
	if len(page.Images) != 2 || len(rest.Images) != 1 || rest.NextToken != nil {
		t.Errorf("pages of %d and %d images, then %v", len(page.Images), len(rest.Images), rest.NextToken)
	}
	if got := page.Images[0].BlockDeviceMappings; len(got) != 1 || *got[0].Ebs.VolumeSize != 8 || page.Images[0].Architecture != "arm64" {
		t.Errorf("image came back as %+v", page.Images[0])
	}
}

func TestImageMadeFromAnotherIsPendingAtFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := ec2Here(t)
		source := newImage(t, c, "webapp-1")
		must[*ec2.CreateTagsOutput](t)(c.CreateTags(t.Context(), &ec2.CreateTagsInput{
			Resources: []string{source}, Tags: []types.Tag{{Key: aws.String(behaviourTag), Value: aws.String("unhealthy")}},
		}))
		there := ec2.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"), func(o *ec2.Options) { o.Region = "us-east-1" })
		out := must[*ec2.CopyImageOutput](t)(there.CopyImage(t.Context(), &ec2.CopyImageInput{
			Name: aws.String("webapp-1-us"), SourceImageId: &source, SourceRegion: aws.String("eu-west-1"),
		}))
		seen := imagesSeen(t, there, ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}})
		time.Sleep(imageMaking)
		later := imagesSeen(t, there, ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}})
		if seen["webapp-1-us"] != "pending" || later["webapp-1-us"] != "available" {
			t.Errorf("the copy is %v, then %v", seen, later)
		}
		if kind := s.at(place{DefaultAccount, "us-east-1"}).images[*out.ImageId].behaviour.kind; kind != behaviourUnhealthy {
			t.Errorf("the copy turns out %q, want as its source", kind)
		}
	})
}

func TestImageLifeDecidesWhetherItLaunches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := ec2Here(t)
		ctx := t.Context()
		id := newImage(t, c, "webapp-1")
		named := ec2.DescribeImagesInput{ImageIds: []string{id}}
		check := func(when string, launch string, seen map[string]types.ImageState) {
			t.Helper()
			if got := launchRefusal(s, DefaultAccount, id, "m5.large"); got != launch {
				t.Errorf("%s: launch is refused with %q, want %q", when, got, launch)
			}
			if diff := cmp.Diff(seen, imagesSeen(t, c, named)); diff != "" {
				t.Errorf("%s: images (-want +got):\n%s", when, diff)
			}
		}
		check("fresh", "", map[string]types.ImageState{"webapp-1": "available"})
		must[*ec2.DisableImageOutput](t)(c.DisableImage(ctx, &ec2.DisableImageInput{ImageId: &id}))
		check("disabled", "InvalidAMIID.Unavailable", map[string]types.ImageState{})
		named.IncludeDisabled = aws.Bool(true)
		check("disabled, and asked for", "InvalidAMIID.Unavailable", map[string]types.ImageState{"webapp-1": "disabled"})
		must[*ec2.EnableImageOutput](t)(c.EnableImage(ctx, &ec2.EnableImageInput{ImageId: &id}))
		must[*ec2.EnableImageDeprecationOutput](t)(c.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{ImageId: &id, DeprecateAt: aws.Time(time.Now().Add(time.Minute))}))
		time.Sleep(2 * time.Minute)
		check("deprecated", "", map[string]types.ImageState{"webapp-1": "available"})
		must[*ec2.DeregisterImageOutput](t)(c.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id}))
		check("deregistered", "InvalidAMIID.Unavailable", map[string]types.ImageState{"webapp-1": "deregistered"})
		time.Sleep(imageFading)
		check("fading", "InvalidAMIID.Unavailable", map[string]types.ImageState{})
		time.Sleep(imageForgotten)
		_, err := c.DescribeImages(ctx, &named)
		refused(t, err, http.StatusBadRequest, "InvalidAMIID.NotFound")
	})
}

func TestDeprecationDatesAreLimited(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	id := newImage(t, c, "webapp-1")
	for _, at := range []time.Time{time.Now().Add(-time.Hour), time.Now().AddDate(11, 0, 0)} {
		_, err := c.EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: &id, DeprecateAt: &at})
		refused(t, err, http.StatusBadRequest, "InvalidParameterValue")
	}
}

func TestSharingDecidesWhoLaunches(t *testing.T) {
	t.Parallel()
	const other = "444455556666"
	c, s := ec2Here(t)
	theirs := ec2.NewFromConfig(sdk(s, other, "eu-west-1"))
	id := newImage(t, c, "webapp-1")
	check := func(when, launch string, seen map[string]types.ImageState) {
		t.Helper()
		if diff := cmp.Diff(seen, imagesSeen(t, theirs, ec2.DescribeImagesInput{})); diff != "" {
			t.Errorf("%s: the other account sees (-want +got):\n%s", when, diff)
		}
		if got := launchRefusal(s, other, id, "m5.large"); got != launch {
			t.Errorf("%s: launch is refused with %q, want %q", when, got, launch)
		}
	}
	check("private", "AuthFailure", map[string]types.ImageState{})
	share := &ec2.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String(other)}}}}
	must[*ec2.ModifyImageAttributeOutput](t)(c.ModifyImageAttribute(t.Context(), share))
	check("shared", "", map[string]types.ImageState{"webapp-1": "available"})

	attribute := must[*ec2.DescribeImageAttributeOutput](t)(c.DescribeImageAttribute(t.Context(), &ec2.DescribeImageAttributeInput{ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission}))
	if got := attribute.LaunchPermissions; len(got) != 1 || *got[0].UserId != other {
		t.Errorf("launch permissions are %+v", got)
	}
	_, err := theirs.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id})
	refused(t, err, http.StatusBadRequest, "AuthFailure")

	must[*ec2.ModifyImageAttributeOutput](t)(c.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: &id, OperationType: types.OperationTypeRemove, UserIds: []string{other}}))
	check("no longer shared", "AuthFailure", map[string]types.ImageState{})
}

func TestInstanceTypeMustFitImage(t *testing.T) {
	t.Parallel()
	c, s := ec2Here(t)
	arm := must[*ec2.RegisterImageOutput](t)(c.RegisterImage(t.Context(), &ec2.RegisterImageInput{Name: aws.String("arm"), Architecture: types.ArchitectureValuesArm64}))
	must[*ec2.ReplaceImageInstanceTypeSpecificationOutput](t)(c.ReplaceImageInstanceTypeSpecification(t.Context(), &ec2.ReplaceImageInstanceTypeSpecificationInput{
		ImageId: arm.ImageId,
		InstanceTypeSpecification: &types.InstanceTypeSpecificationRequest{
			SupportedInstanceTypes: []string{"m7g.*", "c7g.large"}, UnsupportedInstanceTypes: []string{"m7g.4xlarge"},
		},
	}))
	for instanceType, want := range map[string]string{
		"m7g.large":   "",
		"c7g.large":   "",
		"":            "", // the group brings its own
		"c7g.xlarge":  "InvalidParameterCombination",
		"m7g.4xlarge": "InvalidParameterCombination",
		"m5.large":    "InvalidParameterValue",
		"m99.large":   "InvalidParameterValue",
	} {
		if got := launchRefusal(s, DefaultAccount, *arm.ImageId, instanceType); got != want {
			t.Errorf("%s is refused with %q, want %q", instanceType, got, want)
		}
	}
}

func TestAllowedImagesHideOthers(t *testing.T) {
	t.Parallel()
	const vendor = "444455556666"
	c, s := ec2Here(t)
	theirs := ec2.NewFromConfig(sdk(s, vendor, "eu-west-1"))
	own, foreign := newImage(t, c, "own"), newImage(t, theirs, "foreign")
	must[*ec2.ModifyImageAttributeOutput](t)(theirs.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: &foreign, OperationType: types.OperationTypeAdd, UserGroups: []string{"all"}}))
	verdicts := func() map[string]bool {
		out := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{}))
		got := map[string]bool{}
		for _, i := range out.Images {
			got[*i.Name] = i.ImageAllowed == nil || *i.ImageAllowed
		}
		return got
	}
	enable := func(state types.AllowedImagesSettingsEnabledState) {
		must[*ec2.EnableAllowedImagesSettingsOutput](t)(c.EnableAllowedImagesSettings(t.Context(), &ec2.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: state}))
	}
	if diff := cmp.Diff(map[string]bool{"own": true, "foreign": true}, verdicts()); diff != "" {
		t.Errorf("off (-want +got):\n%s", diff)
	}
	enable(types.AllowedImagesSettingsEnabledStateAuditMode)
	if diff := cmp.Diff(map[string]bool{"own": true, "foreign": false}, verdicts()); diff != "" {
		t.Errorf("audit-mode (-want +got):\n%s", diff)
	}
	enable(types.AllowedImagesSettingsEnabledStateEnabled)
	if diff := cmp.Diff(map[string]bool{"own": true}, verdicts()); diff != "" {
		t.Errorf("enabled (-want +got):\n%s", diff)
	}
	if got := launchRefusal(s, DefaultAccount, foreign, "m5.large") + launchRefusal(s, DefaultAccount, own, "m5.large"); got != "InvalidAMIID.NotFound" {
		t.Errorf("launches are refused with %q", got)
	}
	must[*ec2.ReplaceImageCriteriaInAllowedImagesSettingsOutput](t)(c.ReplaceImageCriteriaInAllowedImagesSettings(t.Context(), &ec2.ReplaceImageCriteriaInAllowedImagesSettingsInput{
		ImageCriteria: []types.ImageCriterionRequest{{ImageProviders: []string{vendor}}},
	}))
	settings := must[*ec2.GetAllowedImagesSettingsOutput](t)(c.GetAllowedImagesSettings(t.Context(), &ec2.GetAllowedImagesSettingsInput{}))
	if *settings.State != "enabled" || settings.ImageCriteria[0].ImageProviders[0] != vendor {
		t.Errorf("settings are %+v", settings)
	}
	if diff := cmp.Diff(map[string]bool{"own": true, "foreign": true}, verdicts()); diff != "" {
		t.Errorf("enabled with the vendor (-want +got):\n%s", diff)
	}
}
