package gitsource

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moult/gitsource/wire"
)

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
	r.Access = wire.Access{Username: "bob", PasswordFile: filepath.Join(t.TempDir(), "password")}
	refused(t, r, ErrCredentials, "credentials cannot be used: open "+r.Access.PasswordFile+": no such file or directory; check the password file")
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
