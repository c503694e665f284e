package declare

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// seeds are every file of testdata, and what a hostile hand would write.
func seeds(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"testdata/mistakes/*/*.hcl", "testdata/format/*.in", "testdata/good/*/*.hcl"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, p := range paths {
			f.Add(readTestdata(f, p))
		}
	}
	for _, h := range hostile(200) {
		f.Add([]byte(h.text))
	}
}

// hostile are texts that cost a careless reader its time, memory or stack,
// each about n bytes long.
func hostile(n int) []struct{ name, text string } {
	fill := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	in := func(value string) string {
		return "environment \"a\" {\n  aws { region = \"eu-west-1\" }\n  drift = " + value + "\n}\n"
	}
	return []struct{ name, text string }{
		{"braces", fill("{")},
		{"brackets", in(fill("["))},
		{"parentheses", in(fill("("))},
		{"blocks", fill("a {\n")},
		{"one line blocks", fill("a { b")},
		{"unmatched brackets", in(fill("[)"))},
		{"not", in(fill("!"))},
		{"minus", in(fill("- "))},
		{"plus", in("1" + fill("+1"))},
		{"choices", in(fill("a?b:"))},
		{"choices on the left", in(fill("a?"))},
		{"dots", in("a" + fill(".b"))},
		{"splats", in("a" + fill("[*]"))},
		{"namespaces", in("a" + fill("::b") + "()")},
		{"calls", in(fill("f("))},
		{"for", in(fill("[for a in "))},
		{"templates", in(fill("\"${"))},
		{"template directives", in("\"" + fill("%{if a}") + "\"")},
		{"heredocs", in(fill("<<A\n"))},
		{"open comments", fill("/* ")},
		{"open comments after a closed one", "/* */" + fill("/*\n")},
		{"comments", fill("/**/")},
		{"hashes", fill("#\n")},
		{"digits", in(fill("1"))},
		{"exponent", in("1e2147483646")},
		{"negative exponent", in("-1e-2147483647")},
		{"quotes", fill("\"")},
		{"dollars", in("\"" + fill("$"))},
		{"escapes", in("\"" + fill("\\") + "\"")},
		{"long name", fill("a") + " = 1"},
		{"long label", "environment \"" + fill("a") + "\" {}"},
		{"labels", "environment " + fill("\"a\" ") + "{}"},
		{"list", in("[" + fill("1,") + "]")},
		{"nulls", in("[" + fill("null,") + "]")},
		{"attributes", fill("a = 1\n")},
		{"broken attributes", fill("a = !\n")},
		{"environments", fill("environment \"a\" {\n}\n")},
		{"broken environments", fill("environment \"a\" {\n")},
		{"single quotes", fill("a = '\n")},
		{"nul", fill("\x00")},
		{"carriage returns", fill("\r")},
		{"not utf-8", fill("\xff")},
		{"combining marks", in("\"e" + fill("\u0301") + "\"")},
		{"joined emoji", in("\"" + fill("\U0001F469\u200d") + "\"")},
		{"flags", in("\"" + fill("\U0001F1E6") + "\"")},
		{"full-width letters", fill("ａｍｉ")},
		{"right to left", in("\"\u202e" + fill("a") + "\"")},
	}
}

// checkParse holds Parse to what is true of any text: positions lie in the
// file, what is shown is fit for a terminal, a good environment has no
// mistakes and a bad one does.
func checkParse(t *testing.T, content []byte) {
	t.Helper()
	checkPlain(t, content)
	environments, diagnostics := Parse([]Text{{Path: "a.hcl", Content: content}})
	lines := bytes.Count(content, []byte("\n")) + 1
	for _, d := range diagnostics {
		if d.Line < 1 || d.Line > lines || d.Column < 1 {
			t.Fatalf("%d:%d lies outside the %d lines of %q", d.Line, d.Column, lines, content)
		}
		if d.Summary == "" || d.Hint == "" || d.Severity != Error {
			t.Fatalf("an empty message: %#v", d)
		}
		if n := utf8.RuneCountInString(d.Source); n > maxExcerpt+2 || d.caret > n {
			t.Fatalf("an excerpt of %d runes with a caret at %d", n, d.caret)
		}
	}
	for _, e := range environments {
		if e.Good == (len(diagnostics.About(e.Name)) > 0) {
			t.Fatalf("environment %q is good=%v with mistakes:\n%s", e.Name, e.Good, diagnostics)
		}
	}
	checkText(t, diagnostics)
}

func checkText(t *testing.T, diagnostics Diagnostics) {
	t.Helper()
	var text bytes.Buffer
	if err := diagnostics.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if s := strings.ReplaceAll(text.String(), "\n", " "); printable(s) != s {
		t.Fatalf("the text could disturb a terminal: %q", s)
	}
	if _, err := json.Marshal(diagnostics); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, content []byte) { checkParse(t, content) })
}

func FuzzFormat(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, content []byte) { checkFormat(t, content) })
}
