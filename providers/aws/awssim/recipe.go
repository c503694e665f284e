package awssim

import "strconv"

// recipe is what a group launches instances from. Exactly one of its fields is
// set.
type recipe struct {
	template            *templateSpec
	mixed               *mixedPolicy
	launchConfiguration string
}

// mixedPolicy is a mixed instances policy.
type mixedPolicy struct {
	template     templateSpec
	overrides    []override
	distribution *member // kept and returned; purchase options are not simulated
}

// override is one row of a mixed instances policy.
type override struct {
	instanceType string
	weight       string
	template     *templateSpec // instead of the policy's
	imageID      string        // instead of the template's
	requirements *member       // attributes instead of an instance type
}

// units is how much capacity an instance of this override counts for.
func (o override) units() int {
	if n, err := strconv.Atoi(o.weight); err == nil && n > 0 {
		return n
	}
	return 1
}

// byAttributes reports whether instance types are selected by attributes
// (InstanceRequirements).
func (c recipe) byAttributes() bool {
	if c.mixed == nil {
		return false
	}
	for _, o := range c.mixed.overrides {
		if o.requirements != nil {
			return true
		}
	}
	return false
}

// build is one way to launch an instance: a resolved row of a recipe.
type build struct {
	template     *templateRef
	version      *templateVersion
	instanceType string
	imageID      string
	imageChosen  bool // the group chose the image, not the template
	units        int
	launchConfig string
}

// templateRef names the template version that an instance was launched from.
type templateRef struct{ id, name, version string }

// byID is a completed specification as EC2 wants it: the id or the name.
func (t templateSpec) byID() templateSpec { return templateSpec{id: t.id, version: t.version} }

// builds is every way in which a recipe launches, in the order of its
// overrides. It fails as RunInstances would for the first row that cannot be
// resolved.
func (r *region) builds(c recipe) ([]build, *failure) {
	switch {
	case c.template != nil:
		b, f := r.build(*c.template, override{})
		return []build{b}, f
	case c.mixed != nil && len(c.mixed.overrides) == 0:
		b, f := r.build(c.mixed.template, override{})
		return []build{b}, f
	case c.mixed != nil:
		return r.mixedBuilds(c.mixed)
	}
	b, f := r.launchConfigurationBuild(c.launchConfiguration)
	return []build{b}, f
}

func (r *region) mixedBuilds(p *mixedPolicy) ([]build, *failure) {
	all := make([]build, 0, len(p.overrides))
	for _, o := range p.overrides {
		spec := p.template
		if o.template != nil {
			spec = *o.template
		}
		b, f := r.build(spec, o)
		if f != nil {
			return nil, f
		}
		all = append(all, b)
	}
	return all, nil
}

func (r *region) build(spec templateSpec, o override) (build, *failure) {
	v, f := r.resolve(spec.byID())
	if f != nil {
		return build{}, f
	}
	ref := &templateRef{v.template.id, v.template.name, strconv.FormatInt(v.number, 10)}
	b := build{template: ref, version: v, instanceType: v.data.instanceType, imageID: o.imageID, imageChosen: o.imageID != "", units: o.units()}
	switch {
	case o.instanceType != "":
		b.instanceType = o.instanceType
	case o.requirements != nil:
		b.instanceType = typeByAttributes
	}
	if b.imageID == "" {
		b.imageID, f = r.imageOf(v)
	}
	return b, f
}

// typeByAttributes is the type that every selection by attributes ends in:
// types and their attributes are not simulated.
const typeByAttributes = "m5.large"

// makes reports whether an instance is what the build would launch. This is
// the comparison of skip matching: template version and instance type, and the
// image where the group chooses it (UNCONFIRMED for rolling replacement).
func (b build) makes(i *instance) bool {
	if b.launchConfig != "" || i.template == nil {
		return b.launchConfig != "" && b.launchConfig == i.launchConfig
	}
	image := !b.imageChosen && !i.imageChosen || b.imageID == i.imageID
	return b.template.id == i.template.id && b.template.version == i.template.version &&
		(b.instanceType == i.instanceType || b.instanceType == "") && image
}

// anyMakes reports whether an instance is what one of the builds would launch.
func anyMakes(all []build, i *instance) bool {
	for _, b := range all {
		if b.makes(i) {
			return true
		}
	}
	return false
}

// dryRun is what RunInstances would say of a recipe: the check that Auto
// Scaling makes when a group is created, updated or refreshed.
func (r *region) dryRun(c recipe) *failure {
	all, f := r.builds(c)
	if f != nil {
		return notWellFormed(f)
	}
	for _, b := range all {
		if f := r.launchable(b.imageID, b.instanceType); f != nil {
			return notWellFormed(f)
		}
	}
	return nil
}

// notWellFormed is EC2's refusal as Auto Scaling words it.
func notWellFormed(f *failure) *failure {
	return invalid("You must use a valid fully-formed launch template. " + f.message)
}
