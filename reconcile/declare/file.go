package declare

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// file is what one file says, wherever it stands: its diagnostics have no path
// yet, so that a file that only moved need not be read again.
type file struct {
	environments []*environment
	diagnostics  Diagnostics
	// src is the text, when nothing in it is wrong and it is not large.
	src []byte
	// partial is set when the file could not be read as a whole, so that an
	// environment that stood in it may be there still, unseen.
	partial bool
}

// lost reports whether something in the file cannot be ascribed to an
// environment, so that one not seen may still be there.
func (f *file) lost() bool {
	for _, d := range f.diagnostics {
		if len(d.Environments) == 0 {
			return true
		}
	}
	return false
}

// readFile reads a declaration file. It never fails: what cannot be read is in
// the diagnostics.
func readFile(content []byte) *file {
	src := bytes.TrimPrefix(content, bom)
	r := reader{report: newReport(src), file: &file{}}
	if at, p := unreadable(src); p != nil {
		r.giveUp(at, *p)
		r.file.partial = true
	} else if body, mistakes := parse(src, hcl.InitialPos); len(mistakes) == 0 {
		r.readBody(body)
	} else {
		r.readSections()
		r.file.partial = true
	}
	for _, e := range r.file.environments {
		e.good = r.count[e.name] == 0
	}
	r.file.diagnostics = r.diagnostics.sorted()
	if len(r.file.diagnostics) == 0 && len(content) <= amendable {
		r.file.src = content
	}
	return r.file
}

// reader turns one file's text into environments.
type reader struct {
	*report
	file *file
}

// giveUp reports a file that is not even looked into, but for the names of the
// environments in it.
func (r *reader) giveUp(at hcl.Range, p problem) {
	if len(r.src) <= MaxFileBytes {
		for _, s := range sections(r.src) {
			r.declareBroken(s)
		}
	}
	if len(r.file.environments) == 0 {
		r.add(at, p)
		return
	}
	var names []string
	for _, e := range r.file.environments {
		r.count[e.name]++
		names = append(names, e.name)
	}
	r.diagnostics = Diagnostics{diagnose(markAt(r.src, at), p, names)}
}

// declareBroken notes an environment of which no more is known than its
// header.
func (r *reader) declareBroken(s section) {
	if !nameShape.MatchString(s.name) {
		return
	}
	start := hcl.Pos{Line: s.header, Column: 1, Byte: s.start.Byte}
	r.file.environments = append(r.file.environments, &environment{
		name: s.name,
		head: markAt(r.src, hcl.Range{Start: start, End: hcl.Pos{Line: s.header, Column: 2, Byte: s.start.Byte + len(s.src)}}),
	})
}

// readSections reads a file with a mistake in its syntax, one environment at a
// time.
func (r *reader) readSections() {
	for _, s := range sections(r.src) {
		body, mistakes := parse(s.src, s.start)
		if len(mistakes) == 0 {
			r.readBody(body)
			continue
		}
		r.environment = ""
		if nameShape.MatchString(s.name) {
			r.environment = s.name
		}
		r.declareBroken(s)
		for _, m := range mistakes {
			r.add(m.at, m.problem)
		}
	}
}

// readBody reads what stands at the top of a file. What follows an environment
// and belongs nowhere is held against that environment, which a misplaced
// bracket may have ended too early.
func (r *reader) readBody(body *hclsyntax.Body) {
	r.environment = ""
	for _, i := range itemsOf(body) {
		switch {
		case i.attribute != nil:
			r.add(i.attribute.NameRange, inFile.unknownAttribute(i.attribute.Name, "the file"))
		case i.block.Type == "environment":
			r.readEnvironment(i.block)
		default:
			r.readStranger(i.block)
		}
	}
}

// readStranger reports a block that may not stand at the top of a file. One
// that was meant to be an environment makes that environment known.
func (r *reader) readStranger(b *hclsyntax.Block) {
	if isEnvironment(b.Type) && len(b.Labels) == 1 && nameShape.MatchString(b.Labels[0]) {
		r.environment = b.Labels[0]
		r.file.environments = append(r.file.environments, &environment{
			name: r.environment,
			head: markAt(r.src, b.TypeRange),
		})
	}
	r.add(b.TypeRange, inFile.unknownBlock(b.Type, "the file"))
}

// item is an attribute or a block.
type item struct {
	attribute *hclsyntax.Attribute
	block     *hclsyntax.Block
}

// itemsOf is what stands in a body, in the order of the file. Blocks come in
// order already; attributes are few, if any.
func itemsOf(body *hclsyntax.Body) []item {
	var items []item
	attributes := inOrder(body.Attributes)
	for _, b := range body.Blocks {
		for len(attributes) > 0 && attributes[0].NameRange.Start.Byte < b.TypeRange.Start.Byte {
			items = append(items, item{attribute: attributes[0]})
			attributes = attributes[1:]
		}
		items = append(items, item{block: b})
	}
	for _, a := range attributes {
		items = append(items, item{attribute: a})
	}
	return items
}
