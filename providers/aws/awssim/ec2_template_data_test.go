package awssim

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// populate sets every exported field below v to something that is not zero and
// is unlike its neighbours; lists get two elements.
func populate(v reflect.Value, n *int) {
	*n++
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.Date(2027, 1, 2, 3, 4, *n%60, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		populate(v.Index(0), n)
		populate(v.Index(1), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				populate(v.Field(i), n)
			}
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	default:
		panic("cannot populate a " + v.Type().String())
	}
}

// said is what a value of the SDK says: its members that are there, by name.
// Only what is absent is empty, as [populate] leaves nothing so.
func said(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return withoutAbsent(out)
}

func withoutAbsent(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, member any) bool { return member == nil || member == "" })
		for name := range v {
			v[name] = withoutAbsent(v[name])
		}
	case []any:
		for i := range v {
			v[i] = withoutAbsent(v[i])
		}
	}
	return v
}

// The SDK's request and response types have the same field names all the way
// down, so that both can be compared by them.
func TestLaunchTemplateDataComesBackWhole(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	var sent types.RequestLaunchTemplateData
	populate(reflect.ValueOf(&sent).Elem(), new(int))
	sent.UserData = aws.String("IyEvYmluL3NoCg==")
	sent.TagSpecifications[0].ResourceType = types.ResourceTypeInstance
	sent.TagSpecifications[1].ResourceType = types.ResourceTypeVolume

	made := must[*ec2.CreateLaunchTemplateOutput](t)(c.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("whole"), LaunchTemplateData: &sent,
	}))
	got := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(c.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: made.LaunchTemplate.LaunchTemplateId,
	}))
	if diff := cmp.Diff(said(t, sent), said(t, got.LaunchTemplateVersions[0].LaunchTemplateData)); diff != "" {
		t.Errorf("data that came back (-sent +got):\n%s", diff)
	}
}

func TestVersionFromSourceKeepsAllButWhatIsGiven(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	first, second := newImage(t, c, "first"), newImage(t, c, "second")
	made := must[*ec2.CreateLaunchTemplateOutput](t)(c.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: &first, InstanceType: types.InstanceTypeM5Large, UserData: aws.String("aGVsbG8="),
			BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{
				DeviceName: aws.String("/dev/xvda"),
				Ebs:        &types.LaunchTemplateEbsBlockDeviceRequest{SnapshotId: aws.String("snap-1"), VolumeSize: aws.Int32(20)},
			}},
			TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{
				ResourceType: types.ResourceTypeInstance,
				Tags:         []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}, {Key: aws.String("tier"), Value: aws.String("front")}},
			}},
		},
	}))
	out := must[*ec2.CreateLaunchTemplateVersionOutput](t)(c.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: made.LaunchTemplate.LaunchTemplateId, SourceVersion: aws.String("1"), VersionDescription: aws.String("commit 4f2a91c"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: &second,
			TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{
				ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("commit"), Value: aws.String("4f2a91c")}},
			}},
		},
	}))
	v := out.LaunchTemplateVersion
	if *v.VersionNumber != 2 || *v.DefaultVersion || *v.VersionDescription != "commit 4f2a91c" || out.Warning != nil {
		t.Errorf("version %d, default %v, description %q, warning %v", *v.VersionNumber, *v.DefaultVersion, *v.VersionDescription, out.Warning)
	}
	want := types.ResponseLaunchTemplateData{
		ImageId: &second, InstanceType: types.InstanceTypeM5Large, UserData: aws.String("aGVsbG8="),
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{{
			DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDevice{VolumeSize: aws.Int32(20)},
		}},
		TagSpecifications: []types.LaunchTemplateTagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("commit"), Value: aws.String("4f2a91c")}},
		}},
	}
	if diff := cmp.Diff(said(t, want), said(t, v.LaunchTemplateData)); diff != "" {
		t.Errorf("data of version 2 (-want +got):\n%s", diff)
	}
}

func TestVersionWithoutSourceHasOnlyWhatIsGiven(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	id := newTemplate(t, c, "web", newImage(t, c, "first"))
	out := must[*ec2.CreateLaunchTemplateVersionOutput](t)(c.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &id, LaunchTemplateData: &types.RequestLaunchTemplateData{KeyName: aws.String("ops")},
	}))
	want := types.ResponseLaunchTemplateData{KeyName: aws.String("ops")}
	if diff := cmp.Diff(said(t, want), said(t, out.LaunchTemplateVersion.LaunchTemplateData)); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}
