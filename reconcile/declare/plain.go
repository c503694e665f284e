package declare

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// plainReader reads the HCL that nearly every declaration is written in: blocks and
// attributes, whose values are text without escapes that is not empty, whole numbers, true, false,
// and lists of these, with comments to the end of a line, all but the comments in
// ASCII. HCL's own parser takes ten times as long, which counts at a first start,
// and for history, where thousands of files are read while somebody waits.
//
// It makes the very nodes that the parser would make, ranges included, and gives
// up at the first byte that it is not sure of; the parser then reads the file from
// its beginning, and says what is wrong with it. What it accepts is within the
// limits on brackets, operators and digits.
type plainReader struct {
	src   []byte
	next  int // offset of what comes next
	line  int // its line
	begin int // offset where that line begins
	base  int // offset of src in the file
	depth int // brackets that are open
}

// readPlain is the body of a text that begins at the beginning of a line; nil
// where the text is not plain. The ranges of the body itself, which nobody asks
// for, are zero.
func readPlain(src []byte, start hcl.Pos) *hclsyntax.Body {
	if start.Column != 1 {
		return nil
	}
	p := plainReader{src: src, line: start.Line, base: start.Byte}
	body, ok := p.body()
	if !ok || p.next < len(p.src) {
		return nil
	}
	return body
}

// body reads up to the brace that closes a block, or to the end.
func (p *plainReader) body() (*hclsyntax.Body, bool) {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, Blocks: hclsyntax.Blocks{}}
	for {
		p.blanks()
		switch b := p.peek(); {
		case b == '}' && p.depth > 0, p.next == len(p.src):
			return body, true
		case isNameStart(b):
			if !p.item(body) || !p.lineEnd() {
				return nil, false
			}
		case !p.lineEnd():
			return nil, false
		}
	}
}

// item reads an attribute or a block into a body.
func (p *plainReader) item(into *hclsyntax.Body) bool {
	name, at := p.name()
	p.blanks()
	if p.peek() != '=' {
		b := p.block(name, at)
		into.Blocks = append(into.Blocks, b)
		return b != nil
	}
	a := p.attribute(name, at)
	if a == nil || into.Attributes[name] != nil {
		return false
	}
	into.Attributes[name] = a
	return true
}

// attribute reads from the equals sign on; nil where it is not plain.
func (p *plainReader) attribute(name string, at hcl.Range) *hclsyntax.Attribute {
	equals := p.token(1)
	p.blanks()
	value := p.value()
	if value == nil {
		return nil
	}
	return &hclsyntax.Attribute{Name: name, Expr: value, NameRange: at, EqualsRange: equals, SrcRange: p.since(at)}
}

// block reads what follows its type; nil where it is not plain.
func (p *plainReader) block(kind string, at hcl.Range) *hclsyntax.Block {
	b := &hclsyntax.Block{Type: kind, TypeRange: at}
	for p.peek() != '{' {
		label, at, ok := p.label()
		if !ok {
			return nil
		}
		b.Labels, b.LabelRanges = append(b.Labels, label), append(b.LabelRanges, at)
		p.blanks()
	}
	if !p.open() {
		return nil
	}
	b.OpenBraceRange = p.token(1)
	if b.Body = p.inBraces(); b.Body == nil {
		return nil
	}
	p.depth--
	b.CloseBraceRange = p.token(1)
	if b.Body.SrcRange == (hcl.Range{}) {
		b.Body.SrcRange = p.since(b.OpenBraceRange)
		b.Body.EndRange = hcl.Range{Start: b.CloseBraceRange.End, End: b.CloseBraceRange.End}
	}
	return b
}

// inBraces reads the body of a block up to its closing brace; nil where it is
// not plain. On the line of the opening brace one attribute may stand, and then
// the closing brace; the parser gives such a body the ranges of its attribute.
func (p *plainReader) inBraces() *hclsyntax.Body {
	p.blanks()
	if !isNameStart(p.peek()) {
		body, ok := p.body()
		if !ok || p.peek() != '}' {
			return nil
		}
		return body
	}
	name, at := p.name()
	p.blanks()
	if p.peek() != '=' {
		return nil
	}
	a := p.attribute(name, at)
	p.blanks()
	if a == nil || p.peek() != '}' {
		return nil
	}
	end := hcl.Range{Start: a.SrcRange.End, End: a.SrcRange.End}
	return &hclsyntax.Body{Attributes: hclsyntax.Attributes{name: a}, SrcRange: a.SrcRange, EndRange: end}
}

// label is the label of a block, in quotes or not.
func (p *plainReader) label() (string, hcl.Range, bool) {
	if isNameStart(p.peek()) {
		name, at := p.name()
		return name, at, true
	}
	n := p.quotedLength()
	if n == 0 {
		return "", hcl.Range{}, false
	}
	text := string(p.src[p.next+1 : p.next+n-1])
	return text, p.token(n), true
}

// value is what an attribute or a place in a list is set to; nil where it is not
// plain.
func (p *plainReader) value() hclsyntax.Expression {
	switch b := p.peek(); {
	case b == '"':
		return p.text()
	case b == '[':
		return p.list()
	case isDigit(b):
		return p.number()
	case isNameStart(b):
		return p.truth()
	}
	return nil
}

func (p *plainReader) text() hclsyntax.Expression {
	n := p.quotedLength()
	if n <= len(`""`) {
		return nil
	}
	open := p.token(1)
	words := cty.StringVal(string(p.src[p.next : p.next+n-2]))
	part := &hclsyntax.LiteralValueExpr{Val: words, SrcRange: p.token(n - 2)}
	p.token(1)
	return &hclsyntax.TemplateExpr{Parts: []hclsyntax.Expression{part}, SrcRange: p.since(open)}
}

func (p *plainReader) list() hclsyntax.Expression {
	if !p.open() {
		return nil
	}
	open := p.token(1)
	list := &hclsyntax.TupleConsExpr{OpenRange: open}
	for p.lines(); p.peek() != ']'; p.lines() {
		e := p.value()
		if e == nil {
			return nil
		}
		list.Exprs = append(list.Exprs, e)
		p.lines()
		if p.peek() == ',' {
			p.token(1)
		} else if p.peek() != ']' {
			return nil
		}
	}
	p.depth--
	p.token(1)
	list.SrcRange = p.since(open)
	return list
}

// number is a whole number.
func (p *plainReader) number() hclsyntax.Expression {
	n := 0
	for p.next+n < len(p.src) && isDigit(p.src[p.next+n]) {
		n++
	}
	if n > maxDigits || p.next+n < len(p.src) && (isNameStart(p.src[p.next+n]) || p.src[p.next+n] == '.') {
		return nil
	}
	v, err := cty.ParseNumberVal(string(p.src[p.next : p.next+n]))
	if err != nil {
		return nil
	}
	return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: p.token(n)}
}

func (p *plainReader) truth() hclsyntax.Expression {
	switch name, at := p.name(); name {
	case "true":
		return &hclsyntax.LiteralValueExpr{Val: cty.True, SrcRange: at}
	case "false":
		return &hclsyntax.LiteralValueExpr{Val: cty.False, SrcRange: at}
	}
	return nil
}
