package gitsource

import (
	"context"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestTheNearestDeclarationsAreFoundOnBothSides(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var names []string
	for i, all := range []files{
		{"readme.md": "1"},
		{"fleet/eu/a.hcl": "1"},
		{"fleet/eu/a.hcl": "2", "readme.md": "2"},
		{"fleet/eu/readme.md": "1", "other/b.hcl": "1"},
		{"fleet": "a file"},
		{"readme.md": "2"},
		{"fleet/deep/er/c.hcl": "1"},
		{"fleet/c.hcl": "1"},
	} {
		names = append(names, f.dated("c", int64(i), all))
	}
	at := func(n int) string {
		if n < 0 {
			return ""
		}
		return names[n]
	}
	for folder, want := range map[string][2][]int{ // before, after; of c0 ... c7
		"fleet":    {{-1, 1, 2, 2, 2, 2, 6, 7}, {1, 2, 6, 6, 6, 6, 7, -1}},
		"/fleet/":  {{-1, 1, 2, 2, 2, 2, 6, 7}, {1, 2, 6, 6, 6, 6, 7, -1}},
		"fleet/eu": {{-1, 1, 2, 2, 2, 2, 2, 2}, {1, 2, -1, -1, -1, -1, -1, -1}},
		"feet":     {{-1, -1, -1, -1, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1, -1, -1}},
		"":         {{-1, 1, 2, 3, 3, 3, 6, 7}, {1, 2, 3, 6, 6, 6, 7, -1}},
	} {
		c := openClone(t, f.dir, "", folder)
		for n, name := range names {
			got := value[Near](t)(c.Nearest(context.Background(), name))
			if want := (Near{Before: at(want[0][n]), After: at(want[1][n])}); got != want {
				t.Errorf("%q at c%d: %+v, not %+v", folder, n, got, want)
			}
		}
	}
}

func TestAMalformedTreeHoldsNoDeclarations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.commit("begin", files{"fleet/a.hcl": "one"})
	broken := f.object(plumbing.TreeObject, []byte("100644 a.hcl"))
	f.commitOn("main", "broken", broken)
	f.commitOn("main", "broken below", f.rawTree(raw{"40000", "fleet", broken}))
	head := f.head("main").String()
	for _, folder := range []string{"", "fleet"} {
		c := openClone(t, f.dir, "", folder)
		if got := value[Near](t)(c.Nearest(context.Background(), head)); got != (Near{Before: first}) {
			t.Errorf("%q: %+v", folder, got)
		}
	}
}
