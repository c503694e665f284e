package declare

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// quote shows what was written, short and on one line.
func quote(s string) string {
	const most = 60
	if short := string(firstRunes([]byte(s), most)); len(short) < len(s) {
		s = short + "…"
	}
	return strconv.Quote(s)
}

// enumerate joins words: "a, b and c".
func enumerate(words []string) string { return join(words, "and") }

// alternatives joins quoted words: `"a", "b" or "c"`.
func alternatives(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return join(quoted, "or")
}

func join(words []string, last string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s %s %s", strings.Join(words[:n-1], ", "), last, words[n-1])
}

// plural is a count with its noun: "1 digit", "3 digits".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lookAlike is the advice about a word with a character beyond ASCII, which
// may look exactly like the one that was meant; empty when there is none.
func lookAlike(s string) string {
	for _, r := range s {
		if r >= utf8.RuneSelf {
			return fmt.Sprintf("Type it again: the character %q is %U, not the plain letter or sign it may look like.", r, r)
		}
	}
	return ""
}
