package awssim

import (
	"cmp"
	"slices"
)

func readGroupTag(f form) groupTag {
	return groupTag{key: f.Get("Key"), value: f.Get("Value"), propagate: f.Get("PropagateAtLaunch") == "true"}
}

func (g *group) setTag(t groupTag) {
	g.dropTag(t.key)
	g.tags = append(g.tags, t)
	slices.SortFunc(g.tags, func(a, b groupTag) int { return cmp.Compare(a.key, b.key) })
}

func (g *group) dropTag(key string) {
	g.launchTags.set = nil
	g.tags = slices.DeleteFunc(g.tags, func(t groupTag) bool { return t.key == key })
}

// eachTag calls act for every tag of a request, once all of them have a group
// that the caller may change.
func (r *region) eachTag(c *call, act func(g *group, t groupTag)) *failure {
	tags := c.structs("Tags")
	for _, f := range tags {
		g := r.groups[f.Get("ResourceId")]
		switch {
		case g == nil:
			return invalid("Group " + f.Get("ResourceId") + " not found")
		case f.Get("Key") == "":
			return missing("tags.1.member.key")
		}
		if refused := g.refuseStrangers(c); refused != nil {
			return refused
		}
	}
	for _, f := range tags {
		act(r.groups[f.Get("ResourceId")], readGroupTag(f))
	}
	return nil
}

func createOrUpdateTags(r *region, c *call) (any, *failure) {
	return nil, r.eachTag(c, func(g *group, t groupTag) { g.setTag(t) })
}

func deleteTags(r *region, c *call) (any, *failure) {
	return nil, r.eachTag(c, func(g *group, t groupTag) { g.dropTag(t.key) })
}

// tagPage is the reply of DescribeTags.
type tagPage struct {
	tags []placedTag
	next string
}

// placedTag is a tag and its group.
type placedTag struct {
	groupTag
	group string
}

func (p tagPage) appendXML(b *xmlText) {
	b.open("Tags")
	for _, t := range p.tags {
		b.groupTag(t.group, t.groupTag)
	}
	b.close("Tags")
	b.text("NextToken", p.next)
}

func describeTags(r *region, c *call) (any, *failure) {
	var all []placedTag
	for _, name := range r.names {
		for _, t := range r.groups[name].tags {
			all = append(all, placedTag{t, name})
		}
	}
	for _, f := range c.structs("Filters") {
		value, ok := groupTagFilters[f.Get("Name")]
		if !ok {
			return nil, invalid("Filter type " + f.Get("Name") + " is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch")
		}
		values := f.list("Values")
		all = slices.DeleteFunc(all, func(t placedTag) bool { return !slices.Contains(values, value(t)) })
	}
	page, next, f := pageOf(c, all, func(t placedTag) string { return t.group + "\x00" + t.key }, 100)
	return tagPage{page, next}, f
}

var groupTagFilters = map[string]func(placedTag) string{
	"auto-scaling-group": func(t placedTag) string { return t.group },
	"key":                func(t placedTag) string { return t.key },
	"value":              func(t placedTag) string { return t.value },
	"propagate-at-launch": func(t placedTag) string {
		if t.propagate {
			return "true"
		}
		return "false"
	},
}
