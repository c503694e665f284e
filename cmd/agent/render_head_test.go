package main

import "testing"

func TestACaretStaysBelowWhatItPointsAt(t *testing.T) {
	t.Parallel()
	drawn := "a.hcl:7:5: the ami is wrong\n" +
		"  7 | ami = \"x\" # a comment\n" +
		"    |       ^^^\n" +
		"  so"
	cases := map[int]string{
		0: drawn,
		18: "a.hcl:7:5: the ami\n  is wrong\n" +
			"  7 | ami = \"x\" #…\n" +
			"    |       ^^^\n" +
			"  so",
		10: "a.hcl:7:5:\n  the ami\n  is wrong\n" +
			"  7 | ami = \"x\" # a comment\n" +
			"    |       ^^^\n" +
			"  so",
	}
	for width, want := range cases {
		if got := foldDrawn(drawn, width); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}
