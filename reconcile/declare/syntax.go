package declare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// mistake is a problem with its place.
type mistake struct {
	at hcl.Range
	problem
}

// parse reads HCL that is known to be text. Mistakes of syntax come without a
// body: what a parser makes of the rest after one is guesswork, and would be
// reported as mistakes that nobody made.
func parse(src []byte, start hcl.Pos) (*hclsyntax.Body, []mistake) {
	if body := readPlain(src, start); body != nil {
		return body, nil
	}
	tokens, _ := hclsyntax.LexConfig(src, "", start)
	if at, p := unparsable(tokens); p != nil {
		return nil, []mistake{{at, *p}}
	}
	f, diagnostics := hclsyntax.ParseConfig(src, "", start)
	if diagnostics.HasErrors() {
		return nil, syntaxMistakes(diagnostics, tokens)
	}
	return f.Body.(*hclsyntax.Body), nil
}

// syntaxMistakes picks from the parser's diagnostics those that a person made.
// The first is certain. After it only those are believed that need no context:
// an attribute set twice, a character that does not exist in the language.
func syntaxMistakes(diagnostics hcl.Diagnostics, tokens hclsyntax.Tokens) []mistake {
	slices.SortStableFunc(diagnostics, func(a, b *hcl.Diagnostic) int {
		return cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte)
	})
	var mistakes []mistake
	line := 0
	for i, d := range diagnostics {
		if i > 0 && (!certain(d) || d.Subject.Start.Line == line) {
			continue
		}
		line = d.Subject.Start.Line
		mistakes = append(mistakes, inOurWords(d, tokens))
		if endless(d) {
			break
		}
	}
	return mistakes
}

func certain(d *hcl.Diagnostic) bool {
	return d.Summary == "Attribute redefined" || d.Summary == "Invalid character"
}

// endless reports whether the parser lost the end of a text, after which it
// takes code for text and text for code.
func endless(d *hcl.Diagnostic) bool {
	switch d.Summary {
	case "Invalid multi-line string", "Unterminated template string", "Unterminated string literal":
		return true
	}
	return false
}

// inOurWords says what the parser says, in the words of this language.
func inOurWords(d *hcl.Diagnostic, tokens hclsyntax.Tokens) mistake {
	m := mistake{at: *d.Subject, problem: translations[d.Summary]}
	token := tokenAt(tokens, d.Subject.Start)
	switch {
	case endless(d):
		m.at = lastQuote(tokens, d.Subject.Start)
	case d.Summary == "Unclosed configuration block":
		m.at, m.detail = unclosed(tokens, m.at)
	case d.Summary == "Attribute redefined":
		m.summary = fmt.Sprintf("%s is set twice", quote(string(token.Bytes)))
	case d.Summary == "Argument or block definition required":
		m.problem = noItem(token)
	case d.Summary == "Invalid character":
		m.problem = foreignCharacter(token)
	case d.Summary == "Invalid block definition":
		m.problem = blockHeader(token)
	}
	if m.summary == "" {
		m.problem = problem{
			summary: strings.ToLower(d.Summary[:1]) + d.Summary[1:],
			detail:  d.Detail,
			hint:    "Write name = value, or name { ... }, each on its own line.",
		}
	}
	return m
}

// translations are by the parser's own summaries.
var translations = map[string]problem{
	"Missing newline after argument": {
		summary: "something follows the value on the same line",
		hint:    "Put every attribute on a line of its own, and text in double quotes.",
	},
	"Unexpected comma after argument": {
		summary: "a comma after an attribute",
		hint:    "Remove the comma; every attribute has a line of its own.",
	},
	"Missing newline after block definition": {
		summary: "something follows the closing brace on the same line",
		hint:    "Begin a new line after the brace.",
	},
	"Invalid argument name": {
		summary: "the name of an attribute in quotes",
		hint:    "Write it without quotes: name = value",
	},
	"Invalid single-argument block definition": {
		summary: "a block on one line can hold one attribute only",
		hint:    "Put each attribute on a line of its own, and the closing brace too.",
	},
	"Argument definition required": {
		summary: "a block on one line can hold one attribute only",
		hint:    "Put the inner block on lines of its own.",
	},
	"Unclosed configuration block": {
		summary: "a block is not closed",
		hint:    "Add the missing closing brace.",
	},
	"Attribute redefined": {hint: "Leave one of the two out."},
	"Invalid multi-line string": {
		summary: "a text does not end on its line",
		hint:    "Add the closing double quote.",
	},
	"Unterminated template string": {
		summary: "a text does not end on its line",
		hint:    "Add the closing double quote.",
	},
	"Unterminated string literal": {
		summary: "a text does not end on its line",
		hint:    "Add the closing double quote.",
	},
	"Invalid string literal": {
		summary: "the name of a block has something to be filled in",
		detail:  literalsOnly,
		hint:    "Write the name out, without ${...} or %{...}.",
	},
	"Invalid expression": {
		summary: "a value is missing here, or is none",
		hint:    "Write a text in double quotes, a number, true or false, or a list in square brackets.",
	},
	"Missing expression": {
		summary: "a value is missing here",
		hint:    "Write a text in double quotes, a number, true or false, or a list in square brackets.",
	},
	"Missing item separator": {
		summary: "a comma is missing between the items of a list",
		hint:    "Put a comma after every item, and the closing bracket after the last.",
	},
	"Unterminated tuple constructor expression": {
		summary: "a list is not closed",
		hint:    "Add the missing \"]\".",
	},
	"Invalid escape sequence": {
		summary: "a backslash with something after it that has no meaning",
		hint:    `For a backslash in a text write two: \\`,
	},
	"Unsupported operator": {
		summary: "an operator is no value here",
		detail:  literalsOnly,
		hint:    "Write the value itself.",
	},
}

