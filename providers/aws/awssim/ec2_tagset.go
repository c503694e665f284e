package awssim

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// tagSet is the tags of an EC2 resource, by key.
type tagSet map[string]string

// The limits of tags ("Tag your Amazon EC2 resources", tag restrictions).
const (
	maxTags     = 50
	maxTagKey   = 128 // characters
	maxTagValue = 256 // characters
)

type tagView struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func (t tagSet) keys() []string { return slices.Sorted(maps.Keys(t)) }

func (t tagSet) view() []tagView {
	var out []tagView
	for _, key := range t.keys() {
		out = append(out, tagView{key, t[key]})
	}
	return out
}

// with is the tags with others laid over them.
func (t tagSet) with(over tagSet) (tagSet, *failure) {
	out := tagSet{}
	maps.Copy(out, t)
	maps.Copy(out, over)
	if len(out) > maxTags {
		return nil, ec2Refusal("TagLimitExceeded", "More than %d tags specified", maxTags)
	}
	return out, nil
}

// readTags takes a list of Key and Value. EC2 refuses a key that is given
// twice in one request.
func readTags(list []form) (tagSet, *failure) {
	tags := tagSet{}
	for _, f := range list {
		key, value := f.Get("Key"), f.Get("Value")
		if _, twice := tags[key]; twice {
			return nil, ec2Refusal("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
		}
		if f := invalidTag(key, value); f != nil {
			return nil, f
		}
		tags[key] = value
	}
	return tags.with(nil)
}

func invalidTag(key, value string) *failure {
	switch {
	case key == "":
		return ec2Refusal("InvalidParameterValue", "Tag key must not be empty.")
	case utf8.RuneCountInString(key) > maxTagKey:
		return ec2Refusal("InvalidParameterValue", "Tag key exceeds the maximum length of %d characters", maxTagKey)
	case utf8.RuneCountInString(value) > maxTagValue:
		return ec2Refusal("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", maxTagValue)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return ec2Refusal("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	case key == behaviourTag:
		_, f := parseBehaviour(value)
		return f
	}
	return nil
}

// tagSpec is the tags for the resources of one type that a call, or a launch,
// makes.
type tagSpec struct {
	resourceType string
	tags         tagSet
}

// readTagSpecs takes a list of tag specifications for the allowed types of
// resource.
func readTagSpecs(list []form, allowed ...string) ([]tagSpec, *failure) {
	var specs []tagSpec
	for _, f := range list {
		kind := f.Get("ResourceType")
		if !slices.Contains(allowed, kind) {
			return nil, ec2Refusal("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", kind)
		}
		if slices.ContainsFunc(specs, func(s tagSpec) bool { return s.resourceType == kind }) {
			return nil, ec2Refusal("InvalidParameterValue", "Duplicate resource type '%s' in tag specifications.", kind)
		}
		tags, refused := readTags(f.structs("Tag"))
		if refused != nil {
			return nil, refused
		}
		specs = append(specs, tagSpec{kind, tags})
	}
	return specs, nil
}

// tagsFor is the tags that the specifications give a type of resource.
func tagsFor(specs []tagSpec, resourceType string) tagSet {
	for _, s := range specs {
		if s.resourceType == resourceType {
			return maps.Clone(s.tags)
		}
	}
	return tagSet{}
}
