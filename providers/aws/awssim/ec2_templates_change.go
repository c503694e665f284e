package awssim

import "slices"

type templateResult struct {
	Template launchTemplateView `xml:"launchTemplate"`
}

// modifyLaunchTemplate moves the default version.
func modifyLaunchTemplate(r *region, c *call) (any, *failure) {
	t, f := r.template(c.form.Get("LaunchTemplateId"), c.form.Get("LaunchTemplateName"))
	if f != nil {
		return nil, f
	}
	v := t.numbered(t.byDefault)
	if wanted := c.form.Get("SetDefaultVersion"); wanted != "" {
		v, f = t.version(wanted)
	}
	if f = firstFailure(f, c.dryRun()); f != nil {
		return nil, f
	}
	t.byDefault = v.number
	return templateResult{t.view()}, nil
}

func deleteLaunchTemplate(r *region, c *call) (any, *failure) {
	t, f := r.template(c.form.Get("LaunchTemplateId"), c.form.Get("LaunchTemplateName"))
	if f == nil {
		f = c.dryRun()
	}
	if f != nil {
		return nil, f
	}
	delete(r.templates, t.id)
	delete(r.ec2.templateNames, t.name)
	return templateResult{t.view()}, nil
}

// versionFate is what became of one version that was to be deleted.
type versionFate struct {
	TemplateID   string        `xml:"launchTemplateId,omitempty"`
	TemplateName string        `xml:"launchTemplateName,omitempty"`
	Number       string        `xml:"versionNumber"`
	Error        *warningError `xml:"responseError"`
}

type deleteVersionsResult struct {
	Deleted []versionFate `xml:"successfullyDeletedLaunchTemplateVersionSet>item"`
	Kept    []versionFate `xml:"unsuccessfullyDeletedLaunchTemplateVersionSet>item"`
}

// deleteLaunchTemplateVersions succeeds as a call even when some of the
// versions, or all, could not be deleted.
func deleteLaunchTemplateVersions(r *region, c *call) (any, *failure) {
	id, name, numbers := c.form.Get("LaunchTemplateId"), c.form.Get("LaunchTemplateName"), c.list("LaunchTemplateVersion")
	if f := firstFailure(idOrName(id, name), badVersionList(numbers), c.dryRun()); f != nil {
		return nil, f
	}
	t, f := r.template(id, name)
	var out deleteVersionsResult
	for _, number := range distinct(numbers) {
		fate := versionFate{TemplateID: id, TemplateName: name, Number: number}
		if fate.Error = deleteFailure(f); f == nil {
			fate.TemplateID, fate.TemplateName, fate.Error = t.id, t.name, t.remove(number)
		}
		if fate.Error == nil {
			out.Deleted = append(out.Deleted, fate)
		} else {
			out.Kept = append(out.Kept, fate)
		}
	}
	return out, nil
}

func badVersionList(numbers []string) *failure {
	switch {
	case len(numbers) == 0:
		return missingParameter("LaunchTemplateVersion")
	case len(numbers) > 200:
		return ec2Refusal("InvalidParameterValue", "No more than 200 versions of a launch template can be deleted in one request.")
	}
	return nil
}

// deleteFailure is why no version of a template could be deleted, in the codes
// that this one operation has.
func deleteFailure(f *failure) *warningError {
	if f == nil {
		return nil
	}
	codes := map[string]string{
		"InvalidLaunchTemplateId.NotFound":             "launchTemplateIdDoesNotExist",
		"InvalidLaunchTemplateId.Malformed":            "launchTemplateIdMalformed",
		"InvalidLaunchTemplateName.NotFoundException":  "launchTemplateNameDoesNotExist",
		"InvalidLaunchTemplateName.MalformedException": "launchTemplateNameMalformed",
		"InvalidLaunchTemplateId.VersionNotFound":      "launchTemplateVersionDoesNotExist",
	}
	if code, ok := codes[f.code]; ok {
		return &warningError{code, f.message}
	}
	return &warningError{"unexpectedError", f.message}
}

// remove deletes one version, or says why not. The default version cannot be
// deleted; the code for that is not documented (UNCONFIRMED).
func (t *launchTemplate) remove(spec string) *warningError {
	v, f := t.version(spec)
	if f != nil {
		return deleteFailure(f)
	}
	if v.number == t.byDefault {
		return &warningError{"unexpectedError", "The default version of a launch template cannot be deleted."}
	}
	i, _ := t.search(v.number)
	t.versions = slices.Delete(t.versions, i, i+1)
	return nil
}
