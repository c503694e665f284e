package aws

import (
	"context"
	"slices"
	"strconv"

	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"moult/reconcile"
)

// target is what a group shall launch: its own configuration with the versions
// moved, and nothing else. One of template and policy is set. For a group with
// a mixed instances policy it is the whole policy: a desired configuration
// without one would turn the group into another kind.
type target struct {
	template *astypes.LaunchTemplateSpecification
	policy   *astypes.MixedInstancesPolicy
	version  reconcile.Version // of the group's own template
	created  bool              // a version was made for it
}

func (t target) desired() *astypes.DesiredConfiguration {
	return &astypes.DesiredConfiguration{LaunchTemplate: t.template, MixedInstancesPolicy: t.policy}
}

// saved is what the group would have saved on the target.
func (t target) saved() reconcile.Saved {
	return savedOf(t.template, t.policy, words{})
}

// mover says where versions and images of a group are moved to.
type mover struct {
	// version is the version to use instead of one that is named now.
	version func(context.Context, *change, reconcile.Version) (reconcile.Version, bool, error)
	// image is the image to use instead of one that an override names itself.
	image func(context.Context, *change, string) (string, error)
}

// holding moves everything that a group launches to one image.
func holding(image string) mover {
	return mover{
		version: func(ctx context.Context, c *change, source reconcile.Version) (reconcile.Version, bool, error) {
			return c.versionHolding(ctx, source, image)
		},
		image: func(context.Context, *change, string) (string, error) { return image, nil },
	}
}

// moveTo makes a copy of the group's configuration with every version and
// image in it moved. c.saved mirrors the configuration, with symbols resolved.
func (c *change) moveTo(ctx context.Context, m mover) (target, error) {
	var t target
	spec, err := c.move(ctx, m, c.saved.Version, &t)
	if err != nil {
		return target{}, err
	}
	if c.group.MixedInstancesPolicy == nil {
		t.template = spec
		return t, nil
	}
	policy := *c.group.MixedInstancesPolicy
	template := *policy.LaunchTemplate
	template.LaunchTemplateSpecification = spec
	template.Overrides = slices.Clone(template.Overrides)
	policy.LaunchTemplate, t.policy = &template, &policy
	return t, c.moveOverrides(ctx, m, template.Overrides, &t)
}

// moveOverrides moves the overrides that decide for themselves what they
// launch: by an image, by a template, or by both, of which the image wins.
func (c *change) moveOverrides(ctx context.Context, m mover, overrides []astypes.LaunchTemplateOverrides, t *target) error {
	own := 0 // place in c.saved.Overrides, which lists these alone
	for n := range overrides {
		o := &overrides[n]
		if o.LaunchTemplateSpecification == nil && (o.ImageId == nil || *o.ImageId == "") {
			continue
		}
		saved := c.saved.Overrides[own]
		own++
		if saved.Image != "" {
			image, err := m.image(ctx, c, saved.Image)
			if err != nil {
				return err
			}
			o.ImageId = &image
		}
		if o.LaunchTemplateSpecification == nil {
			continue
		}
		spec, err := c.move(ctx, m, saved.Version, t)
		if err != nil {
			return err
		}
		o.LaunchTemplateSpecification = spec
	}
	return nil
}

// move is the specification of the version to use instead of one.
func (c *change) move(ctx context.Context, m mover, from reconcile.Version, t *target) (*astypes.LaunchTemplateSpecification, error) {
	source, err := c.versionNow(ctx, versionRef{from.Template, from.Number})
	if err != nil {
		return nil, err
	}
	v, created, err := m.version(ctx, c, source)
	if err != nil {
		return nil, err
	}
	if t.version.Number == 0 {
		t.version = v // the group's own template is moved first
	}
	t.created = t.created || created
	return specOf(v), nil
}

// specOf names a version by id and number. AWS answers with id and name, and
// takes only one of them.
func specOf(v reconcile.Version) *astypes.LaunchTemplateSpecification {
	number := strconv.FormatInt(v.Number, 10)
	return &astypes.LaunchTemplateSpecification{LaunchTemplateId: &v.Template, Version: &number}
}
