package aws

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

func TestADescriptionIsReadBack(t *testing.T) {
	t.Parallel()
	l := lineage{Commit: strings.Repeat("4f2a91c0", 5), Group: "production/web", Image: "ami-0f3c9d5e6a7b8c9d0", Base: 3}
	want := "moult commit=4f2a91c04f2a91c04f2a91c04f2a91c04f2a91c0 group=production/web ami=ami-0f3c9d5e6a7b8c9d0 base=3"
	if diff := cmp.Diff(want, l.String()); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	if got, ok := readLineage(l.String()); !ok || got != l {
		t.Errorf("read back %+v, %v", got, ok)
	}
}

func TestADescriptionFitsWhateverTheGroupIsCalled(t *testing.T) {
	t.Parallel()
	l := lineage{Commit: strings.Repeat("a", 64), Group: strings.Repeat("my group ", 60), Image: "ami-0f3c9d5e6a7b8c9d0", Base: 9999}
	if n := len(l.String()); n > 255 {
		t.Errorf("%d characters", n)
	}
	got, ok := readLineage(l.String())
	if got.Group = l.Group; !ok || got != l {
		t.Errorf("read back %+v, %v", got, ok)
	}
}

func TestOnlyADescriptionOfOursIsBelieved(t *testing.T) {
	t.Parallel()
	const image = "ami-0f3c9d5e6a7b8c9d0"
	good := lineage{Commit: "4f2a91c0", Group: "production/web", Image: image, Base: 3}.String()
	for _, c := range []struct {
		why, description, image string
		want                    int64
	}{
		{"as written", good, image, 3},
		{"none", "", image, 7},
		{"a person's words", "web servers, base=3", image, 7},
		{"something before it", "copy of " + good, image, 7},
		{"something after it", good + " (edited)", image, 7},
		{"no number", strings.Replace(good, "base=3", "base=x", 1), image, 7},
		{"a base too large to be one", strings.Replace(good, "base=3", "base=99999999999999999999", 1), image, 7},
		{"a blank that is none to a regular expression", strings.Replace(good, "group=", "group=\v", 1), image, 7},
		{"a base that is no older", strings.Replace(good, "base=3", "base=7", 1), image, 7},
		{"another image, so that somebody copied it", good, "ami-11111111111111111", 7},
	} {
		v := versionOf("lt-1", 7, c.image, c.description)
		if v.Base != c.want || (v.Commit != "") != (c.want == 3) {
			t.Errorf("%s: base %d, commit %q, want base %d", c.why, v.Base, v.Commit, c.want)
		}
	}
}

func FuzzReadLineage(f *testing.F) {
	f.Add("moult commit=4f2a91c0 group=production/web ami=ami-0f3c9d5e base=3")
	f.Add("moult commit= group= ami=ami-1 base=1")
	f.Fuzz(func(t *testing.T, description string) {
		l, ok := readLineage(description)
		if !ok {
			return
		}
		if l.String() != description {
			t.Errorf("%q is read as %+v, and written again as %q", description, l, l.String())
		}
		if v := versionOf("lt-1", 1, l.Image, description); v.Base != 1 {
			t.Errorf("%q makes version 1 stand on %d", description, v.Base)
		}
	})
}

func TestAVersionIsItsOwnBase(t *testing.T) {
	t.Parallel()
	want := reconcile.Version{Template: "lt-1", Number: 4, Image: "resolve:ssm:/web", Base: 4}
	if diff := cmp.Diff(want, versionOf("lt-1", 4, "resolve:ssm:/web", "by hand")); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}
