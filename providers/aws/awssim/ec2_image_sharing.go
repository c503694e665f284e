package awssim

import (
	"maps"
	"slices"
)

// modifyImageAttribute changes who may launch an image, or its description.
// The request has two forms for permissions: LaunchPermission.Add and .Remove,
// and OperationType with UserId and UserGroup.
func modifyImageAttribute(r *region, c *call) (any, *failure) {
	return r.changeImage(c, func(i *image) *failure {
		if i.disabled {
			return unavailableImage(i.id) // a disabled image cannot be shared
		}
		if text := c.form.text("Description.Value"); text != nil {
			i.description = *text
		} else if c.form.Get("Attribute") == "description" {
			i.description = c.form.Get("Value")
		}
		return i.share(c)
	})
}

func (i *image) share(c *call) *failure {
	added, removed := grantees(c.structs("LaunchPermission.Add")), grantees(c.structs("LaunchPermission.Remove"))
	listed := append(c.list("UserId"), c.list("UserGroup")...)
	switch c.form.Get("OperationType") {
	case "add":
		added = append(added, listed...)
	case "remove":
		removed = append(removed, listed...)
	default:
		if len(listed) > 0 {
			return missingParameter("OperationType")
		}
	}
	shared := map[string]bool{}
	maps.Copy(shared, i.sharedWith)
	for _, who := range added {
		if !grantee(who) {
			return ec2Refusal("InvalidAMIAttributeItemValue", "Invalid attribute item value \"%s\" for userId item type.", who)
		}
		shared[who] = true
	}
	for _, who := range removed {
		delete(shared, who)
	}
	i.sharedWith = shared
	return nil
}

func grantees(list []form) []string {
	var out []string
	for _, f := range list {
		for _, name := range []string{"UserId", "Group"} {
			if who := f.Get(name); who != "" {
				out = append(out, who)
			}
		}
	}
	return out
}

// grantee reports whether images can be shared with this: an account or all.
// Organizations are not simulated.
func grantee(who string) bool {
	if who == public {
		return true
	}
	for _, c := range who {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(who) == 12
}

type launchPermission struct {
	UserID string `xml:"userId,omitempty"`
	Group  string `xml:"group,omitempty"`
}

type textValue struct {
	Value string `xml:"value"`
}

type imageAttributeResult struct {
	ImageID           string             `xml:"imageId"`
	LaunchPermissions []launchPermission `xml:"launchPermission>item"`
	Description       *textValue         `xml:"description"`
}

// describeImageAttribute knows the two attributes that modifyImageAttribute
// changes.
func describeImageAttribute(r *region, c *call) (any, *failure) {
	i, f := r.ownImage(c.form.Get("ImageId"))
	if f != nil {
		return nil, f
	}
	out := imageAttributeResult{ImageID: i.id}
	switch attribute := c.form.Get("Attribute"); attribute {
	case "launchPermission":
		for _, who := range slices.Sorted(maps.Keys(i.sharedWith)) {
			out.LaunchPermissions = append(out.LaunchPermissions, permissionOf(who))
		}
	case "description":
		out.Description = &textValue{i.description}
	default:
		return nil, invalidParameter("attribute", attribute)
	}
	return out, nil
}

func permissionOf(who string) launchPermission {
	if who == public {
		return launchPermission{Group: public}
	}
	return launchPermission{UserID: who}
}
