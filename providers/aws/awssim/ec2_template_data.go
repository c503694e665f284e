package awssim

import (
	"encoding/base64"
	"encoding/xml"
	"maps"
	"strings"
)

// launchTemplateData is what a version of a launch template says. Everything
// that was sent is kept, flattened as it came, so that nothing is lost; what the
// simulation itself needs is read out of it.
type launchTemplateData struct {
	members      map[string]string
	tree         *member
	imageID      string // an AMI, or resolve:ssm:PARAMETER
	instanceType string
	tagSpecs     []tagSpec
}

// templateTagged is the types of resource that a template may tag.
var templateTagged = []string{"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"}

// readTemplateData checks the members of a LaunchTemplateData and reads them.
// AWS validates templates little: most mistakes show at launch.
func readTemplateData(f form) (launchTemplateData, *failure) {
	members := f.flat()
	if len(members) == 0 {
		return launchTemplateData{}, missingParameter("LaunchTemplateData")
	}
	_, badTags := readTagSpecs(f.structs("TagSpecification"), templateTagged...)
	if f := firstFailure(oddMember(members), badTags, invalidUserData(members["UserData"])); f != nil {
		return launchTemplateData{}, f
	}
	return newTemplateData(members), nil
}

// maxUserData is the limit of user data before it is encoded, in bytes.
const maxUserData = 16 << 10

func invalidUserData(encoded string) *failure {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ec2Refusal("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(raw) > maxUserData {
		return ec2Refusal("InvalidParameterValue", "User data is limited to %d bytes", maxUserData)
	}
	return nil
}

// newTemplateData reads members that are known to be good, by the names of
// EC2's requests: "ImageId", "TagSpecification.1.Tag.1.Key".
func newTemplateData(members map[string]string) launchTemplateData {
	d := launchTemplateData{
		members:      members,
		tree:         memberTree(members),
		imageID:      members["ImageId"],
		instanceType: members["InstanceType"],
	}
	for _, spec := range d.tree.list("TagSpecification") {
		tags := tagSet{}
		for _, tag := range spec.list("Tag") {
			tags[tag.text("Key")] = tag.text("Value")
		}
		d.tagSpecs = append(d.tagSpecs, tagSpec{spec.text("ResourceType"), tags})
	}
	return d
}

// overlaid is a version made from this one as source: every member that is
// given replaces the source's member of that name as a whole, and snapshots in
// the source's block device mapping are not inherited.
// UNCONFIRMED: that structures such as MetadataOptions are replaced as a whole
// and not member by member.
func (d launchTemplateData) overlaid(with launchTemplateData) launchTemplateData {
	members := map[string]string{}
	for name, value := range d.members {
		top, _, _ := strings.Cut(name, ".")
		_, replaced := with.tree.named[top]
		if !replaced && !snapshotMember(name) {
			members[name] = value
		}
	}
	maps.Copy(members, with.members)
	return newTemplateData(members)
}

func snapshotMember(name string) bool {
	return strings.HasPrefix(name, "BlockDeviceMapping.") && strings.HasSuffix(name, ".Ebs.SnapshotId")
}

// resolved is the data with another image, for ResolveAlias.
func (d launchTemplateData) resolved(imageID string) launchTemplateData {
	members := maps.Clone(d.members)
	members["ImageId"] = imageID
	return newTemplateData(members)
}

// MarshalXML writes the data as EC2 does in its replies.
func (d launchTemplateData) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return d.tree.write(e, start.Name.Local, "", templateLists)
}

// templateLists is how LaunchTemplateData names its lists. All but three
// follow one rule.
func templateLists(path string) (list, item string) {
	switch path {
	case "NetworkInterface.SecurityGroupId":
		return "groupSet", "groupId"
	case "LicenseSpecification":
		return "licenseSet", "item"
	case "SecondaryInterface.PrivateIpAddress":
		return "privateIpAddressesSet", "item"
	}
	return lowerFirst(path[strings.LastIndex(path, ".")+1:]) + "Set", "item"
}
