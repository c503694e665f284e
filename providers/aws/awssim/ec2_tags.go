package awssim

import (
	"maps"
	"strings"
)

// taggable is a resource that has tags.
type taggable struct {
	id, kind string
	tags     tagSet
	set      func(tagSet)
}

func (i *image) taggable() taggable {
	return taggable{i.id, "image", i.tags, i.setTags}
}

// setTags also lets the image behave as its tag says, or as any image when the
// tag is gone.
func (i *image) setTags(t tagSet) {
	if said, ok := t[behaviourTag]; ok {
		i.behaviour, _ = parseBehaviour(said) // the value was checked when the tag came in
	} else if _, had := i.tags[behaviourTag]; had {
		i.behaviour = imageBehaviour{}
	}
	i.tags = t
}

func (t *launchTemplate) taggable() taggable {
	return taggable{t.id, "launch-template", t.tags, func(tags tagSet) { t.tags = tags }}
}

func (i *instance) taggable() taggable {
	return taggable{i.id, "instance", i.tags, func(tags tagSet) { i.tags = tags }}
}

// tagged finds a resource that the account may tag.
func (r *region) tagged(id string) (taggable, *failure) {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "ami":
		return taggableOr(r.ownImage(id))
	case "lt":
		return taggableOr(r.template(id, ""))
	case "i":
		return taggableOr(r.instanceNamed(id))
	}
	return taggable{}, ec2Refusal("InvalidID", "The ID '%s' is not valid", id)
}

func taggableOr[T interface{ taggable() taggable }](v T, f *failure) (taggable, *failure) {
	if f != nil {
		return taggable{}, f
	}
	return v.taggable(), nil
}

// allTagged is everything in the region that has tags.
func (r *region) allTagged() []taggable {
	var out []taggable
	for _, i := range r.images {
		out = append(out, i.taggable())
	}
	for _, t := range r.templates {
		out = append(out, t.taggable())
	}
	r.eachInstance(func(i *instance) { out = append(out, i.taggable()) })
	return out
}

// createResourceTags is CreateTags: all or nothing.
func createResourceTags(r *region, c *call) (any, *failure) {
	given, f := readTags(c.structs("Tag"))
	if f == nil && len(given) == 0 {
		f = missingParameter("tagSet")
	}
	if f != nil {
		return nil, f
	}
	return r.changeTags(c, func(t tagSet) (tagSet, *failure) { return t.with(given) })
}

// deleteResourceTags is DeleteTags. A tag that is given without a value goes
// whatever its value is, one with a value only if it has that value, and without
// any tag all go but AWS's own.
func deleteResourceTags(r *region, c *call) (any, *failure) {
	given := c.structs("Tag")
	return r.changeTags(c, func(t tagSet) (tagSet, *failure) {
		kept := maps.Clone(t)
		for _, f := range given {
			key, value := f.Get("Key"), f.text("Value")
			if value == nil || *value == kept[key] {
				delete(kept, key)
			}
		}
		if len(given) == 0 {
			maps.DeleteFunc(kept, func(key, _ string) bool { return !strings.HasPrefix(key, "aws:") })
		}
		return kept, nil
	})
}

func (r *region) changeTags(c *call, change func(tagSet) (tagSet, *failure)) (any, *failure) {
	ids := c.list("ResourceId")
	if len(ids) == 0 {
		return nil, missingParameter("resourceIdSet")
	}
	changes := map[string]func(){}
	for _, id := range ids {
		t, f := r.tagged(id)
		if f != nil {
			return nil, f
		}
		changed, f := change(t.tags)
		if f != nil {
			return nil, f
		}
		changes[id] = func() { t.set(changed) }
	}
	if f := c.dryRun(); f != nil {
		return nil, f
	}
	for _, apply := range changes {
		apply()
	}
	return done{true}, nil
}

// tagRow is one tag of one resource.
type tagRow struct {
	ResourceID string `xml:"resourceId"`
	Kind       string `xml:"resourceType"`
	Key        string `xml:"key"`
	Value      string `xml:"value"`
}

var tagFilters = filterTable[tagRow]{
	values: map[string]func(tagRow) []string{
		"key":           one(func(t tagRow) string { return t.Key }),
		"value":         func(t tagRow) []string { return []string{t.Value} },
		"resource-id":   one(func(t tagRow) string { return t.ResourceID }),
		"resource-type": one(func(t tagRow) string { return t.Kind }),
	},
}

type describeTagsResult struct {
	Tags      []tagRow `xml:"tagSet>item"`
	NextToken string   `xml:"nextToken,omitempty"`
}

// tagPages follows the reference of DescribeTags.
var tagPages = pages{least: 5, most: 1000, normal: 1000}

func describeResourceTags(r *region, c *call) (any, *failure) {
	var all []tagRow
	for _, t := range r.allTagged() {
		for key, value := range t.tags {
			all = append(all, tagRow{t.id, t.kind, key, value})
		}
	}
	all, f := tagFilters.sift(c, all)
	if f != nil {
		return nil, f
	}
	var out describeTagsResult
	out.Tags, out.NextToken, f = page(c, tagPages, all, func(t tagRow) string { return t.ResourceID + " " + t.Key })
	return out, f
}
