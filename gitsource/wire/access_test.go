package wire

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moult/gitsource/fault"
)

// written is a file with a text.
func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSettingsThatCannotWorkAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for says, a := range map[string]Access{
		`authorization "digest" is unknown; write basic or bearer`:         {Authorization: "digest"},
		"the proxy's URL cannot be parsed":                                 {Proxy: "http://user:" + secret + "@exa mple:1"},
		"starts with http, https or socks5, not with socks4":               {Proxy: "socks4://user:" + secret + "@proxy:1"},
		"the proxy's URL names no user for its password":                   {Proxy: "http://proxy:1", ProxyPasswordFile: "none"},
		"read the file with certificate authorities: open /none: no such":  {CAFile: "/none"},
		"read the client certificate: open /none: no such file":            {CertificateFile: "/none"},
		"read the key of the client certificate: open /none: no such file": {CertificateKeyFile: "/none"},
		"use the client certificate: tls: failed to find any PEM":          {CertificateFile: written(t, secret), CertificateKeyFile: written(t, secret)},
		"give both files: the certificate, and the key that belongs to it": {CertificateKeyFile: written(t, secret)},
	} {
		err := a.Check()
		if !errors.Is(err, fault.ErrSettings) || !strings.Contains(err.Error(), says) {
			t.Errorf("error is %v, want one that says %q", err, says)
		}
		if text := fmt.Sprintf("%v %v %+v %#v", err, a, a, a); strings.Contains(text, secret) {
			t.Errorf("the secret is shown: %s", text)
		}
	}
}

func TestASecretThatIsNotThereYetIsNoReasonNotToBegin(t *testing.T) {
	t.Parallel()
	a := Access{PasswordFile: "/none", KeyFile: "/none", KnownHosts: []string{"/none"}, Proxy: "http://user@proxy:1", ProxyPasswordFile: "/none"}
	if err := a.Check(); err != nil {
		t.Error(err)
	}
}

func TestFilesNamesEveryFile(t *testing.T) {
	t.Parallel()
	a := Access{
		Username: "u", Proxy: "http://proxy", PasswordFile: "a", KeyFile: "b", KnownHosts: []string{"c", "d"},
		CAFile: "e", CertificateFile: "f", CertificateKeyFile: "g", ProxyPasswordFile: "h",
	}
	got := a.Files()
	slices.Sort(got)
	if strings.Join(got, "") != "abcdefgh" || len((Access{}).Files()) != 0 {
		t.Errorf("files are %q", got)
	}
}

func TestAPasswordFileHoldsOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"pw": "pw", "pw\n": "pw", "pw\r\n": "pw", " p w ": " p w "} {
		if got, err := readSecret(written(t, text)); got != want || err != nil {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "\n", "two\nlines", "s3cr3t\x00"} {
		got, err := readSecret(written(t, text))
		if !errors.Is(err, fault.ErrCredentials) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
}

func TestBearerSendsTheTokenAlone(t *testing.T) {
	t.Parallel()
	at, err := ParseLocation("https://git.example.com/fleet.git")
	if err != nil {
		t.Fatal(err)
	}
	for authorization, want := range map[string]string{
		"": "Basic eC1hY2Nlc3MtdG9rZW46dG9r", Basic: "Basic eC1hY2Nlc3MtdG9rZW46dG9r", Bearer: "Bearer tok",
	} {
		r := &http.Request{Header: http.Header{}}
		err := authorizerOf(at, Access{PasswordFile: written(t, "tok\n"), Authorization: authorization}).authorize(r)
		if got := r.Header.Get("Authorization"); got != want || err != nil {
			t.Errorf("%q sends %q, %v, want %q", authorization, got, err, want)
		}
	}
}

func TestURLsThatHoldASecret(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"https://user:pw@git.example.com/fleet.git":         true,
		"https://token@git.example.com/fleet.git":           true,
		"https://git.example.com/fleet.git?private_token=x": true,
		"ssh://git:pw@git.example.com/fleet.git":            true,
		"https://user:p w@%zz/":                             true,
		"https://git.example.com/fleet.git":                 false,
		"ssh://git@git.example.com/fleet.git":               false,
		"git@git.example.com:fleet.git":                     false,
		"/srv/fleet.git":                                    false,
		"":                                                  false,
	} {
		if got := HoldsSecret(raw); got != want {
			t.Errorf("HoldsSecret(%q) is %v", raw, got)
		}
	}
}
