package declare

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// TestTimelineKeepsTheWayBack follows the images of one group through history.
func TestTimelineKeepsTheWayBack(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		images string // a letter for each commit
		want   []string
	}{
		{"a first image has none", "a", nil},
		{"the image before", "ab", []string{"a"}},
		{"commits that leave it alone add none", "aabb", []string{"a"}},
		{"newest first", "abc", []string{"b", "a"}},
		{"what is declared again is not its own past", "aba", []string{"b"}},
		{"each once", "abab", []string{"a"}},
		{"no more than are kept", "abcdef", []string{"e", "d", "c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var timeline Timeline
			blobs := map[string][]byte{}
			for n, letter := range c.images {
				text := fmt.Sprintf("environment \"e\" {\n  aws {\n    region = \"eu-west-1\"\n  }\n  group \"g\" {\n    auto_scaling_group = \"g\"\n    ami = \"ami-0000000%c\"\n  }\n}\n", letter)
				blobs[text] = []byte(text)
				rev := reconcile.Revision{
					Commit: reconcile.Commit{Hash: fmt.Sprint("c", n)},
					Files:  []reconcile.File{{Path: "e.hcl", Blob: text, Size: int64(len(text))}},
				}
				if err := timeline.Advance(rev, func(b string) ([]byte, error) { return blobs[b], nil }); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, e := range timeline.Declared().Groups[0].Earlier {
				got = append(got, e.Image[len(e.Image)-1:])
				if e.Commit.Hash == "" {
					t.Errorf("image %s has no commit", e.Image)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
