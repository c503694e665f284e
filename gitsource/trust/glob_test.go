package trust

import (
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"environments/production.hcl", "environments/production.hcl", true},
		{"environments/production.hcl", "environments/production.hcl/below", true},
		{"environments/production.hcl", "environments/production.hcl.bak", false},
		{"environments/production.hcl", "other/environments/production.hcl", false},
		{"environments/production", "environments/production/web.hcl", true},
		{"environments/production/", "environments/production/a/b.hcl", true},
		{"environments/production/**", "environments/production/a/b.hcl", true},
		{"environments/production/**", "environments/staging/a.hcl", false},
		{"environments/prod*", "environments/production.hcl", true},
		{"environments/prod*", "environments/x/production.hcl", false},
		{"environments/*.hcl", "environments/.hcl", true},
		{"**/production.hcl", "production.hcl", true},
		{"**/production.hcl", "a/b/production.hcl", true},
		{"a/**/z/**/b.hcl", "a/z/z/y/b.hcl", true},
		{"a/**/z/**/b.hcl", "a/y/b.hcl", false},
		{"environments/web-?.hcl", "environments/web-é.hcl", true},
		{"environments/web-?.hcl", "environments/web-10.hcl", false},
		{"**", "anything/at/all", true},
		{"*", "anything/at/all", true},
		{"[a]", "a", false},
	} {
		if got := covers(test.pattern, test.path); got != test.want {
			t.Errorf("covers(%q, %q) = %v", test.pattern, test.path, got)
		}
	}
}

// TestReaches: a folder is reached when a path below it may be covered.
func TestReaches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, folder string
		want            bool
	}{
		{"environments/production/**", "environments", true},
		{"environments/production/**", "environments/production", true},
		{"environments/production/", "environments/production/a/b", true},
		{"environments/production/**", "environments/staging", false},
		{"environments/production.hcl", "docs", false},
		{"environments/*/web.hcl", "environments/a", true},
		{"environments/*/web.hcl", "environments/a/b", false},
		{"**/production.hcl", "anything/at/all", true},
	} {
		if got := reaches(test.pattern, test.folder); got != test.want {
			t.Errorf("reaches(%q, %q) = %v", test.pattern, test.folder, got)
		}
	}
}

func TestPatternsThatNestStarsEnd(t *testing.T) {
	t.Parallel()
	if wild(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 20000)) || covers(strings.Repeat("**/a/", 200)+"b", strings.Repeat("a/", 10000)+"c") {
		t.Error("matched")
	}
}

func TestNamesOfSigners(t *testing.T) {
	t.Parallel()
	s := Signer{Kind: OpenPGP, Principals: []string{"ada@example.com", "*@ops.example.com"}, Key: "AB12", Subkey: "CD34"}
	for name, want := range map[string]bool{
		"ada@example.com": true, "*@example.com": true, "ada@*": true, "ADA@example.com": false,
		"ab12": true, "CD34": true, "AB": false,
		"*@ops.example.com": true, "grace@ops.example.com": false, "*@ops*": false, "": false,
	} {
		if got := s.called(name); got != want {
			t.Errorf("called(%q) = %v", name, got)
		}
	}
}
