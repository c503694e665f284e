package declare

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"moult/reconcile"
)

// check says what is wrong with a text; nil when nothing is.
type check func(string) *problem

// value is the literal of an attribute. It is nil when there is none, or none
// that can be read; the latter is reported.
func (s settings) value(name string) any {
	if !s.has(name) {
		return nil
	}
	return s.literal(s.attributes[name].Expr)
}

func (s settings) literal(expr hclsyntax.Expression) any {
	v, p := literal(s.src, expr)
	if p != nil {
		s.add(expr.Range(), *p)
		return nil
	}
	return v
}

// text is a quoted text that passes the check; "" when there is none.
func (s settings) text(name string, ok check) string {
	v := s.value(name)
	if v == nil {
		return ""
	}
	text, isText := v.(string)
	if !isText {
		s.add(s.at(name), problem{
			summary: fmt.Sprintf("%s is %s where a text is needed", name, kindOf(v)),
			hint:    fmt.Sprintf("Write it in double quotes: %s = %s", name, exampleOf(name)),
		})
		return ""
	}
	if p := ok(text); p != nil {
		s.add(s.at(name), *p)
		return ""
	}
	return text
}

// word is a text that is one of a few.
func (s settings) word(name string, words ...string) string {
	return s.text(name, func(text string) *problem {
		if slices.Contains(words, text) {
			return nil
		}
		p := &problem{
			summary: fmt.Sprintf("%s cannot be %s", name, quote(text)),
			hint:    fmt.Sprintf("Write one of %s.", alternatives(words)),
		}
		if meant := nearest(strings.ToLower(text), words); meant != "" {
			p.detail = fmt.Sprintf("It is one of %s.", alternatives(words))
			p.hint = fmt.Sprintf("Did you mean %q?", meant)
		}
		return p
	})
}

// flag is true or false; nil when there is none.
func (s settings) flag(name string) *bool {
	v := s.value(name)
	if v == nil {
		return nil
	}
	if flag, ok := v.(bool); ok {
		return &flag
	}
	p := problem{
		summary: fmt.Sprintf("%s is %s where true or false is needed", name, kindOf(v)),
		hint:    fmt.Sprintf("Write %s = true or %s = false, without quotes.", name, name),
	}
	if text, ok := v.(string); ok && (text == "true" || text == "false") {
		p.hint = fmt.Sprintf("Write it without quotes: %s = %s", name, text)
	}
	s.add(s.at(name), p)
	return nil
}

// percentage is a whole number of a range; nil when there is none.
func (s settings) percentage(name string, low, high int) *int {
	v := s.value(name)
	if v == nil {
		return nil
	}
	n, p := wholeNumber(name, v, low, high)
	if p != nil {
		s.add(s.at(name), *p)
		return nil
	}
	return &n
}

// wholeNumber reads a number of a range. The name is for the messages.
func wholeNumber(name string, v any, low, high int) (int, *problem) {
	number, ok := v.(*big.Float)
	if !ok {
		return 0, notANumber(name, v, low, high)
	}
	p := &problem{hint: fmt.Sprintf("Write a whole number from %d to %d.", low, high)}
	if !number.IsInt() {
		p.summary = fmt.Sprintf("%s is not a whole number: %s", name, shortNumber(number))
		return 0, p
	}
	n, exact := number.Int64()
	if exact != big.Exact || n < int64(low) || n > int64(high) {
		p.summary = fmt.Sprintf("%s is out of range: %s", name, shortNumber(number))
		p.detail = fmt.Sprintf("AWS takes %d to %d percent.", low, high)
		return 0, p
	}
	return int(n), nil
}

// shortNumber writes a number for a person. One with a monstrous exponent is
// only described: writing it out would fill the memory with noughts.
func shortNumber(number *big.Float) string {
	if exponent := number.MantExp(nil); exponent > 64 || exponent < -64 {
		return "far beyond all bounds"
	}
	return number.Text('g', 10)
}

func notANumber(name string, v any, low, high int) *problem {
	p := &problem{
		summary: fmt.Sprintf("%s is %s where a number is needed", name, kindOf(v)),
		hint:    fmt.Sprintf("Write a whole number from %d to %d, without quotes.", low, high),
	}
	if text, ok := v.(string); ok {
		digits := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
		if digits != "" && strings.Trim(digits, "0123456789") == "" {
			p.hint = fmt.Sprintf("Write it without quotes: %s", quoteSource(digits))
		}
	}
	return p
}

// duration is a text with a unit, at most most; nil when there is none.
func (s settings) duration(name string, most time.Duration) *reconcile.Span {
	v := s.value(name)
	if v == nil {
		return nil
	}
	d, p := readDuration(name, v, most)
	if p != nil {
		s.add(s.at(name), *p)
		return nil
	}
	span := reconcile.Span(d)
	return &span
}

// list is the items of a list; nil when there is none. An empty list is not
// nil.
func (s settings) list(name string) []hclsyntax.Expression {
	v := s.value(name)
	if v == nil {
		return nil
	}
	items, ok := v.([]hclsyntax.Expression)
	if !ok {
		s.add(s.at(name), problem{
			summary: fmt.Sprintf("%s is %s where a list is needed", name, kindOf(v)),
			hint:    fmt.Sprintf("Write it in square brackets: %s = [%s]", name, quoteSource(string(written(s.src, s.at(name))))),
		})
		return nil
	}
	if items == nil {
		items = []hclsyntax.Expression{}
	}
	return items
}

// kindOf names the kind of a literal for a person.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case *big.Float:
		return "a number"
	}
	return "a list"
}
