package wire

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestURLsAreReadAsGitReadsThem(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]Location{
		"https://example.com/team/fleet.git/": {Scheme: "https", shown: "https://example.com/team/fleet.git/"},
		"http://bob:pw@example.com:81/x?t=1":  {Scheme: "http", user: "bob", pass: "pw", shown: "http://example.com:81/x"},
		"https://ghp_token@example.com/x":     {Scheme: "https", user: "ghp_token", shown: "https://example.com/x"},
		"ssh://example.com/srv/x":             {Scheme: "ssh", user: "git", host: "example.com:22", Path: "/srv/x", shown: "ssh://example.com/srv/x"},
		"ssh://me:pw@example.com:2222/~you/x": {Scheme: "ssh", user: "me", host: "example.com:2222", Path: "~you/x", shown: "ssh://me@example.com:2222/~you/x"},
		"git+ssh://[::1]:22/x":                {Scheme: "ssh", user: "git", host: "[::1]:22", Path: "/x", shown: "ssh://[::1]:22/x"},
		"git@example.com:team/fleet.git":      {Scheme: "ssh", user: "git", host: "example.com:22", Path: "team/fleet.git", shown: "git@example.com:team/fleet.git"},
		"example.com:/srv/x":                  {Scheme: "ssh", user: "git", host: "example.com:22", Path: "/srv/x", shown: "git@example.com:/srv/x"},
		"file:///srv/fleet.git":               {Scheme: "file", Path: "/srv/fleet.git", shown: "/srv/fleet.git"},
		"/srv/fleet.git/":                     {Scheme: "file", Path: "/srv/fleet.git", shown: "/srv/fleet.git"},
		"./a:b":                               {Scheme: "file", Path: filepath.Join(here, "a:b"), shown: filepath.Join(here, "a:b")},
	} {
		got, err := ParseLocation(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Location{}), cmpopts.IgnoreTypes(&url.URL{})); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
}
