package declare

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// literalsOnly is the rule that there are no expressions.
const literalsOnly = "Values are written out: there are no variables, functions or expressions, so that the file alone says what runs."

// literal is a value as a person wrote it: a string, a *big.Float, a bool or a
// []hclsyntax.Expression. It is nil with a problem for anything that would
// have to be worked out.
func literal(src []byte, expr hclsyntax.Expression) (any, *problem) {
	switch e := expr.(type) {
	case *hclsyntax.TemplateExpr:
		return quotedText(src, e)
	case *hclsyntax.LiteralValueExpr:
		return plainValue(e.Val)
	case *hclsyntax.TupleConsExpr:
		return e.Exprs, nil
	case *hclsyntax.UnaryOpExpr:
		if v, ok := negative(e); ok {
			return v, nil
		}
	}
	p := expression(src, expr)
	return nil, &p
}

// quotedText is the text of a template without interpolations.
func quotedText(src []byte, e *hclsyntax.TemplateExpr) (any, *problem) {
	if bytes.HasPrefix(written(src, e.SrcRange), []byte("<<")) {
		return nil, &problem{
			summary: "a text over several lines (heredoc) is no value here",
			hint:    "Write it on one line, in double quotes.",
		}
	}
	var text strings.Builder
	for _, part := range e.Parts {
		l, ok := part.(*hclsyntax.LiteralValueExpr)
		if !ok || !l.Val.IsKnown() || l.Val.IsNull() || l.Val.Type() != cty.String {
			p := expression(src, e)
			return nil, &p
		}
		text.WriteString(l.Val.AsString())
	}
	return text.String(), nil
}

func plainValue(v cty.Value) (any, *problem) {
	switch {
	case v.IsNull():
		return nil, &problem{
			summary: "null is no value here",
			hint:    "Write a value, or leave the attribute out.",
		}
	case v.IsKnown() && v.Type() == cty.Bool:
		return v.True(), nil
	case v.IsKnown() && v.Type() == cty.Number:
		return v.AsBigFloat(), nil
	}
	return nil, &problem{summary: "this is not a value", detail: literalsOnly, hint: "Write a text in quotes, a number, true or false."}
}

// negative reads "-5", which is the one operator that a plain value can have:
// the answer to it is a range, not a lecture on expressions.
func negative(e *hclsyntax.UnaryOpExpr) (*big.Float, bool) {
	l, ok := e.Val.(*hclsyntax.LiteralValueExpr)
	if !ok || e.Op != hclsyntax.OpNegate || l.Val.IsNull() || !l.Val.IsKnown() || l.Val.Type() != cty.Number {
		return nil, false
	}
	return new(big.Float).Neg(l.Val.AsBigFloat()), true
}

// expression is the problem with something that would have to be worked out,
// in the words of the person who wrote it.
func expression(src []byte, expr hclsyntax.Expression) problem {
	text := string(written(src, expr.Range()))
	p := problem{detail: literalsOnly, hint: "Write the value itself."}
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return reference(text, e)
	case *hclsyntax.TemplateExpr, *hclsyntax.TemplateWrapExpr:
		p.summary = fmt.Sprintf("the text %s has something to be filled in", quoteSource(text))
		p.hint = "Write the whole text out, without ${...} or %{...}."
	case *hclsyntax.FunctionCallExpr:
		p.summary = fmt.Sprintf("a call of the function %s is no value here", quote(e.Name))
	case *hclsyntax.ForExpr:
		p.summary = "a for expression is no value here"
		p.hint = "Write every item out, or one block for each group."
	case *hclsyntax.ConditionalExpr:
		p.summary = "a choice with \"?\" is no value here"
		p.hint = "Write the value that is meant; environments that differ are written out each."
	case *hclsyntax.ObjectConsExpr:
		p.summary = "an object in braces is no value here"
		p.hint = "If it is meant to be a block, write it without \"=\"."
	case *hclsyntax.ParenthesesExpr:
		p.summary = "a value in parentheses is an expression"
		p.hint = "Write the value without parentheses."
	default:
		p.summary = fmt.Sprintf("the expression %s is no value here", quoteSource(text))
	}
	return p
}

// reference is the problem with a bare name: a variable, or a text that lacks
// its quotes.
func reference(text string, e *hclsyntax.ScopeTraversalExpr) problem {
	p := problem{
		summary: fmt.Sprintf("%s is a reference, not a value", quoteSource(text)),
		detail:  literalsOnly,
		hint:    "Write the value itself.",
	}
	if len(e.Traversal) > 1 {
		return p
	}
	p.hint = fmt.Sprintf("If it is a text, write it in quotes: \"%s\".", quoteSource(text))
	switch strings.ToLower(text) {
	case "yes", "on", "True", "true", "TRUE":
		p.hint = "Write true, in small letters and without quotes."
	case "no", "off", "false":
		p.hint = "Write false, in small letters and without quotes."
	}
	return p
}

// quoteSource shows a piece of the file as it stands, quotes and all.
func quoteSource(text string) string {
	const most = 60
	short := string(firstRunes([]byte(text), most))
	if len(short) < len(text) {
		short += "…"
	}
	return printable(short)
}

// written is the piece of the file that a range covers.
func written(src []byte, at hcl.Range) []byte {
	from := min(max(at.Start.Byte, 0), len(src))
	return src[from:min(max(at.End.Byte, from), len(src))]
}
