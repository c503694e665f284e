package aws

import (
	"context"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"moult/reconcile"
)

// readWarmPools adds the instances that wait in warm pools: one call for each
// group that has any ("maximum value is 50" a page, DescribeWarmPool).
func (l *look) readWarmPools(ctx context.Context) {
	for i := range l.observed {
		if !l.visible(i) || !l.warm[i] {
			continue
		}
		err := l.down.unless(func() error { return l.readWarmPool(ctx, i) })
		if err != nil {
			l.fail(i, err)
		}
	}
}

func (l *look) readWarmPool(ctx context.Context, i int) error {
	input := &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &l.desired[i].AutoScalingGroup}
	for {
		out, err := l.groups.DescribeWarmPool(ctx, input)
		if err != nil {
			return failed("describe the warm pool", err)
		}
		o := &l.observed[i]
		o.Instances = append(o.Instances, instancesOf(out.Instances, true, l.words)...)
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return nil
		}
	}
}

// filterValues is how many values one filter takes: 200 ("List and filter
// using the CLI and API", EC2 user guide).
const filterValues = 200

// readInstanceImages asks EC2 what instances run that no template version can
// tell of: launched from an alias, from a version that was deleted, or from no
// template at all. What an instance was launched from never changes, so each
// is asked about once.
func (l *look) readInstanceImages(ctx context.Context) {
	images := l.rememberedImages()
	var unknown []string
	l.eachUnknown(func(_ int, i *reconcile.Instance) {
		if images[i.ID] == "" {
			unknown = append(unknown, i.ID)
		}
	})
	var failure error
	for batch := range slices.Chunk(unknown, filterValues) {
		if failure = l.down.unless(func() error { return l.readMetadata(ctx, batch, images) }); failure != nil {
			break
		}
	}
	used := map[string]map[string]string{}
	l.eachUnknown(func(g int, i *reconcile.Instance) {
		if i.Image = images[i.ID]; i.Image == "" && failure != nil {
			l.fail(g, failure)
		}
		group := l.desired[g].AutoScalingGroup
		if used[group] == nil {
			used[group] = map[string]string{}
		}
		used[group][i.ID] = i.Image
	})
	l.rememberImages(used)
}

// rememberedImages is what instances of the groups were found to run before.
func (l *look) rememberedImages() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	images := map[string]string{}
	for _, d := range l.desired {
		for id, image := range l.memory.instances[d.AutoScalingGroup] {
			images[id] = image
		}
	}
	return images
}

// rememberImages keeps what was used, so that instances that are gone are
// forgotten.
func (l *look) rememberImages(used map[string]map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.memory.instances == nil {
		l.memory.instances = map[string]map[string]string{}
	}
	for _, d := range l.desired {
		delete(l.memory.instances, d.AutoScalingGroup)
		if own := used[d.AutoScalingGroup]; own != nil {
			l.memory.instances[d.AutoScalingGroup] = own
		}
	}
}

// eachUnknown calls do for every instance whose image is not known, with the
// place of its group.
func (l *look) eachUnknown(do func(group int, i *reconcile.Instance)) {
	for g := range l.observed {
		if !l.visible(g) {
			continue
		}
		for n, all := 0, l.observed[g].Instances; n < len(all); n++ {
			if i := &all[n]; i.Image == "" && !i.Leaving() {
				do(g, i)
			}
		}
	}
}

// readMetadata asks by filter, not by id: an instance that ended a moment ago
// is left out of the answer then, and does not spoil it.
func (l *look) readMetadata(ctx context.Context, ids []string, images map[string]string) error {
	input := &ec2.DescribeInstanceImageMetadataInput{
		Filters: []ec2types.Filter{{Name: awssdk.String("instance-id"), Values: ids}},
	}
	for {
		out, err := l.compute.DescribeInstanceImageMetadata(ctx, input)
		if err != nil {
			return failed("describe the images of instances", err)
		}
		for _, m := range out.InstanceImageMetadata {
			if m.ImageMetadata != nil {
				images[awssdk.ToString(m.InstanceId)] = l.words.of(m.ImageMetadata.ImageId)
			}
		}
		if input.NextToken = out.NextToken; awssdk.ToString(out.NextToken) == "" {
			return nil
		}
	}
}
