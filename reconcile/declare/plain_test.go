package declare

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What people write is read without the parser, which takes ten times as long.
func TestWhatPeopleWriteIsPlain(t *testing.T) {
	t.Parallel()
	text := []byte(environmentText("production", 200, 1))
	if readPlain(text, hcl.InitialPos) == nil {
		t.Errorf("it is not taken for plain:\n%s", text)
	}
	checkPlain(t, text)
}

func TestPlainIsNothingToLookAtTwice(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return "a = " + strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]bool{
		"": true,
		"a-b = [1, \"x-1.5\"] # 1+1, ${a}, é, \"": true,
		"a \"\" b {}":                           true,
		"a { b = [\n# c\n1,\n2 // d\n,] }":      true,
		"a {\n}\n\t # b\nc = true":              true,
		"a = [[], [false]]\n":                   true,
		"a = \"\"":                              false,
		"a = 1\na = 2\n":                        false,
		"a {\n  b = 1 }":                        false,
		"a { b = 1\n}":                          false,
		"a { b {} }":                            false,
		"a {":                                   false,
		"a":                                     false,
		"a =":                                   false,
		"a = 1 b = 2":                           false,
		"a = [1 2]":                             false,
		"a = [,]":                               false,
		"a = [1][0]":                            false,
		"a = [[1]\n[0]]":                        false,
		"a = [for b]":                           false,
		"a = null":                              false,
		"a = b":                                 false,
		"a = 1x":                                false,
		"a = 1e3":                               false,
		"a = 1-b":                               false,
		"a = -1":                                false,
		"a == 1":                                false,
		"a = 1.5":                               false,
		"a = \"x":                               false,
		"a = \"x\ny\"":                          false,
		`a = "\""`:                              false,
		`a = "${b}"`:                            false,
		`a = "%{if b}"`:                         false,
		"a = \"é\"":                             false,
		"a = b.c":                               false,
		"é = 1":                                 false,
		"aé = 1":                                false,
		"a = f(b)":                              false,
		"a = <<A\nA\n":                          false,
		"a = 1 / 2":                             false,
		"/* a */":                               false,
		"a {\r\n}":                              false,
		"a = [}":                                false,
		"}":                                     false,
		deep(maxDepth):                          true,
		deep(maxDepth + 1):                      false,
		"a = " + strings.Repeat("1", maxDigits): true,
		"a = " + strings.Repeat("1", maxDigits+1): false,
	} {
		if got := readPlain([]byte(text), hcl.InitialPos) != nil; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		checkPlain(t, []byte(text))
	}
}

// An environment in a file with a mistake elsewhere is read on its own.
func TestPlainPartOfAFileKnowsItsPlace(t *testing.T) {
	t.Parallel()
	src := []byte("a {\n  b = 1\n}\n")
	for start, want := range map[hcl.Pos]bool{
		{Line: 7, Column: 1, Byte: 90}: true,
		{Line: 7, Column: 2, Byte: 91}: false,
	} {
		body := readPlain(src, start)
		if (body != nil) != want {
			t.Errorf("%v: %v, want %v", start, body != nil, want)
		}
		comparePlain(t, body, src, start)
	}
}

// checkPlain holds what is read without the parser to what the parser makes of
// it, and to the limits that would have been checked before.
func checkPlain(t *testing.T, content []byte) {
	t.Helper()
	src := bytes.TrimPrefix(content, bom)
	if _, p := unreadable(src); p != nil {
		return
	}
	comparePlain(t, readPlain(src, hcl.InitialPos), src, hcl.InitialPos)
}

func comparePlain(t *testing.T, body *hclsyntax.Body, src []byte, start hcl.Pos) {
	t.Helper()
	if body == nil {
		return
	}
	tokens, _ := hclsyntax.LexConfig(src, "", start)
	if _, p := unparsable(tokens); p != nil {
		t.Fatalf("plain text is not fit for the parser, %s: %q", p.summary, src)
	}
	f, diagnostics := hclsyntax.ParseConfig(src, "", start)
	if diagnostics.HasErrors() {
		t.Fatalf("plain text has a mistake, %v: %q", diagnostics, src)
	}
	want := f.Body.(*hclsyntax.Body)
	want.SrcRange, want.EndRange = hcl.Range{}, hcl.Range{}
	if !reflect.DeepEqual(body, want) {
		t.Fatalf("plain text is not what the parser makes of it: %q", src)
	}
}

// pieces are what plain text is made of, and what it is easily taken for.
var pieces = []string{
	"a", "b1", "true", "false", "null", "for", "x-", " ", "\t", "\n", "\n", " = ", "=", "{", "}", " {\n", "\n}\n",
	"[", "]", ",", "1", "20", `"`, `"c"`, `""`, "# d\n", "//", "#", "-", ".", "é", "$", "/*", "*/", "%{", "${", "\r\n", "(", "\\",
	"a = 1\n", "b {\n", "e = [\"f\", 2]\n", "g \"h\" i {\n",
}

func ofPieces(choice []byte) []byte {
	var text []byte
	for _, b := range choice {
		text = append(text, pieces[int(b)%len(pieces)]...)
	}
	return text
}

func TestPlainIsWhatTheParserMakesOfIt(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	plain := 0
	for range 40_000 {
		choice := make([]byte, random.IntN(12))
		for i := range choice {
			choice[i] = byte(random.IntN(len(pieces)))
		}
		text := ofPieces(choice)
		checkPlain(t, text)
		if readPlain(text, hcl.InitialPos) != nil {
			plain++
		}
	}
	if plain < 1000 {
		t.Errorf("only %d texts were plain", plain)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte{38, 39, 40, 16})
	f.Fuzz(func(t *testing.T, choice []byte) { checkPlain(t, ofPieces(choice)) })
}
