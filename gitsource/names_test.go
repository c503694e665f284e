package gitsource

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesThatCount(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.hcl", ".hcl", ".gitignore", "git", "...", "Größe.hcl", "本番.hcl", "a b.hcl", strings.Repeat("x", 255)} {
		if !goodName(name) {
			t.Errorf("%q does not count", name)
		}
	}
	for what, name := range map[string]string{
		"nothing": "", "this folder": ".", "the one above": "..", "git's own": ".git", "git's own, on some systems": ".GiT",
		"slash": "a/b", "backslash": `a\b`, "line feed": "a\nb", "escape": "a\x1b[2Jb", "delete": "a\x7fb", "C1 control": "a\u009bb",
		"no UTF-8": "a\xffb", "long": strings.Repeat("x", 256),
		"right to left": "prod\u202elch.hcl", "isolate": "a\u2066b", "zero width": "a\u200bb", ".git on HFS+": ".g\u200cit",
		"line separator": "a\u2028b", "byte order mark": "\ufeffa.hcl", "tag": "a\U000e0041b", "private": "a\ue000b",
	} {
		if goodName(name) {
			t.Errorf("%s: %q counts", what, name)
		}
	}
}

func TestThePathOfAFileHasAnEnd(t *testing.T) {
	fromAll(t, func(t *testing.T, f *fixture, r *Repository) {
		folder := strings.Repeat("x", 250) + "/"
		fits := strings.Repeat(folder, 15) + "a.hcl"
		f.commit("fits", files{fits: "1"})
		f.commit("does not", files{strings.Repeat(folder, 17) + "a.hcl": "1"})
		fetch(t, r)
		for _, err := range r.Revisions(context.Background(), "", "") {
			if err != nil && !errors.Is(err, ErrTooLarge) {
				t.Errorf("error is %v", err)
			}
		}
		f.commit("again", files{fits: "2"})
		fetch(t, r)
		if diff := cmp.Diff([]string{"begin: a.hcl=one", "fits: " + fits + "=1", "again: " + fits + "=2"}, history(t, r, "", "")); diff != "" {
			t.Error(diff)
		}
	})
}
