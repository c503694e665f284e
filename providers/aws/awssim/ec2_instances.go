package awssim

import (
	"slices"
	"time"
)

// Instances come and go with their Auto Scaling groups; EC2 shows them.

// instanceNamed finds an instance.
func (r *region) instanceNamed(id string) (*instance, *failure) {
	if malformedID(id, "i") {
		return nil, ec2Refusal("InvalidInstanceID.Malformed", "Invalid id: \"%s\"", id)
	}
	var found *instance
	r.eachInstance(func(i *instance) {
		if i.id == id {
			found = i
		}
	})
	if found == nil {
		return nil, ec2Refusal("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	return found, nil
}

// instancesNamed is the instances of these ids, or all when none is given.
func (r *region) instancesNamed(ids []string) ([]*instance, *failure) {
	var all []*instance
	r.eachInstance(func(i *instance) {
		if len(ids) == 0 || slices.Contains(ids, i.id) {
			all = append(all, i)
		}
	})
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(i *instance) bool { return i.id == id }) {
			_, f := r.instanceNamed(id)
			return nil, f
		}
	}
	return all, nil
}

// instanceState is the state of a machine as EC2 has it.
type instanceState struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

// power is what EC2 calls the state that Auto Scaling has the instance in.
func (i *instance) power() instanceState {
	switch i.state {
	case pending, warmPending:
		return instanceState{0, "pending"}
	case terminating, terminatingProceed, warmTerminating:
		return instanceState{32, "shutting-down"}
	case terminated:
		return instanceState{48, "terminated"}
	case warmStopped, warmHibernated:
		return instanceState{80, "stopped"}
	}
	return instanceState{16, "running"}
}

type placementView struct {
	Zone    string `xml:"availabilityZone"`
	Tenancy string `xml:"tenancy"`
}

type instanceView struct {
	ID           string        `xml:"instanceId"`
	ImageID      string        `xml:"imageId"`
	State        instanceState `xml:"instanceState"`
	Type         string        `xml:"instanceType"`
	LaunchTime   stamp         `xml:"launchTime"`
	Placement    placementView `xml:"placement"`
	Architecture string        `xml:"architecture"`
	Tags         []tagView     `xml:"tagSet>item"`
}

func (i *instance) ec2View() instanceView {
	return instanceView{
		ID: i.id, ImageID: i.imageID, State: i.power(), Type: i.instanceType, LaunchTime: stamp{i.launched},
		Placement: placementView{i.zone, "default"}, Architecture: instanceTypes[i.instanceType].architecture(), Tags: i.tags.view(),
	}
}

var instanceFilters = filterTable[*instance]{
	values: map[string]func(*instance) []string{
		"architecture":        one(func(i *instance) string { return instanceTypes[i.instanceType].architecture() }),
		"availability-zone":   one(func(i *instance) string { return i.zone }),
		"image-id":            one(func(i *instance) string { return i.imageID }),
		"instance-id":         one(func(i *instance) string { return i.id }),
		"instance-state-name": one(func(i *instance) string { return i.power().Name }),
		"instance-type":       one(func(i *instance) string { return i.instanceType }),
	},
	times: map[string]func(*instance) time.Time{
		"launch-time": func(i *instance) time.Time { return i.launched },
	},
	tags: func(i *instance) tagSet { return i.tags },
}

type reservationView struct {
	ID        string         `xml:"reservationId"`
	Owner     string         `xml:"ownerId"`
	Instances []instanceView `xml:"instancesSet>item"`
}

type describeInstancesResult struct {
	Reservations []reservationView `xml:"reservationSet>item"`
	NextToken    string            `xml:"nextToken,omitempty"`
}

// describeEC2Instances has one reservation for each instance, as Auto Scaling
// launches them one by one here.
func describeEC2Instances(r *region, c *call) (any, *failure) {
	all, next, f := r.instancePage(c, pages{least: 5, most: 1000})
	out := describeInstancesResult{NextToken: next}
	for _, i := range all {
		out.Reservations = append(out.Reservations, reservationView{
			ID: "r" + i.id[1:], Owner: r.place.account, Instances: []instanceView{i.ec2View()},
		})
	}
	return out, f
}

func (r *region) instancePage(c *call, p pages) ([]*instance, string, *failure) {
	ids := c.list("InstanceId")
	if len(ids) > 0 && c.form.given("MaxResults") {
		return nil, "", ec2Refusal("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	all, f := r.instancesNamed(ids)
	if f == nil {
		all, f = instanceFilters.sift(c, all)
	}
	if f != nil {
		return nil, "", f
	}
	return page(c, p, all, func(i *instance) string { return i.id })
}

type imageMetadata struct {
	ImageID    string `xml:"imageId"`
	Name       string `xml:"name,omitempty"`
	Owner      string `xml:"imageOwnerId,omitempty"`
	State      string `xml:"imageState,omitempty"`
	Created    stamp  `xml:"creationDate"`
	Deprecated stamp  `xml:"deprecationTime"`
	Allowed    *bool  `xml:"imageAllowed"`
	Public     bool   `xml:"isPublic"`
}

type instanceImageView struct {
	ID         string        `xml:"instanceId"`
	Type       string        `xml:"instanceType"`
	LaunchTime stamp         `xml:"launchTime"`
	Zone       string        `xml:"availabilityZone"`
	State      instanceState `xml:"instanceState"`
	Owner      string        `xml:"instanceOwnerId"`
	Tags       []tagView     `xml:"tagSet>item"`
	Image      imageMetadata `xml:"imageMetadata"`
}

type instanceImagesResult struct {
	Rows      []instanceImageView `xml:"instanceImageMetadataSet>item"`
	NextToken string              `xml:"nextToken,omitempty"`
}

// describeInstanceImageMetadata tells the image of each instance even when the
// image is gone.
func describeInstanceImageMetadata(r *region, c *call) (any, *failure) {
	all, next, f := r.instancePage(c, pages{least: 1, most: 1000, normal: 1000})
	out := instanceImagesResult{NextToken: next}
	for _, i := range all {
		out.Rows = append(out.Rows, instanceImageView{
			ID: i.id, Type: i.instanceType, LaunchTime: stamp{i.launched}, Zone: i.zone, State: i.power(),
			Owner: r.place.account, Tags: i.tags.view(), Image: r.imageMetadata(i.imageID),
		})
	}
	return out, f
}

func (r *region) imageMetadata(id string) imageMetadata {
	i := r.image(id)
	if i == nil {
		return imageMetadata{ImageID: id}
	}
	return imageMetadata{
		ImageID: id, Name: i.name, Owner: i.owner, State: i.state(r.now), Created: stamp{i.created},
		Deprecated: stamp{i.deprecated}, Allowed: r.ec2.allowed.verdict(r, i), Public: i.sharedWith[public],
	}
}
