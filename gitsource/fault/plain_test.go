package fault

import (
	"testing"
	"unicode"
)

func TestTextFromElsewhereCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                        "plain",
		"  ends  ":                     "ends",
		"red\x1b[31m\r\nline":          "red [31m  line",
		"Grüße, 世界":                    "Grüße, 世界",
		"bad \xff byte":                "bad   byte",
		"\u202egnp.exe":                "gnp.exe",
		"01234567890123456789and more": "01234567890123456789…",
	} {
		if got := Plain(text, 20); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("\x1b[2J")
	f.Fuzz(func(t *testing.T, text string) {
		got := Plain(text, 50)
		for _, r := range got {
			if !unicode.IsGraphic(r) {
				t.Errorf("%q holds %q", got, r)
			}
		}
		if n := len([]rune(got)); n > 51 {
			t.Errorf("%d characters", n)
		}
	})
}
