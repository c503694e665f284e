package page_test

import (
	"strings"
	"testing"

	"moult/cmd/internal/page"
)

func TestFold(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		line          string
		columns, hang int
		want          string
	}{
		"fits":              {"one two", 7, 2, "one two"},
		"one column short":  {"one two", 6, 2, "one\n  two"},
		"no terminal":       {"one two", 0, 2, "one two"},
		"several lines":     {"one two three four", 9, 2, "one two\n  three\n  four"},
		"indent is kept":    {"    one two", 9, 6, "    one\n      two"},
		"a cell stays put":  {"why  one two", 9, 5, "why  one\n     two"},
		"a word stays":      {"see ami-0f3c9d5e6a7b8c9d0 there", 10, 2, "see\n  ami-0f3c9d5e6a7b8c9d0\n  there"},
		"wide letters":      {"会計 課", 6, 0, "会計\n課"},
		"colours are free":  {"\x1b[31mone\x1b[0m two", 7, 2, "\x1b[31mone\x1b[0m two"},
		"colours go across": {"\x1b[31mone two\x1b[0m", 6, 0, "\x1b[31mone\ntwo\x1b[0m"},
		"blanks at a break": {"one   two", 5, 1, "one\n two"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := page.Fold(c.line, c.columns, c.hang); got != c.want {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
		})
	}
}

func TestFoldAllKeepsTheIndentOfEachLine(t *testing.T) {
	t.Parallel()
	got := page.FoldAll("one two\n\n  three four", 8, 1)
	if want := "one two\n\n  three\n   four"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{{"höher", 5, "höher"}, {"höher", 4, "höh…"}, {"höher", 1, "…"}, {"höher", 0, "höher"}, {"会計課", 4, "会…"}} {
		if got := page.Cut(c.text, c.columns); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.columns, got, c.want)
		}
	}
}

func TestABufferHasNoWidth(t *testing.T) {
	t.Parallel()
	if got := page.Width(&strings.Builder{}); got != 0 {
		t.Errorf("width is %d", got)
	}
}
