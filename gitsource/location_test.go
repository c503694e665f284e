package gitsource

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestURLsAreReadAsGitReadsThem(t *testing.T) {
	t.Parallel()
	here := value[string](t)(os.Getwd())
	for raw, want := range map[string]location{
		"https://example.com/team/fleet.git/": {scheme: "https", shown: "https://example.com/team/fleet.git/"},
		"http://bob:pw@example.com:81/x?t=1":  {scheme: "http", user: "bob", pass: "pw", shown: "http://example.com:81/x"},
		"https://ghp_token@example.com/x":     {scheme: "https", user: "ghp_token", shown: "https://example.com/x"},
		"ssh://example.com/srv/x":             {scheme: "ssh", user: "git", host: "example.com:22", path: "/srv/x", shown: "ssh://example.com/srv/x"},
		"ssh://me:pw@example.com:2222/~you/x": {scheme: "ssh", user: "me", host: "example.com:2222", path: "~you/x", shown: "ssh://me@example.com:2222/~you/x"},
		"git+ssh://[::1]:22/x":                {scheme: "ssh", user: "git", host: "[::1]:22", path: "/x", shown: "ssh://[::1]:22/x"},
		"git@example.com:team/fleet.git":      {scheme: "ssh", user: "git", host: "example.com:22", path: "team/fleet.git", shown: "git@example.com:team/fleet.git"},
		"example.com:/srv/x":                  {scheme: "ssh", user: "git", host: "example.com:22", path: "/srv/x", shown: "git@example.com:/srv/x"},
		"file:///srv/fleet.git":               {scheme: "file", path: "/srv/fleet.git", shown: "/srv/fleet.git"},
		"/srv/fleet.git/":                     {scheme: "file", path: "/srv/fleet.git", shown: "/srv/fleet.git"},
		"./a:b":                               {scheme: "file", path: filepath.Join(here, "a:b"), shown: filepath.Join(here, "a:b")},
	} {
		got, err := parseLocation(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(location{}), cmpopts.IgnoreTypes(&url.URL{})); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
}

// TestSecretsAreShownNowhere: not by the errors, not by the log, not by fmt.
func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	closed := httptest.NewServer(nil)
	closed.Close()
	denied, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	moved, _ := serve(t, http.RedirectHandler("http://"+secret+"@example.invalid/?q="+secret, http.StatusFound))
	for _, base := range []string{closed.URL, denied, moved, "http://exa mple", "ftp://host", "ssh://127.0.0.1:1"} {
		scheme, rest, _ := strings.Cut(base, "://")
		var log strings.Builder
		r := repository(t, scheme+"://user:"+secret+"@"+rest+"/fleet.git?token="+secret+"#"+secret)
		r.Log = slog.New(slog.NewJSONHandler(&log, nil))
		r.Access.KeyFile = filepath.Join(t.TempDir(), "none")
		_, err := r.Fetch(t.Context())
		if err == nil {
			t.Fatalf("%s: no error", base)
		}
		r.Log.Info("x", "repository", r)
		for e := err; e != nil; e = errors.Unwrap(e) {
			log.WriteString(e.Error())
		}
		fmt.Fprintf(&log, "%v %+v %#v %s", r, r, r, err)
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s: the secret is shown: %s", base, &log)
		}
	}
}

// authorized lets only one user in.
func authorized(user, pass string, h http.Handler) http.Handler {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+pass))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestPasswordInTheURLAndInAFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	base, _ := serve(t, authorized("bob", "pw", plainServer(t, f)))
	refused(t, repository(t, base+"/fleet.git"), ErrDenied, "401")
	fetch(t, repository(t, strings.Replace(base, "://", "://bob:pw@", 1)+"/fleet.git"))

	r := repository(t, strings.Replace(base, "://", "://x:y@", 1)+"/fleet.git")
	r.Access = Access{Username: "bob", PasswordFile: filepath.Join(t.TempDir(), "password")}
	refused(t, r, ErrDenied, "check the password file")
	must(t, os.WriteFile(r.Access.PasswordFile, []byte("old\n"), 0o600))
	refused(t, r, ErrDenied, "401")
	must(t, os.WriteFile(r.Access.PasswordFile, []byte("pw\n"), 0o600))
	fetch(t, r)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	var h http.Handler = plainServer(t, f)
	here, seen := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/old.git/") {
			http.Redirect(w, r, strings.Replace(r.URL.String(), "/old.git/", "/fleet.git/", 1), http.StatusMovedPermanently)
			return
		}
		h.ServeHTTP(w, r)
	}))
	r := repository(t, here+"/old.git")
	fetch(t, r)
	seen.reset()
	f.commit("next", files{"a.hcl": "two"})
	fetch(t, r) // knows the new place: no more redirects for requests

	elsewhere, _ := serve(t, http.RedirectHandler(here+"/fleet.git/info/refs?service=git-upload-pack", http.StatusFound))
	fetch(t, repository(t, elsewhere+"/x.git"))
	withSecret := repository(t, strings.Replace(elsewhere, "://", "://bob:pw@", 1)+"/x.git")
	refused(t, withSecret, ErrNotFound, "the server redirects to "+here+"/fleet.git/info/refs; configure the new URL")
}
