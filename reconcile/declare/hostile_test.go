package declare

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The larger size meets the limits on bytes and words; the smaller slips
// through below them and meets those on tokens.
func TestHostileTextEndsInAnError(t *testing.T) {
	t.Parallel()
	harmless := map[string]bool{"comments": true, "hashes": true}
	sizes := []int{maxWords + maxWords/5, maxWords / 10}
	if testing.Short() {
		sizes = []int{maxWords / 40}
	}
	for _, size := range sizes {
		for _, h := range hostile(size) {
			t.Run(fmt.Sprintf("%d %s", size, h.name), func(t *testing.T) {
				if len(h.text) > MaxFileBytes {
					t.Fatalf("%d bytes are refused unread; the case would show nothing", len(h.text))
				}
				content := []byte(h.text)
				_, diagnostics := Parse([]Text{{Path: "a.hcl", Content: content}})
				if len(diagnostics) == 0 && !harmless[h.name] {
					t.Error("no mistake was found")
				}
				if size < maxWords {
					checkFormat(t, content)
				}
			})
		}
	}
}

func TestTooLargeFileIsRefusedUnread(t *testing.T) {
	t.Parallel()
	content := append(bytes.Repeat([]byte("#"), MaxFileBytes), '\n')
	_, diagnostics := Parse([]Text{{Path: "a.hcl", Content: content}})
	if len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Summary, "too large") {
		t.Fatalf("got %v", diagnostics)
	}
	if _, diagnostics := Format("a.hcl", content); len(diagnostics) != 1 {
		t.Fatalf("format: got %v", diagnostics)
	}
}
