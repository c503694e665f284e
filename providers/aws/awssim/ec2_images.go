package awssim

import (
	"slices"
	"time"
)

// image is an AMI.
type image struct {
	id, name, owner string
	description     string
	architecture    string // "i386", "x86_64" or "arm64"
	created         time.Time
	ready           time.Time // pending until then
	deregistered    time.Time // zero: it is not
	deprecated      time.Time // deprecated from then on; zero: never
	disabled        bool
	sharedWith      map[string]bool // accounts that may launch it; "all": public
	tags            tagSet
	behaviour       imageBehaviour
	source          imageSource
	types           typeSpecification
	members         map[string]string // what RegisterImage or CreateImage said, flattened
}

// imageSource is what an image was made from.
type imageSource struct{ imageID, region, instanceID string }

// public is the group of all accounts in launch permissions.
const public = "all"

// How long a making of an image takes, and how long a deregistered image can
// still be seen. AWS gives no numbers (UNCONFIRMED).
const (
	imageMaking    = 30 * time.Second
	imageFading    = time.Minute // shown as deregistered
	imageForgotten = time.Hour   // then the id is unknown, once no instance has it
)

// addImage registers an image. What is left empty is made up: an id, a name,
// the owner (the region's account), the architecture (x86_64).
func (r *region) addImage(i image) *image {
	if i.id == "" {
		i.id = r.newID("ami-")
	}
	if i.name == "" {
		i.name = i.id
	}
	if i.owner == "" {
		i.owner = r.place.account
	}
	if i.architecture == "" {
		i.architecture = "x86_64"
	}
	if i.created.IsZero() {
		i.created = r.now
	}
	if behaviour, ok := i.tags[behaviourTag]; ok {
		i.behaviour, _ = parseBehaviour(behaviour)
	}
	r.images[i.id] = &i
	return &i
}

// state is the image's state at a time, as DescribeImages names it.
func (i *image) state(now time.Time) string {
	switch {
	case !i.deregistered.IsZero():
		return "deregistered"
	case i.disabled:
		return "disabled"
	case now.Before(i.ready):
		return "pending"
	}
	return "available"
}

// sharedTo reports whether an account may launch the image.
func (i *image) sharedTo(account string) bool {
	return i.owner == account || i.sharedWith[account] || i.sharedWith[public]
}

func (i *image) isDeprecated(now time.Time) bool {
	return !i.deprecated.IsZero() && !now.Before(i.deprecated)
}

// image finds an image that the account owns or may launch, nil when there is
// none.
func (r *region) image(id string) *image {
	if i := r.images[id]; i != nil {
		return i
	}
	for _, other := range r.accountsHere() {
		if i := other.images[id]; i != nil && i.sharedTo(r.place.account) {
			return i
		}
	}
	return nil
}

// unshared reports whether an image exists that the account may not see.
func (r *region) unshared(id string) bool {
	return r.image(id) == nil && slices.ContainsFunc(r.accountsHere(), func(other *region) bool { return other.images[id] != nil })
}

// accountsHere is the same region as all accounts have it.
func (r *region) accountsHere() []*region {
	var all []*region
	for p, other := range r.server.regions {
		if p.region == r.place.region {
			all = append(all, other)
		}
	}
	return all
}

// ownImage finds an image that the account owns, as every operation that
// changes an image needs it.
func (r *region) ownImage(id string) (*image, *failure) {
	switch i := r.images[id]; {
	case id == "":
		return nil, missingParameter("ImageId")
	case malformedID(id, "ami"):
		return nil, malformedImage(id)
	case i == nil && r.image(id) != nil:
		return nil, ec2Refusal("AuthFailure", "Not authorized for image:%s", id)
	case i == nil:
		return nil, noSuchImage(id)
	case !i.deregistered.IsZero():
		return nil, unavailableImage(id)
	default:
		return i, nil
	}
}

func malformedImage(id string) *failure {
	return ec2Refusal("InvalidAMIID.Malformed", "Invalid id: \"%s\" (expecting \"ami-...\")", id)
}

func noSuchImage(id string) *failure {
	return ec2Refusal("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

func unavailableImage(id string) *failure {
	return ec2Refusal("InvalidAMIID.Unavailable", "The image ID '%s' is not available", id)
}

// launchable is what RunInstances would refuse of an image and an instance
// type, nil when it would launch. UNCONFIRMED: the code for a deregistered image;
// EC2's list of errors has Unavailable, and users also report NotFound. That an
// instance type cannot run an image for other reasons (boot mode,
// virtualization) is not simulated.
func (r *region) launchable(imageID, instanceType string) *failure {
	i := r.image(imageID)
	switch {
	case malformedID(imageID, "ami"):
		return malformedImage(imageID)
	case r.unshared(imageID):
		return ec2Refusal("AuthFailure", "Not authorized for images: [%s]", imageID)
	case i == nil || r.ec2.allowed.hides(r, i):
		return noSuchImage(imageID)
	case i.state(r.now) != "available":
		return unavailableImage(imageID)
	}
	return i.runsOn(instanceType)
}

// runsOn refuses an instance type that the image is not made for. Without an
// instance type (the group brings its own) there is nothing to compare.
func (i *image) runsOn(instanceType string) *failure {
	if instanceType == "" {
		return nil
	}
	if f := unknownInstanceType(instanceType); f != nil {
		return f
	}
	if arches := instanceTypes[instanceType].architectures; !slices.Contains(arches, i.architecture) {
		return ec2Refusal("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.", arches[len(arches)-1], i.architecture)
	}
	if !i.types.allow(instanceType) {
		return ec2Refusal("InvalidParameterCombination", "The instance type '%s' is not compatible with the instance type specification of the AMI '%s'.", instanceType, i.id)
	}
	return nil
}

// imageOf is the AMI that a version launches now: the literal one, or what its
// parameter holds at this moment. It is "" when the version names none.
func (r *region) imageOf(v *templateVersion) (string, *failure) {
	if !isAlias(v.data.imageID) {
		return v.data.imageID, nil
	}
	return r.resolveAlias(v.data.imageID)
}
