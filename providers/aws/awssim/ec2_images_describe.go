package awssim

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// imageRow is an image as one account sees it at one time.
type imageRow struct {
	*image
	now     time.Time
	allowed *bool // nil unless Allowed AMIs is in use
}

type imageView struct {
	ID              string                 `xml:"imageId"`
	Name            string                 `xml:"name"`
	Location        string                 `xml:"imageLocation"`
	State           string                 `xml:"imageState"`
	Owner           string                 `xml:"imageOwnerId"`
	Created         stamp                  `xml:"creationDate"`
	Deprecated      stamp                  `xml:"deprecationTime"`
	Public          bool                   `xml:"isPublic"`
	Architecture    string                 `xml:"architecture"`
	Type            string                 `xml:"imageType"`
	Description     string                 `xml:"description,omitempty"`
	EnaSupport      bool                   `xml:"enaSupport"`
	Hypervisor      string                 `xml:"hypervisor"`
	PlatformDetails string                 `xml:"platformDetails"`
	RootDeviceName  string                 `xml:"rootDeviceName"`
	RootDeviceType  string                 `xml:"rootDeviceType"`
	Virtualization  string                 `xml:"virtualizationType"`
	BootMode        string                 `xml:"bootMode,omitempty"`
	ImdsSupport     string                 `xml:"imdsSupport,omitempty"`
	SourceImageID   string                 `xml:"sourceImageId,omitempty"`
	SourceRegion    string                 `xml:"sourceImageRegion,omitempty"`
	SourceInstance  string                 `xml:"sourceInstanceId,omitempty"`
	Allowed         *bool                  `xml:"imageAllowed"`
	Types           *typeSpecificationView `xml:"instanceTypeSpecification"`
	Mappings        blockDevices           `xml:"blockDeviceMapping"`
	Tags            []tagView              `xml:"tagSet>item"`
}

func (i imageRow) view() imageView {
	return imageView{
		ID: i.id, Name: i.name, Location: i.owner + "/" + i.name, State: i.state(i.now), Owner: i.owner,
		Created: stamp{i.created}, Deprecated: stamp{i.deprecated}, Public: i.sharedWith[public],
		Architecture: i.architecture, Type: "machine", Description: i.description, EnaSupport: i.members["EnaSupport"] != "false",
		Hypervisor: "xen", PlatformDetails: "Linux/UNIX", RootDeviceName: i.or("RootDeviceName", "/dev/xvda"), RootDeviceType: "ebs",
		Virtualization: i.or("VirtualizationType", "hvm"), BootMode: i.members["BootMode"], ImdsSupport: i.members["ImdsSupport"],
		SourceImageID: i.source.imageID, SourceRegion: i.source.region, SourceInstance: i.source.instanceID,
		Allowed: i.allowed, Types: i.types.view(), Mappings: blockDevices{memberTree(i.members).named["BlockDeviceMapping"]}, Tags: i.tags.view(),
	}
}

// or is what the request that made the image said, or a default.
func (i *image) or(member, otherwise string) string {
	if value := i.members[member]; value != "" {
		return value
	}
	return otherwise
}

// blockDevices is a block device mapping as it came in a request.
type blockDevices struct{ list *member }

// MarshalXML writes the mapping as EC2 does in its replies.
func (b blockDevices) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if b.list == nil {
		return nil
	}
	return b.list.write(e, "", "", func(string) (list, item string) { return "blockDeviceMapping", "item" })
}

var imageFilters = filterTable[imageRow]{
	values: map[string]func(imageRow) []string{
		"architecture":        one(func(i imageRow) string { return i.architecture }),
		"boot-mode":           one(func(i imageRow) string { return i.members["BootMode"] }),
		"description":         one(func(i imageRow) string { return i.description }),
		"image-allowed":       one(func(i imageRow) string { return strconv.FormatBool(i.allowed == nil || *i.allowed) }),
		"image-id":            one(func(i imageRow) string { return i.id }),
		"image-type":          one(func(imageRow) string { return "machine" }),
		"is-public":           one(func(i imageRow) string { return strconv.FormatBool(i.sharedWith[public]) }),
		"name":                one(func(i imageRow) string { return i.name }),
		"owner-id":            one(func(i imageRow) string { return i.owner }),
		"root-device-name":    one(func(i imageRow) string { return i.or("RootDeviceName", "/dev/xvda") }),
		"root-device-type":    one(func(imageRow) string { return "ebs" }),
		"source-image-id":     one(func(i imageRow) string { return i.source.imageID }),
		"source-image-region": one(func(i imageRow) string { return i.source.region }),
		"source-instance-id":  one(func(i imageRow) string { return i.source.instanceID }),
		"state":               one(func(i imageRow) string { return i.state(i.now) }),
		"virtualization-type": one(func(i imageRow) string { return i.or("VirtualizationType", "hvm") }),
	},
	times: map[string]func(imageRow) time.Time{
		"creation-date": func(i imageRow) time.Time { return i.created },
	},
	tags: func(i imageRow) tagSet { return i.tags },
}

