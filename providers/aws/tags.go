package aws

import (
	"context"
	"strconv"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/reconcile"
)

// Tags that Moult puts on what a version launches. There is none that names
// the group: groups that share a template share its versions, so a version
// cannot tell, and a tag of the group itself would be a write to what is not
// Moult's. AWS tags each instance with the name of its Auto Scaling group, in
// aws:autoscaling:groupName, and the declaration names that group.
const (
	tagCommit = "moult:commit"
	tagImage  = "moult:ami"
)

// tagsPerResource is the most that AWS takes: "Maximum number of tags per
// resource – 50" (Tag your Amazon EC2 resources). Tags that begin with "aws:"
// do not count.
const tagsPerResource = 50

// tagsOver is the tag specifications of the source with Moult's tags added to
// those of instances and, if the source tags volumes, of volumes. They are sent
// whole, because a new version's specifications replace the source's.
func (c *change) tagsOver(ctx context.Context, source reconcile.Version, image string) ([]ec2types.LaunchTemplateTagSpecificationRequest, error) {
	specs, err := c.tagsOf(ctx, source)
	if err != nil {
		return nil, err
	}
	own := []ec2types.Tag{{Key: awssdk.String(tagCommit), Value: &c.action.Commit.Hash}, {Key: awssdk.String(tagImage), Value: &image}}
	merged := make([]ec2types.LaunchTemplateTagSpecificationRequest, 0, len(specs)+1)
	onInstances := false
	for _, spec := range specs {
		tags := spec.Tags
		if spec.ResourceType == ec2types.ResourceTypeInstance || spec.ResourceType == ec2types.ResourceTypeVolume {
			tags = mergeTags(spec.Tags, own, c.propagated())
		}
		onInstances = onInstances || spec.ResourceType == ec2types.ResourceTypeInstance
		merged = append(merged, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: spec.ResourceType, Tags: tags})
	}
	if tags := mergeTags(nil, own, c.propagated()); !onInstances && len(tags) > 0 {
		merged = append(merged, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: ec2types.ResourceTypeInstance, Tags: tags})
	}
	return merged, nil
}

// tagsOf reads the tag specifications of the source.
func (c *change) tagsOf(ctx context.Context, source reconcile.Version) ([]ec2types.LaunchTemplateTagSpecification, error) {
	out, err := c.compute.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &source.Template, Versions: []string{strconv.FormatInt(source.Number, 10)},
	})
	if err != nil {
		return nil, failed("read the tags of "+source.Template, err)
	}
	if len(out.LaunchTemplateVersions) == 0 || out.LaunchTemplateVersions[0].LaunchTemplateData == nil {
		return nil, nil
	}
	return out.LaunchTemplateVersions[0].LaunchTemplateData.TagSpecifications, nil
}

// propagated is the keys of the group's own tags that instances get as well.
func (c *change) propagated() map[string]bool {
	keys := map[string]bool{}
	for _, t := range c.group.Tags {
		if key := awssdk.ToString(t.Key); awssdk.ToBool(t.PropagateAtLaunch) && !strings.HasPrefix(key, "aws:") {
			keys[key] = true
		}
	}
	return keys
}

// mergeTags lays our tags over theirs, the first of ours first, as many as
// there is room for: a launch with too many tags fails.
func mergeTags(theirs, ours []ec2types.Tag, elsewhere map[string]bool) []ec2types.Tag {
	own := map[string]bool{}
	for _, t := range ours {
		own[*t.Key] = true
	}
	counted := map[string]bool{}
	for key := range elsewhere {
		counted[key] = true
	}
	var merged []ec2types.Tag
	for _, t := range theirs {
		if key := awssdk.ToString(t.Key); !own[key] {
			counted[key] = true
			merged = append(merged, t)
		}
	}
	for _, t := range ours {
		if len(counted) >= tagsPerResource {
			break
		}
		counted[*t.Key] = true
		merged = append(merged, t)
	}
	return merged
}
