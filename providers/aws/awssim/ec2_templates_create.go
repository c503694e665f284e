package awssim

// launchTemplateView is a launch template in a reply.
type launchTemplateView struct {
	ID             string    `xml:"launchTemplateId"`
	Name           string    `xml:"launchTemplateName"`
	CreateTime     stamp     `xml:"createTime"`
	CreatedBy      string    `xml:"createdBy"`
	DefaultVersion int64     `xml:"defaultVersionNumber"`
	LatestVersion  int64     `xml:"latestVersionNumber"`
	Tags           []tagView `xml:"tagSet>item"`
}

func (t *launchTemplate) view() launchTemplateView {
	return launchTemplateView{
		ID: t.id, Name: t.name, CreateTime: stamp{t.created}, CreatedBy: t.createdBy,
		DefaultVersion: t.byDefault, LatestVersion: t.newest().number, Tags: t.tags.view(),
	}
}

// templateVersionView is a version of a launch template in a reply.
type templateVersionView struct {
	TemplateID     string             `xml:"launchTemplateId"`
	TemplateName   string             `xml:"launchTemplateName"`
	Number         int64              `xml:"versionNumber"`
	Description    string             `xml:"versionDescription,omitempty"`
	CreateTime     stamp              `xml:"createTime"`
	CreatedBy      string             `xml:"createdBy"`
	DefaultVersion bool               `xml:"defaultVersion"`
	Data           launchTemplateData `xml:"launchTemplateData"`
}

func (v *templateVersion) view() templateVersionView {
	return templateVersionView{
		TemplateID: v.template.id, TemplateName: v.template.name, Number: v.number, Description: v.description,
		CreateTime: stamp{v.created}, CreatedBy: v.createdBy, DefaultVersion: v.number == v.template.byDefault, Data: v.data,
	}
}

// warning is what EC2 says, in a reply of success, of parameters that are not
// valid.
type warning struct {
	Errors []warningError `xml:"errorSet>item"`
}

type warningError struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

// warn is nil when there is nothing to say of the data. EC2 documents that a
// template with an invalid parameter is made, with a warning; which parameters
// it looks at is not documented (UNCONFIRMED: the image and the instance type
// here).
func (r *region) warn(v *templateVersion) *warning {
	imageID, f := r.imageOf(v)
	switch {
	case f != nil:
	case imageID != "":
		f = r.launchable(imageID, v.data.instanceType)
	case v.data.instanceType != "":
		f = unknownInstanceType(v.data.instanceType)
	}
	if f == nil {
		return nil
	}
	return &warning{[]warningError{{f.code, f.message}}}
}

type createLaunchTemplateResult struct {
	Template launchTemplateView `xml:"launchTemplate"`
	Warning  *warning           `xml:"warning"`
}

func createLaunchTemplate(r *region, c *call) (any, *failure) {
	t, first, f := r.readNewTemplate(c)
	if f == nil {
		f = c.dryRun()
	}
	if f != nil {
		return nil, f
	}
	made := r.makeTemplate(t, first)
	return createLaunchTemplateResult{made.view(), r.warn(made.newest())}, nil
}

func (r *region) readNewTemplate(c *call) (t launchTemplate, first templateVersion, f *failure) {
	name, description := c.form.Get("LaunchTemplateName"), c.form.Get("VersionDescription")
	specs, badTags := readTagSpecs(c.structs("TagSpecification"), "launch-template")
	data, badData := readTemplateData(c.under("LaunchTemplateData"))
	t = launchTemplate{name: name, createdBy: c.principal, tags: tagsFor(specs, "launch-template")}
	return t, templateVersion{description: description, data: data},
		firstFailure(r.nameTaken(name), longDescription(description), badTags, badData)
}

func (r *region) nameTaken(name string) *failure {
	switch {
	case name == "":
		return missingParameter("LaunchTemplateName")
	case !templateName(name):
		return malformedTemplateName(name)
	case r.ec2.templateNames[name] != "":
		return ec2Refusal("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	case len(r.templates) >= maxTemplates:
		return ec2Refusal("MaxTemplateLimitExceeded", "You have reached the limit on the number of launch templates you can create.")
	}
	return nil
}

// longDescription refuses a version description of more than 255 characters.
func longDescription(text string) *failure {
	if len([]rune(text)) <= 255 {
		return nil
	}
	return ec2Refusal("InvalidParameterValue", "The version description must not be longer than 255 characters.")
}

type createVersionResult struct {
	Version templateVersionView `xml:"launchTemplateVersion"`
	Warning *warning            `xml:"warning"`
}

func createLaunchTemplateVersion(r *region, c *call) (any, *failure) {
	t, v, f := r.readNewVersion(c)
	if f == nil {
		f = c.dryRun()
	}
	if f != nil {
		return nil, f
	}
	made := t.add(v)
	return createVersionResult{r.shown(made, c.form.Get("ResolveAlias") == "true"), r.warn(made)}, nil
}

func (r *region) readNewVersion(c *call) (*launchTemplate, templateVersion, *failure) {
	v := templateVersion{description: c.form.Get("VersionDescription"), created: r.now, createdBy: c.principal}
	t, f := r.template(c.form.Get("LaunchTemplateId"), c.form.Get("LaunchTemplateName"))
	if f == nil {
		v.data, f = readTemplateData(c.under("LaunchTemplateData"))
	}
	if f = firstFailure(f, longDescription(v.description)); f != nil {
		return nil, v, f
	}
	if len(t.versions) >= maxTemplateVersions {
		return nil, v, ec2Refusal("MaxTemplateVersionLimitExceeded", "You have reached the limit on the number of versions of launch template %s.", t.id)
	}
	// UNCONFIRMED: $Latest and $Default as source. EC2's reference has numbers.
	if source := c.form.Get("SourceVersion"); source != "" {
		from, f := t.version(source)
		if f != nil {
			return nil, v, f
		}
		v.data = from.data.overlaid(v.data)
	}
	return t, v, nil
}

// shown is a version in a reply, with its image alias resolved if that is
// asked for and possible.
func (r *region) shown(v *templateVersion, resolveAlias bool) templateVersionView {
	view := v.view()
	if !resolveAlias || !isAlias(v.data.imageID) {
		return view
	}
	if imageID, f := r.imageOf(v); f == nil {
		view.Data = v.data.resolved(imageID)
	}
	return view
}