type describeImagesResult struct {
	Images    []imageView `xml:"imagesSet>item"`
	NextToken string      `xml:"nextToken,omitempty"`
}

// imagePages is the paging of images. UNCONFIRMED: the range of MaxResults, and
// that it may be given together with image ids.
var imagePages = pages{least: 1, most: 1000}

func describeImages(r *region, c *call) (any, *failure) {
	all, f := r.imagesNamed(c.list("ImageId"))
	if f != nil {
		return nil, f
	}
	rows := r.seenImages(c, all)
	if rows, f = imageFilters.sift(c, rows); f != nil {
		return nil, f
	}
	var out describeImagesResult
	rows, out.NextToken, f = page(c, imagePages, rows, func(i imageRow) string { return i.id })
	for _, i := range rows {
		out.Images = append(out.Images, i.view())
	}
	return out, f
}

// imagesNamed is the images of these ids, or all when none is given.
func (r *region) imagesNamed(ids []string) ([]*image, *failure) {
	if len(ids) == 0 {
		return r.visibleImages(), nil
	}
	var out []*image
	var unknown []string
	for _, id := range ids {
		i := r.image(id)
		switch {
		case malformedID(id, "ami"):
			return nil, malformedImage(id)
		case i == nil || r.forgotten(i):
			unknown = append(unknown, id)
		default:
			out = append(out, i)
		}
	}
	switch len(unknown) {
	case 0:
		return distinct(out), nil
	case 1:
		return nil, noSuchImage(unknown[0])
	}
	return nil, ec2Refusal("InvalidAMIID.NotFound", "The image ids '[%s]' do not exist", strings.Join(unknown, ", "))
}

// visibleImages is every image that the account owns or may launch.
func (r *region) visibleImages() []*image {
	var out []*image
	for _, other := range r.accountsHere() {
		for _, i := range other.images {
			if i.sharedTo(r.place.account) {
				out = append(out, i)
			}
		}
	}
	return out
}

// forgotten reports whether a deregistered image is not even known any more:
// after a while, once no instance refers to it.
func (r *region) forgotten(i *image) bool {
	if i.deregistered.IsZero() || r.now.Before(i.deregistered.Add(imageForgotten)) {
		return false
	}
	used := false
	r.eachInstance(func(in *instance) { used = used || in.imageID == i.id })
	return !used
}

// seenImages leaves out what the call did not ask for, and what is not shown
// without being asked for. UNCONFIRMED: that a deprecated image of another
// account stays hidden even when its id is given.
func (r *region) seenImages(c *call, all []*image) []imageRow {
	owners, launchers := c.list("Owner"), c.list("ExecutableBy")
	var out []imageRow
	for _, i := range all {
		faded := !i.deregistered.IsZero() && !r.now.Before(i.deregistered.Add(imageFading))
		hidden := i.disabled && c.form.Get("IncludeDisabled") != "true" ||
			i.isDeprecated(r.now) && i.owner != r.place.account && c.form.Get("IncludeDeprecated") != "true" ||
			r.ec2.allowed.hides(r, i)
		if !faded && !hidden && r.ownedBy(i, owners) && r.launchableBy(i, launchers) {
			out = append(out, imageRow{i, r.now, r.ec2.allowed.verdict(r, i)})
		}
	}
	return out
}

// ownedBy reports whether an image has one of these owners: account ids, or
// self. The aliases amazon and aws-marketplace own nothing here.
func (r *region) ownedBy(i *image, owners []string) bool {
	self := slices.Contains(owners, "self") && i.owner == r.place.account
	return len(owners) == 0 || self || slices.Contains(owners, i.owner)
}

// launchableBy reports whether an image was explicitly shared with one of
// these: account ids, self or all.
func (r *region) launchableBy(i *image, launchers []string) bool {
	for who := range maps.Keys(i.sharedWith) {
		if slices.Contains(launchers, who) || who == r.place.account && slices.Contains(launchers, "self") {
			return true
		}
	}
	return len(launchers) == 0
}
