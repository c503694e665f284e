package awssim

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// newFleet makes a template, and a group of six instances of it that serve.
func newFleet(t *testing.T, s *Server, c *ec2.Client, imageID string) {
	t.Helper()
	id := newTemplate(t, c, "web", imageID)
	groups := autoscaling.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1"))
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(groups.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(6), MaxSize: aws.Int32(8), AvailabilityZones: []string{"eu-west-1a"},
		LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id, Version: aws.String("1")},
	}))
	time.Sleep(5 * time.Minute)
}

func TestInstancesShowTheirImageEvenWhenItIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := ec2Here(t)
		image := newImage(t, c, "webapp-1")
		newFleet(t, s, c, image)
		must[*ec2.DeregisterImageOutput](t)(c.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &image}))
		time.Sleep(2 * imageForgotten)

		seen := map[string]int{}
		pages := ec2.NewDescribeInstanceImageMetadataPaginator(c, &ec2.DescribeInstanceImageMetadataInput{
			MaxResults: aws.Int32(4), Filters: []types.Filter{{Name: aws.String("tag:aws:autoscaling:groupName"), Values: []string{"web"}}},
		})
		for pages.HasMorePages() {
			for _, row := range must[*ec2.DescribeInstanceImageMetadataOutput](t)(pages.NextPage(t.Context())).InstanceImageMetadata {
				seen[*row.ImageMetadata.ImageId+" "+string(row.ImageMetadata.State)+" "+string(row.State.Name)]++
			}
		}
		if diff := cmp.Diff(map[string]int{image + " deregistered running": 6}, seen); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
		// while instances have it, the id stays known
		if got := imagesSeen(t, c, ec2.DescribeImagesInput{ImageIds: []string{image}}); len(got) != 0 {
			t.Errorf("images: %v, want none and no error", got)
		}
	})
}

func TestDescribeInstancesByIDAndInPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := ec2Here(t)
		newFleet(t, s, c, newImage(t, c, "webapp-1"))
		all := must[*ec2.DescribeInstancesOutput](t)(c.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)}))
		if len(all.Reservations) != 5 || all.NextToken == nil {
			t.Fatalf("%d reservations, token %v: want a page of 5", len(all.Reservations), all.NextToken)
		}
		first := all.Reservations[0].Instances[0]
		named := must[*ec2.DescribeInstancesOutput](t)(c.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{*first.InstanceId}}))
		if got := named.Reservations; len(got) != 1 || *got[0].Instances[0].InstanceId != *first.InstanceId || first.State.Name != types.InstanceStateNameRunning {
			t.Errorf("instance by id: %+v", got)
		}
		for code, in := range map[string]ec2.DescribeInstancesInput{
			"InvalidInstanceID.NotFound":  {InstanceIds: []string{*first.InstanceId, "i-0123456789abcdef0"}},
			"InvalidInstanceID.Malformed": {InstanceIds: []string{"web-1"}},
			"InvalidParameterCombination": {InstanceIds: []string{*first.InstanceId}, MaxResults: aws.Int32(5)},
			"InvalidMaxResults":           {MaxResults: aws.Int32(4)},
		} {
			_, err := c.DescribeInstances(t.Context(), &in)
			refused(t, err, http.StatusBadRequest, code)
		}
	})
}

func TestImageOfAnInstanceIsLikeItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := ec2Here(t)
		source := newImage(t, c, "webapp-1")
		newFleet(t, s, c, source)
		all := must[*ec2.DescribeInstancesOutput](t)(c.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}))
		id := all.Reservations[0].Instances[0].InstanceId
		made := must[*ec2.CreateImageOutput](t)(c.CreateImage(t.Context(), &ec2.CreateImageInput{Name: aws.String("snapshot"), InstanceId: id}))
		time.Sleep(imageMaking)
		out := must[*ec2.DescribeImagesOutput](t)(c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*made.ImageId}}))
		got := out.Images[0]
		if got.Architecture != "x86_64" || *got.SourceImageId != source || *got.SourceInstanceId != *id || got.State != "available" {
			t.Errorf("image is %+v", got)
		}
	})
}

func TestInstanceTypesAndRegions(t *testing.T) {
	t.Parallel()
	c, _ := ec2Here(t)
	out := must[*ec2.DescribeInstanceTypesOutput](t)(c.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"t4g.nano"}}))
	got := out.InstanceTypes[0]
	if got.ProcessorInfo.SupportedArchitectures[0] != "arm64" || *got.MemoryInfo.SizeInMiB != 512 || *got.VCpuInfo.DefaultVCpus != 2 {
		t.Errorf("t4g.nano is %+v", got)
	}
	arm := must[*ec2.DescribeInstanceTypesOutput](t)(c.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{Filters: []types.Filter{
		{Name: aws.String("processor-info.supported-architecture"), Values: []string{"arm64"}},
		{Name: aws.String("instance-type"), Values: []string{"t*.nano"}},
	}}))
	if len(arm.InstanceTypes) != 1 {
		t.Errorf("%d small burstable types for arm64, want t4g.nano alone", len(arm.InstanceTypes))
	}
	_, err := c.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"m99.large"}})
	refused(t, err, http.StatusBadRequest, "InvalidInstanceType")
	regions := must[*ec2.DescribeRegionsOutput](t)(c.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-1"}}))
	if len(regions.Regions) != 1 || *regions.Regions[0].Endpoint != "ec2.eu-west-1.amazonaws.com" {
		t.Errorf("regions are %+v", regions.Regions)
	}
}
