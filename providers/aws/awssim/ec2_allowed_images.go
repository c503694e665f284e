package awssim

import "slices"

// allowedImages is the Allowed AMIs setting of an account in a region: which
// images of others may be seen and launched. The account's own always may.
type allowedImages struct {
	state    string // "disabled" (also when empty), "audit-mode" or "enabled"
	criteria []imageCriterion
}

// imageCriterion allows an image that matches all of its parts. Of EC2's
// conditions, provider and name are simulated.
type imageCriterion struct {
	Providers []string `xml:"imageProviderSet>item"`
	Names     []string `xml:"imageNameSet>item"`
}

func (a allowedImages) inUse() bool { return a.state == "enabled" || a.state == "audit-mode" }

// verdict is whether the image meets the criteria, nil while the setting is
// off.
func (a allowedImages) verdict(r *region, i *image) *bool {
	if !a.inUse() {
		return nil
	}
	ok := i.owner == r.place.account || slices.ContainsFunc(a.criteria, func(c imageCriterion) bool { return c.matches(i) })
	return &ok
}

// hides reports whether the setting keeps the image from being seen and
// launched.
func (a allowedImages) hides(r *region, i *image) bool {
	return a.state == "enabled" && !*a.verdict(r, i)
}

func (c imageCriterion) matches(i *image) bool {
	named := len(c.Names) == 0 || matcher(c.Names)(i.name)
	provided := len(c.Providers) == 0 || slices.Contains(c.Providers, i.owner)
	return named && provided
}

type allowedImagesResult struct {
	State     string           `xml:"state"`
	Criteria  []imageCriterion `xml:"imageCriterionSet>item"`
	ManagedBy string           `xml:"managedBy"`
}

func getAllowedImagesSettings(r *region, c *call) (any, *failure) {
	state := "disabled"
	if r.ec2.allowed.inUse() {
		state = r.ec2.allowed.state
	}
	return allowedImagesResult{state, r.ec2.allowed.criteria, "account"}, nil
}

type allowedImagesState struct {
	State string `xml:"allowedImagesSettingsState"`
}

func enableAllowedImagesSettings(r *region, c *call) (any, *failure) {
	state := c.form.Get("AllowedImagesSettingsState")
	if state != "enabled" && state != "audit-mode" {
		return nil, invalidParameter("allowedImagesSettingsState", state)
	}
	return r.allowImages(c, state)
}

func disableAllowedImagesSettings(r *region, c *call) (any, *failure) {
	return r.allowImages(c, "disabled")
}

func (r *region) allowImages(c *call, state string) (any, *failure) {
	if f := c.dryRun(); f != nil {
		return nil, f
	}
	r.ec2.allowed.state = state
	return allowedImagesState{state}, nil
}

func replaceImageCriteria(r *region, c *call) (any, *failure) {
	if f := c.dryRun(); f != nil {
		return nil, f
	}
	r.ec2.allowed.criteria = nil
	for _, f := range c.structs("ImageCriterion") {
		r.ec2.allowed.criteria = append(r.ec2.allowed.criteria, imageCriterion{f.list("ImageProvider"), f.list("ImageName")})
	}
	return done{true}, nil
}
