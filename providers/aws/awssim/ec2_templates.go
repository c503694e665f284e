package awssim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// launchTemplate is a named series of versions.
type launchTemplate struct {
	id, name, createdBy string
	created             time.Time
	tags                tagSet
	versions            []*templateVersion // that exist, oldest first; never empty
	issued              int64              // the highest number given out
	byDefault           int64              // number of the default version
}

// templateVersion is one version of a launch template. It never changes.
type templateVersion struct {
	template    *launchTemplate
	number      int64
	description string
	created     time.Time
	createdBy   string
	data        launchTemplateData
}

// templateSpec names a version of a launch template, by id or by name. The
// version is a number, $Latest, $Default, or "" for the default.
type templateSpec struct{ id, name, version string }

// Defaults of Service Quotas, per region and per template. Versions that were
// deleted do not count (UNCONFIRMED).
const (
	maxTemplates        = 5000
	maxTemplateVersions = 10000
)

// resolve finds a version of a launch template.
func (r *region) resolve(spec templateSpec) (*templateVersion, *failure) {
	t, f := r.template(spec.id, spec.name)
	if f != nil {
		return nil, f
	}
	return t.version(spec.version)
}

// template finds a launch template by id or by name.
func (r *region) template(id, name string) (*launchTemplate, *failure) {
	if f := idOrName(id, name); f != nil {
		return nil, f
	}
	switch {
	case id != "" && malformedID(id, "lt"):
		return nil, ec2Refusal("InvalidLaunchTemplateId.Malformed", "Invalid launch template ID: %s", id)
	case id != "" && r.templates[id] == nil:
		return nil, ec2Refusal("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	case id != "":
		return r.templates[id], nil
	case !templateName(name):
		return nil, malformedTemplateName(name)
	case r.ec2.templateNames[name] == "":
		return nil, ec2Refusal("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
	}
	return r.templates[r.ec2.templateNames[name]], nil
}

// idOrName refuses a request that names a template not at all, or twice.
func idOrName(id, name string) *failure {
	switch {
	case id == "" && name == "":
		return ec2Refusal("MissingParameter", "Either a launch template ID or a launch template name must be specified in the request.")
	case id != "" && name != "":
		return ec2Refusal("InvalidParameterCombination", "Only one of launch template ID and launch template name can be specified in the request.")
	}
	return nil
}

// version finds a version by number, $Latest, $Default or "".
func (t *launchTemplate) version(spec string) (*templateVersion, *failure) {
	switch spec {
	case "$Latest":
		return t.newest(), nil
	case "$Default", "":
		return t.numbered(t.byDefault), nil
	}
	number, err := strconv.ParseInt(spec, 10, 64)
	if err != nil {
		return nil, ec2Refusal("InvalidParameterValue", "Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed. Found '%s'.", spec)
	}
	if v := t.numbered(number); v != nil {
		return v, nil
	}
	return nil, ec2Refusal("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", spec, t.id)
}

func (t *launchTemplate) newest() *templateVersion { return t.versions[len(t.versions)-1] }

// numbered is the version of that number, nil when there is none.
func (t *launchTemplate) numbered(number int64) *templateVersion {
	if i, found := t.search(number); found {
		return t.versions[i]
	}
	return nil
}

func (t *launchTemplate) search(number int64) (index int, found bool) {
	return slices.BinarySearchFunc(t.versions, number, func(v *templateVersion, n int64) int { return int(v.number - n) })
}

// add makes a version of the next number.
func (t *launchTemplate) add(v templateVersion) *templateVersion {
	t.issued++
	v.template, v.number = t, t.issued
	t.versions = append(t.versions, &v)
	return &v
}

// addTemplate makes a launch template whose version 1 has the given members,
// by the names of EC2's requests ("ImageId", "TagSpecification.1.Tag.1.Key").
func (r *region) addTemplate(name string, members map[string]string) *launchTemplate {
	return r.makeTemplate(launchTemplate{name: name, tags: tagSet{}, createdBy: "arn:aws:iam::" + r.place.account + ":root"},
		templateVersion{data: newTemplateData(members)})
}

func (r *region) makeTemplate(t launchTemplate, first templateVersion) *launchTemplate {
	t.id, t.created, t.byDefault = r.newID("lt-"), r.now, 1
	first.created, first.createdBy = r.now, t.createdBy
	t.add(first)
	r.templates[t.id] = &t
	if r.ec2.templateNames == nil {
		r.ec2.templateNames = map[string]string{}
	}
	r.ec2.templateNames[t.name] = t.id
	return &t
}

// templateName reports whether a name is of the documented form.
func templateName(name string) bool { return wellNamed(name, "().-/_") }

// wellNamed reports whether a name has 3 to 128 characters, all of them
// letters, digits or one of the others that are given.
func wellNamed(name, others string) bool {
	odd := strings.IndexFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(others, c)
	})
	return odd < 0 && len(name) >= 3 && len(name) <= 128
}

func malformedTemplateName(name string) *failure {
	return ec2Refusal("InvalidLaunchTemplateName.MalformedException", "Launch template name '%s' must be between 3 and 128 characters, and may contain letters, numbers and the characters ( ) . - / _", name)
}
