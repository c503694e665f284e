package trust

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAllowedSignersReadsWhatSSHKeygenReads(t *testing.T) {
	t.Parallel()
	ada := newAuthor(t, "ada@example.com")
	for name, test := range map[string]struct {
		line string
		want AllowedSigner
	}{
		"plain":           {"ada@example.com " + ada.key(), AllowedSigner{Principals: []string{"ada@example.com"}}},
		"tabs, comment":   {"\tada@example.com\t" + ada.key() + " of Ada", AllowedSigner{Principals: []string{"ada@example.com"}}},
		"several, quoted": {`"ada@example.com,*@ops.example.com" ` + ada.key(), AllowedSigner{Principals: []string{"ada@example.com", "*@ops.example.com"}}},
		"Windows":         {"ada@example.com " + ada.key() + "\r", AllowedSigner{Principals: []string{"ada@example.com"}}},
		"options": {`ada@example.com NameSpaces="git,file",valid-after="20260101",valid-before="202601020304Z" ` + ada.key(), AllowedSigner{
			Principals: []string{"ada@example.com"}, Namespaces: []string{"git", "file"},
			After: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Before: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAllowedSigners("f", []byte("# comment\n\n"+test.line+"\n"))
			must(t, err)
			test.want.SSHKey = newSSHKey(ada.signer.PublicKey())
			if diff := cmp.Diff([]AllowedSigner{test.want}, got, cmp.Comparer(func(a, b SSHKey) bool { return a.wire == b.wire && a.Fingerprint == b.Fingerprint })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAllowedSignersRefusesWhatItWouldNotHonour(t *testing.T) {
	t.Parallel()
	key := newAuthor(t, "ada@example.com").key()
	for line, want := range map[string]string{
		"ada@example.com":                                                         "no key behind",
		`"ada@example.com ` + key:                                                 "does not end",
		"ada@example.com ssh-ed25519 AAAA":                                        "no SSH public key",
		"ada@example.com ssh-rsa " + key[12:]:                                     "no SSH public key",
		key:                                                                       "no SSH public key",
		"ada@example.com cert-authority " + key:                                   "cert-authority is not supported",
		`ada@example.com namespaces="git`:                                         "no SSH public key",
		"ada@example.com namespaces=git " + key:                                   "double quotes",
		`ada@example.com namespaces="!git,*" ` + key:                              "exceptions are not supported",
		`ada@example.com namespaces="" ` + key:                                    "an empty namespace",
		"!eve@example.com,* " + key:                                               "exceptions are not supported",
		"ada@example.com,, " + key:                                                "an empty principal",
		`ada@example.com verify-required="yes" ` + key:                            "unknown option",
		`ada@example.com valid-after="tomorrow" ` + key:                           "not a time",
		`ada@example.com valid-after="20261301Z" ` + key:                          "not a time",
		`ada@example.com valid-before="2026Z" ` + key:                             "not a time",
		`ada@example.com valid-after="20260101Z",valid-after="20250101Z" ` + key:  "stands twice",
		`ada@example.com valid-after="20260102Z",valid-before="20260101Z" ` + key: "never in force",
	} {
		_, err := ParseAllowedSigners("/etc/moult/allowed_signers", []byte("# one\n"+line+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "/etc/moult/allowed_signers:2: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got: %v\nwant: ...%s...", line, err, want)
		}
	}
}

func TestAllMistakesOfAFileAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ParseAllowedSigners("f", []byte("a\nb\n"))
	if err == nil || !strings.Contains(err.Error(), "f:1: ") || !strings.Contains(err.Error(), "f:2: ") {
		t.Errorf("got %v", err)
	}
}

func TestAPrivateKeyIsOneMistake(t *testing.T) {
	t.Parallel()
	text := []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nBG5vbmUAAAAEbm9uZQ==\n-----END OPENSSH PRIVATE KEY-----\n")
	_, allowed := ParseAllowedSigners("f", text)
	_, revoked := ParseRevokedKeys("f", text)
	for _, err := range []error{allowed, revoked} {
		if err == nil || !strings.HasPrefix(err.Error(), "f:1: is a private key") || !strings.Contains(err.Error(), ".pub") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	}
}

func TestRevokedKeysRefusesWhatItWouldNotHonour(t *testing.T) {
	t.Parallel()
	ada := newAuthor(t, "ada@example.com")
	for text, want := range map[string]string{
		ada.line(""):               "f:1: options before a revoked key",
		"SHA256:abc\n":             "f:1: no SSH public key",
		"SSHKRL\n\x00\x00\x00\x01": "binary key revocation list",
	} {
		if _, err := ParseRevokedKeys("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParseAllowedSigners(f *testing.F) {
	ada := newAuthor(f, "ada@example.com")
	f.Add([]byte(ada.line("")))
	f.Add([]byte(ada.line(`namespaces="git",valid-after="20260101Z"`)))
	f.Add([]byte(`"a,b" cert-authority ` + ada.key()))
	f.Fuzz(func(t *testing.T, text []byte) {
		signers, err := ParseAllowedSigners("f", text)
		if err == nil && len(signers) > strings.Count(string(text), "\n")+1 {
			t.Fatal("more signers than lines")
		}
		for _, s := range signers {
			if len(s.Principals) == 0 || s.Fingerprint == "" || s.wire == "" {
				t.Fatalf("a line without a principal or a key: %+v", s)
			}
		}
	})
}
