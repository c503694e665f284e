package awssim

import (
	"maps"
	"time"
)

type imageIDResult struct {
	ImageID string `xml:"imageId"`
}

// registerImage makes an image of a snapshot. Snapshots are not simulated, so
// that nothing of the block device mapping is checked.
func registerImage(r *region, c *call) (any, *failure) {
	i, f := r.readImage(c)
	if f != nil {
		return nil, f
	}
	if i.architecture = c.form.Get("Architecture"); i.architecture == "" {
		i.architecture = "i386" // as documented for EBS-backed images
	}
	if !knownArchitecture(i.architecture) {
		return nil, invalidParameter("architecture", i.architecture)
	}
	return r.makeImage(c, i)
}

// createImage makes an image of an instance, which turns out as the image that
// the instance itself was launched from.
func createImage(r *region, c *call) (any, *failure) {
	i, f := r.readImage(c)
	if f != nil {
		return nil, f
	}
	id := c.form.Get("InstanceId")
	from, f := r.instanceNamed(id)
	if f != nil {
		return nil, f
	}
	i.architecture = instanceTypes[from.instanceType].architecture()
	i.behaviour = from.behaviour
	i.ready = r.now.Add(imageMaking)
	i.source = imageSource{instanceID: id, imageID: from.imageID, region: r.place.region}
	return r.makeImage(c, i)
}

// copyImage copies an image from another region, or the same.
func copyImage(r *region, c *call) (any, *failure) {
	i, f := r.readImage(c)
	if f != nil {
		return nil, f
	}
	from := c.form.Get("SourceRegion")
	if from == "" {
		return nil, missingParameter("SourceRegion")
	}
	source := r.server.at(place{r.place.account, from}).image(c.form.Get("SourceImageId"))
	if source == nil || source.state(r.now) != "available" {
		return nil, noSuchImage(c.form.Get("SourceImageId"))
	}
	i.architecture, i.behaviour, i.members = source.architecture, source.behaviour, source.members
	i.ready = r.now.Add(imageMaking)
	i.source = imageSource{imageID: source.id, region: from}
	if c.form.Get("CopyImageTags") == "true" && source.owner == i.owner {
		tags := maps.Clone(source.tags)
		maps.Copy(tags, i.tags)
		i.tags = tags
	}
	return r.makeImage(c, i)
}

func (r *region) makeImage(c *call, i image) (any, *failure) {
	if f := c.dryRun(); f != nil {
		return nil, f
	}
	return imageIDResult{r.addImage(i).id}, nil
}

// readImage takes what all three ways to make an image have in common.
func (r *region) readImage(c *call) (image, *failure) {
	name := c.form.Get("Name")
	if f := r.imageNameTaken(name); f != nil {
		return image{}, f
	}
	specs, f := readTagSpecs(c.structs("TagSpecification"), "image", "snapshot")
	i := image{
		name: name, description: c.form.Get("Description"), owner: r.place.account,
		created: r.now, ready: r.now, tags: tagsFor(specs, "image"), members: c.form.flat(),
	}
	return i, firstFailure(f, oddMember(i.members))
}

func (r *region) imageNameTaken(name string) *failure {
	if name == "" {
		return missingParameter("Name")
	}
	if !wellNamed(name, "()[] ./-'@_") { // the form that the reference of RegisterImage gives
		return ec2Refusal("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'")
	}
	for _, i := range r.images {
		if i.name == name && i.deregistered.IsZero() {
			return ec2Refusal("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, i.id)
		}
	}
	return nil
}

func knownArchitecture(name string) bool {
	switch name {
	case "i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac":
		return true
	}
	return false
}

// deregisterImage leaves the image where it is, for those who look at it soon.
func deregisterImage(r *region, c *call) (any, *failure) {
	return r.changeImage(c, func(i *image) *failure {
		i.deregistered = r.now
		return nil
	})
}

// changeImage does one change to an image of the account's own. The change is
// tried on a copy first, so that a dry run says what would be refused.
func (r *region) changeImage(c *call, change func(*image) *failure) (any, *failure) {
	i, f := r.ownImage(c.form.Get("ImageId"))
	if f != nil {
		return nil, f
	}
	changed := *i
	if f = firstFailure(change(&changed), c.dryRun()); f != nil {
		return nil, f
	}
	*i = changed
	return done{true}, nil
}

func enableImageDeprecation(r *region, c *call) (any, *failure) {
	at := c.form.time("DeprecateAt")
	if f := c.form.malformed(); f != nil || at == nil {
		return nil, firstFailure(f, missingParameter("DeprecateAt"))
	}
	return r.changeImage(c, func(i *image) *failure {
		if f := i.badDeprecation(*at, c); f != nil {
			return f
		}
		i.deprecated = r.server.timeline.simulated(at.Round(time.Minute))
		return nil
	})
}

// badDeprecation refuses a date in the past, more than ten years ahead or, for
// a public image, more than two years after it was made: all by the clock, as
// the caller counts.
func (i *image) badDeprecation(at time.Time, c *call) *failure {
	now := c.clock(c.now)
	switch {
	case at.Before(now):
		return ec2Refusal("InvalidParameterValue", "The deprecation date must not be in the past.")
	case at.After(now.AddDate(10, 0, 0)):
		return ec2Refusal("InvalidParameterValue", "The deprecation date must not be more than 10 years from now.")
	case i.sharedWith[public] && at.After(c.clock(i.created).AddDate(2, 0, 0)):
		return ec2Refusal("InvalidParameterValue", "The deprecation date of a public AMI must not be more than 2 years from its creation date.")
	}
	return nil
}

func disableImageDeprecation(r *region, c *call) (any, *failure) {
	return r.changeImage(c, func(i *image) *failure {
		i.deprecated = time.Time{}
		return nil
	})
}

// disableImage takes all launch permissions away, for good.
func disableImage(r *region, c *call) (any, *failure) {
	return r.changeImage(c, func(i *image) *failure {
		i.disabled, i.sharedWith = true, nil
		return nil
	})
}

func enableImage(r *region, c *call) (any, *failure) {
	return r.changeImage(c, func(i *image) *failure {
		i.disabled = false
		return nil
	})
}