// noItem is the problem with a line that begins with something else than a
// name.
func noItem(token hclsyntax.Token) problem {
	p := problem{
		summary: "this is neither an attribute nor a block",
		hint:    "Write name = value, or name { ... }, each on its own line.",
	}
	switch token.Type {
	case hclsyntax.TokenCBrace:
		p.summary = "a closing brace that closes nothing"
		p.hint = "Remove it, or look for a block above that ends too early."
	case hclsyntax.TokenOBrace:
		p.summary = "a brace without the name of a block before it"
		p.hint = `A file begins with environment "name" {. JSON is not read.`
	case hclsyntax.TokenSlash:
		p.summary = "a comment is not closed"
		p.hint = "Put */ where it ends, or begin each of its lines with #."
	case hclsyntax.TokenLessThan, hclsyntax.TokenEqualOp, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
		p.hint = "If it is the mark of a merge conflict, resolve the conflict and commit again."
	}
	return p
}

func foreignCharacter(token hclsyntax.Token) problem {
	p := problem{
		summary: fmt.Sprintf("the character %s has no meaning here", quote(string(token.Bytes))),
		hint:    "Remove it, or put the text that it belongs to in double quotes.",
	}
	switch string(token.Bytes) {
	case "'", "`", "“", "”", "‘", "’", "«", "»", "„":
		p.summary = fmt.Sprintf("text is not quoted with %s", token.Bytes)
		p.hint = `Write it in plain double quotes: "..."`
	case ";":
		p.hint = "Remove it; a line needs nothing at its end."
	}
	return p
}

// blockHeader is the problem with what stands between the type of a block and
// its opening brace.
func blockHeader(token hclsyntax.Token) problem {
	p := problem{
		summary: "a block without its opening brace",
		hint:    "Write name = value for an attribute, or name { for a block, with the brace on the same line.",
	}
	if token.Type == hclsyntax.TokenEqual {
		p.summary = "a block takes no \"=\""
		p.hint = "Remove the \"=\"."
	}
	return p
}

// tokenAt is the token that begins at a place.
func tokenAt(tokens hclsyntax.Tokens, at hcl.Pos) hclsyntax.Token {
	i, ok := slices.BinarySearchFunc(tokens, at.Byte, func(t hclsyntax.Token, b int) int {
		return cmp.Compare(t.Range.Start.Byte, b)
	})
	if !ok {
		return hclsyntax.Token{}
	}
	return tokens[i]
}

// lastQuote is where the text opens that was still open at a place.
func lastQuote(tokens hclsyntax.Tokens, at hcl.Pos) hcl.Range {
	found := hcl.Range{Start: at, End: at}
	for _, t := range tokens {
		if t.Range.Start.Byte > at.Byte {
			break
		}
		if t.Type == hclsyntax.TokenOQuote {
			found = hcl.RangeBetween(t.Range, hcl.Range{Start: at, End: at})
		}
	}
	return found
}

// unclosed finds the block that most likely lacks its brace: the first that is
// closed by a brace standing further left than the block itself. Without one
// it is the block that the parser names.
func unclosed(tokens hclsyntax.Tokens, named hcl.Range) (hcl.Range, string) {
	var open []hcl.Range // where the lines begin that open a brace
	first := hcl.Range{} // the first token of the line
	for _, t := range tokens {
		if t.Range.Start.Line != first.Start.Line && t.Type != hclsyntax.TokenNewline {
			first = t.Range
		}
		switch t.Type {
		case hclsyntax.TokenOBrace:
			open = append(open, first)
		case hclsyntax.TokenCBrace:
			if len(open) == 0 {
				return named, ""
			}
			opener := open[len(open)-1]
			if t.Range == first && first.Start.Column < opener.Start.Column {
				return opener, fmt.Sprintf("The brace on line %d stands further left than this block, and ends an outer one.", first.Start.Line)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return open[len(open)-1], "The file ends, or the next environment begins, before this block does."
	}
	return named, ""
}
