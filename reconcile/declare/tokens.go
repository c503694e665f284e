package declare

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// unparsable says why tokens are not fit for the parser, and where; nil when
// they are.
func unparsable(tokens hclsyntax.Tokens) (hcl.Range, *problem) {
	var open brackets
	operators, pieces := 0, 0
	for _, t := range tokens {
		open = open.after(t.Type)
		if operator(t.Type) {
			operators++
		}
		if t.Type == hclsyntax.TokenQuotedLit || t.Type == hclsyntax.TokenStringLit {
			pieces++
		} else {
			pieces = 0
		}
		switch {
		case len(open) > maxDepth:
			return t.Range, &problem{
				summary: fmt.Sprintf("brackets are nested more than %d deep", maxDepth),
				detail:  "A declaration is never nested deeper than a list in a rollout block in a group in an environment.",
				hint:    "Look for a bracket that is not closed.",
			}
		case operators > maxOperators:
			return t.Range, &problem{
				summary: "too many operators and references",
				detail:  literalsOnly,
				hint:    "Write each value out as it is.",
			}
		case pieces > maxPieces:
			return t.Range, &problem{
				summary: "a text of too many lines or dollar signs",
				hint:    "Names and ids are short; look for a quotation mark that is not closed.",
			}
		case t.Type == hclsyntax.TokenNumberLit && len(t.Bytes) > maxDigits:
			return t.Range, &problem{
				summary: fmt.Sprintf("a number of %d digits", len(t.Bytes)),
				hint:    "Numbers here are percentages, from 0 to 200.",
			}
		}
	}
	return hcl.Range{}, nil
}

// brackets are those that are open, the innermost last.
type brackets []hclsyntax.TokenType

// after is what is open after a token. A closing bracket that closes nothing
// is passed over, so that it does not hide how deep the parser has gone.
func (b brackets) after(t hclsyntax.TokenType) brackets {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen:
		return append(b, t)
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return append(b, hclsyntax.TokenTemplateInterp)
	case hclsyntax.TokenCBrace:
		return b.without(hclsyntax.TokenOBrace)
	case hclsyntax.TokenCBrack:
		return b.without(hclsyntax.TokenOBrack)
	case hclsyntax.TokenCParen:
		return b.without(hclsyntax.TokenOParen)
	case hclsyntax.TokenTemplateSeqEnd:
		return b.without(hclsyntax.TokenTemplateInterp)
	}
	return b
}

func (b brackets) without(opener hclsyntax.TokenType) brackets {
	if len(b) > 0 && b[len(b)-1] == opener {
		return b[:len(b)-1]
	}
	return b
}

// operator reports whether a token is one that only expressions have.
func operator(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang,
		hclsyntax.TokenDot, hclsyntax.TokenDoubleColon, hclsyntax.TokenEllipsis, hclsyntax.TokenFatArrow,
		hclsyntax.TokenQuestion, hclsyntax.TokenColon, hclsyntax.TokenOParen,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return true
	}
	return false
}
