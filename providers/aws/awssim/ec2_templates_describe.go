package awssim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// templatePages is the paging of launch templates and of their versions.
var templatePages = pages{least: 1, most: 200, normal: 200}

var templateFilters = filterTable[*launchTemplate]{
	values: map[string]func(*launchTemplate) []string{
		"launch-template-name": one(func(t *launchTemplate) string { return t.name }),
	},
	times: map[string]func(*launchTemplate) time.Time{
		"create-time": func(t *launchTemplate) time.Time { return t.created },
	},
	tags: func(t *launchTemplate) tagSet { return t.tags },
}

type describeTemplatesResult struct {
	Templates []launchTemplateView `xml:"launchTemplates>item"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func describeLaunchTemplates(r *region, c *call) (any, *failure) {
	all, f := r.templatesNamed(c.list("LaunchTemplateId"), c.list("LaunchTemplateName"))
	if f == nil {
		all, f = templateFilters.sift(c, all)
	}
	if f != nil {
		return nil, f
	}
	var out describeTemplatesResult
	all, out.NextToken, f = page(c, templatePages, all, func(t *launchTemplate) string { return t.id })
	for _, t := range all {
		out.Templates = append(out.Templates, t.view())
	}
	return out, f
}

// templatesNamed is the templates of these ids and names, or all when none is
// given.
func (r *region) templatesNamed(ids, names []string) ([]*launchTemplate, *failure) {
	var out []*launchTemplate
	for _, id := range ids {
		t, f := r.template(id, "")
		if f != nil {
			return nil, f
		}
		out = append(out, t)
	}
	for _, name := range names {
		t, f := r.template("", name)
		if f != nil {
			return nil, f
		}
		out = append(out, t)
	}
	if len(ids)+len(names) == 0 {
		for _, t := range r.templates {
			out = append(out, t)
		}
	}
	return distinct(out), nil
}

// distinct drops repetitions, keeping the first of each.
func distinct[T comparable](all []T) []T {
	seen := map[T]bool{}
	return slices.DeleteFunc(all, func(v T) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

var versionFilters = filterTable[*templateVersion]{
	values: map[string]func(*templateVersion) []string{
		"ebs-optimized":             versionMember("EbsOptimized"),
		"host-resource-group-arn":   versionMember("Placement", "HostResourceGroupArn"),
		"http-endpoint":             versionMember("MetadataOptions", "HttpEndpoint"),
		"http-protocol-ipv4":        versionMember("MetadataOptions", "HttpEndpoint"),
		"http-tokens":               versionMember("MetadataOptions", "HttpTokens"),
		"iam-instance-profile":      versionMember("IamInstanceProfile", "Arn"),
		"image-id":                  versionMember("ImageId"),
		"instance-type":             versionMember("InstanceType"),
		"is-default-version":        one(func(v *templateVersion) string { return strconv.FormatBool(v.number == v.template.byDefault) }),
		"kernel-id":                 versionMember("KernelId"),
		"license-configuration-arn": versionMember("LicenseSpecification", "LicenseConfigurationArn"),
		"network-card-index":        versionMember("NetworkInterface", "NetworkCardIndex"),
		"ram-disk-id":               versionMember("RamDiskId"),
	},
	times: map[string]func(*templateVersion) time.Time{
		"create-time": func(v *templateVersion) time.Time { return v.created },
	},
}

func versionMember(path ...string) func(*templateVersion) []string {
	return func(v *templateVersion) []string { return v.data.tree.values(path...) }
}

type describeVersionsResult struct {
	Versions  []templateVersionView `xml:"launchTemplateVersionSet>item"`
	NextToken string                `xml:"nextToken,omitempty"`
}

// describeLaunchTemplateVersions has two modes: versions of one template, or
// the latest and default versions of all.
func describeLaunchTemplateVersions(r *region, c *call) (any, *failure) {
	all, f := r.versionsAsked(c)
	if f == nil {
		all, f = versionFilters.sift(c, all)
	}
	if f != nil {
		return nil, f
	}
	var out describeVersionsResult
	all, out.NextToken, f = page(c, templatePages, all, newestFirst)
	for _, v := range all {
		out.Versions = append(out.Versions, r.shown(v, c.form.Get("ResolveAlias") == "true"))
	}
	return out, f
}

// newestFirst orders by template, and within it the newest version first.
func newestFirst(v *templateVersion) string {
	return fmt.Sprintf("%s %019d", v.template.id, math.MaxInt64-v.number)
}

func (r *region) versionsAsked(c *call) ([]*templateVersion, *failure) {
	id, name, specs := c.form.Get("LaunchTemplateId"), c.form.Get("LaunchTemplateName"), c.list("LaunchTemplateVersion")
	if id == "" && name == "" {
		return r.versionsOfAll(specs)
	}
	t, f := r.template(id, name)
	if f != nil {
		return nil, f
	}
	if len(specs) > 0 {
		return t.versionsOf(specs)
	}
	return t.versionsBetween(c.form.Get("MinVersion"), c.form.Get("MaxVersion"))
}

func (r *region) versionsOfAll(specs []string) ([]*templateVersion, *failure) {
	if len(specs) == 0 {
		return nil, ec2Refusal("MissingParameter", "Either a launch template ID or name, or the versions $Latest or $Default, must be specified in the request.")
	}
	var out []*templateVersion
	for _, spec := range specs {
		if spec != "$Latest" && spec != "$Default" {
			return nil, ec2Refusal("InvalidParameterValue", "Only $Latest and $Default are allowed as versions when no launch template is specified. Found '%s'.", spec)
		}
		for _, t := range r.templates {
			v, _ := t.version(spec)
			out = append(out, v)
		}
	}
	return distinct(out), nil // one row where the latest is the default (UNCONFIRMED)
}

func (t *launchTemplate) versionsOf(specs []string) ([]*templateVersion, *failure) {
	var out []*templateVersion
	for _, spec := range specs {
		v, f := t.version(spec)
		if f != nil {
			return nil, f
		}
		out = append(out, v)
	}
	return distinct(out), nil
}

// versionsBetween includes both ends (UNCONFIRMED: the reference says "after"
// and "up to").
func (t *launchTemplate) versionsBetween(least, most string) ([]*templateVersion, *failure) {
	low, badLow := versionNumber("MinVersion", least, 0)
	high, badHigh := versionNumber("MaxVersion", most, math.MaxInt64)
	if f := firstFailure(badLow, badHigh); f != nil {
		return nil, f
	}
	return slices.DeleteFunc(slices.Clone(t.versions), func(v *templateVersion) bool {
		return v.number < low || v.number > high
	}), nil
}

func versionNumber(name, text string, otherwise int64) (int64, *failure) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, invalidParameter(name, text)
	}
	return n, nil
}
