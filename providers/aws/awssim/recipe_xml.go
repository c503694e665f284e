package awssim

import (
	"maps"
	"slices"
	"strconv"
)

// number is an element with an integer in it.
func (b *xmlText) number(name string, n int) {
	b.open(name)
	b.bytes = strconv.AppendInt(b.bytes, int64(n), 10)
	b.close(name)
}

// maybe is a number that may be absent.
func (b *xmlText) maybe(name string, n *int) {
	if n != nil {
		b.number(name, *n)
	}
}

func (b *xmlText) truth(name string, v bool) { b.text(name, strconv.FormatBool(v)) }

func (b *xmlText) maybeTruth(name string, v *bool) {
	if v != nil {
		b.truth(name, *v)
	}
}

// list is an element with a member for each text, nothing for none.
func (b *xmlText) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	b.open(name)
	for _, v := range values {
		b.open("member")
		b.escaped(v)
		b.close("member")
	}
	b.close(name)
}

// tree is an element with what a request said under the same name. Auto
// Scaling names members alike in requests and replies.
func (b *xmlText) tree(name string, m *member) {
	if m == nil {
		return
	}
	b.open(name)
	b.escaped(m.value)
	for _, item := range m.items() {
		b.tree("member", item)
	}
	for _, key := range slices.Sorted(maps.Keys(m.named)) {
		b.tree(key, m.named[key])
	}
	b.close(name)
}

func (b *xmlText) recipe(c recipe) {
	b.text("LaunchConfigurationName", c.launchConfiguration)
	if c.template != nil {
		b.templateSpec("LaunchTemplate", *c.template)
	}
	if c.mixed != nil {
		b.mixedPolicy(c.mixed)
	}
}

func (b *xmlText) templateSpec(name string, t templateSpec) {
	b.open(name)
	b.text("LaunchTemplateId", t.id)
	b.text("LaunchTemplateName", t.name)
	b.text("Version", t.version)
	b.close(name)
}

func (b *xmlText) mixedPolicy(p *mixedPolicy) {
	b.raw("<MixedInstancesPolicy><LaunchTemplate>")
	b.templateSpec("LaunchTemplateSpecification", p.template)
	b.open("Overrides")
	for _, o := range p.overrides {
		b.override(o)
	}
	b.close("Overrides")
	b.close("LaunchTemplate")
	b.tree("InstancesDistribution", p.distribution)
	b.close("MixedInstancesPolicy")
}

func (b *xmlText) override(o override) {
	b.open("member")
	b.text("InstanceType", o.instanceType)
	b.text("WeightedCapacity", o.weight)
	b.text("ImageId", o.imageID)
	if o.template != nil {
		b.templateSpec("LaunchTemplateSpecification", *o.template)
	}
	b.tree("InstanceRequirements", o.requirements)
	b.close("member")
}
