package declare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// settings are the attributes of one block, by name. Those of a rollout block
// may come from two: the environment's, overlaid by the group's.
type settings struct {
	*report
	attributes map[string]*hclsyntax.Attribute
}

// block is a block as far as the grammar goes: what stands in it, by kind.
type block struct {
	settings
	blocks map[string][]*hclsyntax.Block
}

// read sorts what stands in a body, and reports what its grammar does not
// have and what it requires. It says where in a phrase: `group "web"`.
func (r *report) read(g grammar, body *hclsyntax.Body, where string, header hcl.Range) block {
	b := block{
		settings: settings{r, map[string]*hclsyntax.Attribute{}},
		blocks:   map[string][]*hclsyntax.Block{},
	}
	for _, a := range inOrder(body.Attributes) {
		if !slices.Contains(g.attributes, a.Name) {
			r.add(a.NameRange, g.unknownAttribute(a.Name, where))
			continue
		}
		b.attributes[a.Name] = a
	}
	for _, inner := range body.Blocks {
		if !slices.Contains(g.blocks, inner.Type) {
			r.add(inner.TypeRange, g.unknownBlock(inner.Type, where))
			continue
		}
		b.blocks[inner.Type] = append(b.blocks[inner.Type], inner)
	}
	b.require(g, body, where, header)
	return b
}

// require reports what is missing, unless something in the block was meant to
// be it: one slip, one report.
func (b block) require(g grammar, body *hclsyntax.Body, where string, header hcl.Range) {
	for _, name := range g.required {
		if b.has(name) || meant(name, g, body) {
			continue
		}
		b.add(header, problem{
			summary: fmt.Sprintf("%s has no %s", where, name),
			hint:    fmt.Sprintf("Add the line: %s = %s", name, exampleOf(name)),
		})
	}
}

// meant reports whether an unknown attribute or block was likely meant to be
// the named one.
func meant(name string, g grammar, body *hclsyntax.Body) bool {
	for other := range body.Attributes {
		if !slices.Contains(g.attributes, other) && g.means(other) == name {
			return true
		}
	}
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		return !slices.Contains(g.blocks, b.Type) && g.means(b.Type) == name
	})
}

func exampleOf(name string) string {
	switch name {
	case "region":
		return `"eu-west-1"`
	case "ami":
		return `"ami-..."`
	}
	return `"..."`
}

// inOrder is the attributes as they stand in the file.
func inOrder(attributes hclsyntax.Attributes) []*hclsyntax.Attribute {
	return slices.SortedFunc(maps.Values(attributes), func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
}

// only is the one block of a type that may stand once, or nil. A second one is
// reported.
func (b block) only(name, where string) *hclsyntax.Block {
	found := b.blocks[name]
	if len(found) == 0 {
		return nil
	}
	for _, second := range found[1:] {
		b.add(second.TypeRange, problem{
			summary: fmt.Sprintf("a second %s block in %s", name, where),
			detail:  fmt.Sprintf("The first is on line %d.", found[0].TypeRange.Start.Line),
			hint:    "Join the two into one.",
		})
	}
	if len(found[0].Labels) > 0 {
		b.add(found[0].LabelRanges[0], problem{
			summary: fmt.Sprintf("the block %s takes no name", name),
			hint:    fmt.Sprintf("Write it as %s.", blockForm(name)),
		})
	}
	return found[0]
}

// has reports whether the attribute was written, rightly or wrongly.
func (s settings) has(name string) bool { return s.attributes[name] != nil }

// at is where the value of an attribute stands.
func (s settings) at(name string) hcl.Range { return s.attributes[name].Expr.Range() }
