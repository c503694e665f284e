package declare

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// amendedTexts are pairs of a text and the next one, and whether that can be
// read without parsing it.
var amendedTexts = []struct {
	name        string
	older       string
	old, new    string
	withoutMore bool
}{
	{"another image", environmentText("a", 2, 1), "00000001", "00000002", true},
	{"both images", environmentText("a", 2, 0), "ami-00000000000000000", "ami-00000000000000abc", true},
	{"nothing", environmentText("a", 1, 1), "", "", true},
	{"another comment", environmentText("a", 1, 1), "built from 4f2a91c", "built from 99", true},
	{"no comment", environmentText("a", 1, 1), " # built from 4f2a91c", "", true},
	{"an image that is none", environmentText("a", 1, 1), "00000001", "0000000g", false},
	{"a shorter image", environmentText("a", 1, 1), "ami-00000000000000001", "ami-00000001", true},
	{"another group", environmentText("a", 1, 1), "a-g0", "a-g1", false},
	{"a line more", environmentText("a", 1, 1), "    auto_scaling", "\n    auto_scaling", false},
	{"a comment that is not ASCII", environmentText("a", 1, 1), "built from", "gebaut für", false},
	{"a comment that opens another", environmentText("a", 1, 1), "built from", "/* from", false},
	{"an interpolation", environmentText("a", 1, 1), `"ami-00000000000000001"`, `"${x}"`, false},
	{"a second attribute", environmentText("a", 1, 1), "# built", "drift", false},
	{"an attribute that was none", "environment \"a\" {\n  aws {\n    region = \"eu-west-1\"\n  }\n  /*\n    ami = \"ami-00000001\"\n  */\n}\n", "00000001", "00000002", false},
	{"a carriage return", environmentText("a", 1, 1), "4f2a91c\n", "4f2a91c\r\n", false},
	{"the end cut off", environmentText("a", 1, 1), "\n}\n", "\n}", false},
}

func TestAmendedFileIsWhatParsingItSays(t *testing.T) {
	t.Parallel()
	for _, c := range amendedTexts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			newer := []byte(strings.ReplaceAll(c.older, c.old, c.new))
			if c.old == "" {
				newer = []byte(c.older)
			}
			amended := readFile([]byte(c.older)).amended(newer)
			if (amended != nil) != c.withoutMore {
				t.Fatalf("read without parsing: %v, want %v", amended != nil, c.withoutMore)
			}
			wantParsed(t, amended, newer)
		})
	}
}

func wantParsed(t *testing.T, amended *file, text []byte) {
	t.Helper()
	if amended != nil && !reflect.DeepEqual(amended, readFile(text)) {
		t.Errorf("it is not what parsing says of:\n%s", text)
	}
}

// FuzzAmend changes a line of a file: whatever is read without parsing is what
// parsing says.
func FuzzAmend(f *testing.F) {
	for _, c := range amendedTexts {
		f.Add([]byte(c.older), uint16(9), []byte(`    ami                = "ami-00000000000000002" # built`))
	}
	f.Fuzz(func(t *testing.T, older []byte, line uint16, with []byte) {
		lines := bytes.SplitAfter(older, []byte("\n"))
		newer := bytes.Clone(older)
		if n := int(line) % len(lines); true {
			newer = bytes.Join(append(append(append([][]byte{}, lines[:n]...), with, []byte("\n")), lines[n+1:]...), nil)
		}
		wantParsed(t, readFile(older).amended(newer), newer)
	})
}
