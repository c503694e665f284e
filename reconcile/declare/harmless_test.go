package declare

import (
	"fmt"
	"strings"
	"testing"
)

// TestHarmlessIsWhatPeopleWrite holds that files are taken for harmless that are: for
// others reading takes twice as long.
func TestHarmlessIsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	if text := environmentText("production", 200, 1); !harmless([]byte(text)) {
		t.Errorf("it is not taken for harmless:\n%s", text)
	}
}

func TestHarmlessIsNothingToLookAtTwice(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]bool{
		"": true,
		"a-b = [1, \"x-1.5\"] # 1+1, ${a}, é, \"": true,
		"a = 1-b":          false,
		"a = -1":           false,
		"a == 1":           false,
		"a = 1.5":          false,
		"a = \"x":          false,
		"a = \"x\ny\"":     false,
		`a = "\""`:         false,
		`a = "${b}"`:       false,
		`a = "%{if b}"`:    false,
		"a = \"é\"":        false,
		"a = b.c":          false,
		"é = 1":            false,
		"a = f(b)":         false,
		"a = <<A\nA\n":     false,
		"/* a */":          false,
		"a {\r\n}":         false,
		"a = [}":           false,
		"}":                false,
		deep(maxDepth):     true,
		deep(maxDepth + 1): false,
		fmt.Sprint("a = ", strings.Repeat("1", maxDigits)):   true,
		fmt.Sprint("a = ", strings.Repeat("1", maxDigits+1)): false,
	} {
		if got := harmless([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		checkHarmless(t, []byte(text))
	}
}
