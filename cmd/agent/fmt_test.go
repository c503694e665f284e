package main

import (
	"strings"
	"testing"

	"moult/reconcile/declare"
)

// TestLineEndingsAreToldInWords: a line that ends otherwise looks the same.
func TestLineEndingsAreToldInWords(t *testing.T) {
	t.Parallel()
	const says = "a.hcl: line endings change from CRLF to LF\n"
	tidy := declaring(imageA)
	untidy := strings.Replace(tidy, "ami                =", "ami =", 1)
	for name, c := range map[string]struct{ content, says, changes string }{
		"only they change": {strings.ReplaceAll(tidy, "\n", "\r\n"), says, ""},
		"more changes":     {strings.ReplaceAll(untidy, "\n", "\r\n"), says, "\n-    ami = "},
		"they stay":        {untidy, "diff ", "\n-    ami = "},
	} {
		canonical, mistakes := declare.Format("a.hcl", []byte(c.content))
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		var out strings.Builder
		if err := writeDiff(&out, declare.Text{Path: "a.hcl", Content: []byte(c.content)}, canonical); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); !strings.HasPrefix(got, c.says) || !strings.Contains(got, c.changes) || strings.Contains(got, "environment \"production\" {\n+") || c.changes == "" && got != says {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
