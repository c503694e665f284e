package awssim

// readRecipe takes a recipe out of a request. It refuses more than one kind;
// none is fine: the zero recipe.
func (r *region) readRecipe(f form) (recipe, *failure) {
	var c recipe
	kinds := 0
	if f.given("LaunchTemplate") {
		spec, fail := r.readTemplateSpec(f.under("LaunchTemplate"))
		if fail != nil {
			return c, fail
		}
		c.template = &spec
		kinds++
	}
	if f.given("MixedInstancesPolicy") {
		policy, fail := r.readMixedPolicy(f.under("MixedInstancesPolicy"))
		if fail != nil {
			return c, fail
		}
		c.mixed = policy
		kinds++
	}
	if c.launchConfiguration = f.Get("LaunchConfigurationName"); c.launchConfiguration != "" {
		kinds++
	}
	if kinds > 1 {
		return c, invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	return c, nil
}

func (c recipe) empty() bool {
	return c.template == nil && c.mixed == nil && c.launchConfiguration == ""
}

// readTemplateSpec takes a launch template specification, and completes it:
// Auto Scaling always returns both id and name.
func (r *region) readTemplateSpec(f form) (templateSpec, *failure) {
	spec := templateSpec{id: f.Get("LaunchTemplateId"), name: f.Get("LaunchTemplateName"), version: f.Get("Version")}
	if (spec.id == "") == (spec.name == "") {
		return spec, invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	return r.completed(spec)
}

func (r *region) completed(spec templateSpec) (templateSpec, *failure) {
	if spec.version == "" {
		spec.version = "$Default"
	}
	v, fail := r.resolve(spec)
	if fail != nil {
		return spec, notWellFormed(fail)
	}
	return templateSpec{id: v.template.id, name: v.template.name, version: spec.version}, nil
}

func (r *region) readMixedPolicy(f form) (*mixedPolicy, *failure) {
	lt := f.under("LaunchTemplate")
	if !lt.given("LaunchTemplateSpecification") {
		return nil, invalid("Valid requests must contain LaunchTemplateSpecification in the MixedInstancesPolicy.")
	}
	spec, fail := r.readTemplateSpec(lt.under("LaunchTemplateSpecification"))
	if fail != nil {
		return nil, fail
	}
	p := &mixedPolicy{template: spec}
	if f.given("InstancesDistribution") {
		p.distribution = memberTree(f.under("InstancesDistribution").flat())
	}
	for _, of := range lt.structs("Overrides") {
		o, fail := r.readOverride(of)
		if fail != nil {
			return nil, fail
		}
		p.overrides = append(p.overrides, o)
	}
	return p, nil
}

func (r *region) readOverride(f form) (override, *failure) {
	o := override{instanceType: f.Get("InstanceType"), weight: f.Get("WeightedCapacity"), imageID: f.Get("ImageId")}
	if f.given("InstanceRequirements") {
		o.requirements = memberTree(f.under("InstanceRequirements").flat())
	}
	if o.requirements != nil && o.instanceType != "" {
		return o, invalid("InstanceType and InstanceRequirements cannot both be specified in an override.")
	}
	if f.given("LaunchTemplateSpecification") {
		spec, fail := r.readTemplateSpec(f.under("LaunchTemplateSpecification"))
		if fail != nil {
			return o, fail
		}
		o.template = &spec
	}
	return o, nil
}
