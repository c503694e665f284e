package trust

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 to see it refused
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestSignaturesOfEachSSHAlgorithm(t *testing.T) {
	t.Parallel()
	for _, key := range []crypto.Signer{
		must2(rsa.GenerateKey(rand.Reader, 2048))(t),
		must2(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t),
		must2(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))(t),
		newKey(t),
	} {
		a := author{name: "ada@example.com", signer: must2(ssh.NewSignerFromSigner(key))(t)}
		t.Run(a.signer.PublicKey().Type(), func(t *testing.T) {
			t.Parallel()
			a.signer = sha2(a.signer)
			who, err := verify(allow(t, a), a.sign(t, unsigned("x")))
			must(t, err)
			if want := ssh.FingerprintSHA256(a.signer.PublicKey()); who.Key != want || who.Kind != SSH || who.Principals[0] != a.name {
				t.Errorf("signed by %s, want %s", who, want)
			}
		})
	}
}

func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return key
}

// withAlgorithm signs with another algorithm than the default one of the key,
// which is SHA-1 for RSA.
type withAlgorithm struct {
	ssh.AlgorithmSigner
	algorithm string
}

func (w withAlgorithm) Sign(r io.Reader, message []byte) (*ssh.Signature, error) {
	return w.SignWithAlgorithm(r, message, w.algorithm)
}

func sha2(s ssh.Signer) ssh.Signer {
	if s.PublicKey().Type() == ssh.KeyAlgoRSA {
		return withAlgorithm{s.(ssh.AlgorithmSigner), ssh.KeyAlgoRSASHA512}
	}
	return s
}

// securityKey signs as a FIDO key does: PROTOCOL.u2f of openssh.
type securityKey struct {
	key   ed25519.PrivateKey
	flags byte
}

func (s securityKey) PublicKey() ssh.PublicKey {
	key, _ := ssh.ParsePublicKey(ssh.Marshal(struct{ Type, Key, Application string }{
		ssh.KeyAlgoSKED25519, string(s.key.Public().(ed25519.PublicKey)), "ssh:",
	}))
	return key
}

func (s securityKey) Sign(_ io.Reader, message []byte) (*ssh.Signature, error) {
	application, hash := sha256.Sum256([]byte("ssh:")), sha256.Sum256(message)
	rest := []byte{s.flags, 0, 0, 0, 7}
	signed := bytes.Join([][]byte{application[:], rest, hash[:]}, nil)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(s.key, signed), Rest: rest}, nil
}

func TestSecurityKeysMustBeTouched(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	touched := author{name: "ada@example.com", signer: securityKey{key, 1}}
	untouched := author{name: "ada@example.com", signer: securityKey{key, 0}}
	keys := allow(t, touched)
	if _, err := verify(keys, touched.sign(t, unsigned("x"))); err != nil {
		t.Errorf("touched: %v", err)
	}
	_, err := verify(keys, untouched.sign(t, unsigned("x")))
	checkDistrust(t, err, BadSignature, "does not fit")
}

func TestWeakSSHSignaturesDoNotCount(t *testing.T) {
	t.Parallel()
	long := must2(ssh.NewSignerFromSigner(must2(rsa.GenerateKey(rand.Reader, 2048))(t)))(t)
	short := sha2(must2(ssh.NewSignerFromSigner(must2(rsa.GenerateKey(rand.Reader, 1024))(t)))(t))
	var old dsa.PrivateKey
	must(t, dsa.GenerateParameters(&old.Parameters, rand.Reader, dsa.L1024N160))
	must(t, dsa.GenerateKey(&old, rand.Reader))
	for name, test := range map[string]struct {
		signer ssh.Signer
		want   string
	}{
		"RSA with SHA-1":    {withAlgorithm{long.(ssh.AlgorithmSigner), ssh.KeyAlgoRSA}, "SHA-1"},
		"RSA of 1,024 bits": {short, "1024 bits"},
		"DSA":               {must2(ssh.NewSignerFromKey(&old))(t), "ssh-dss"},
	} {
		a := author{name: "ada@example.com", signer: test.signer}
		_, err := verify(allow(t, a), a.sign(t, unsigned(name)))
		checkDistrust(t, err, WeakAlgorithm, test.want)
	}
}

func TestSSHSignaturesThatDoNotCount(t *testing.T) {
	t.Parallel()
	ada := newAuthor(t, "ada@example.com")
	raw := unsigned("x")
	good := ada.signature(t, raw, gitNamespace)
	blob, err := parseSSHSignature(good)
	must(t, err)
	change := func(f func(*sshSignature)) string {
		changed := blob
		f(&changed)
		return armorSSH(changed)
	}
	for name, test := range map[string]struct {
		signature string
		reason    Reason
		want      string
	}{
		"another namespace":       {ada.signature(t, raw, "file"), WrongPurpose, `"file"`},
		"namespace changed after": {change(func(s *sshSignature) { s.Namespace = "file" }), BadSignature, "does not fit"},
		"an older hash":           {change(func(s *sshSignature) { s.HashAlgorithm = "sha1" }), WeakAlgorithm, "sha1"},
		"another hash":            {change(func(s *sshSignature) { s.HashAlgorithm = "sha256" }), BadSignature, "does not fit"},
		"a later version":         {change(func(s *sshSignature) { s.Version = 2 }), Unsupported, "version 2"},
		"a reserved field":        {change(func(s *sshSignature) { s.Reserved = "x" }), Unsupported, "reserved"},
		"another magic":           {change(func(s *sshSignature) { s.Magic[0] = 'X' }), Malformed, "not one"},
		"no signature in it":      {change(func(s *sshSignature) { s.Signature = "\x01" }), Malformed, "cut short"},
		"something behind":        {change(func(s *sshSignature) { s.Signature += "x" }), Malformed, "something behind"},
		"a key that is none":      {change(func(s *sshSignature) { s.PublicKey = "x" }), Malformed, "cannot be read"},
		"two blocks":              {good + "\n" + good, Malformed, "one armored block"},
		"text behind":             {good + "\ntext", Malformed, "one armored block"},
		"no end":                  {strings.TrimSuffix(good, sshEnd), Malformed, "one armored block"},
		"not base64":              {sshBegin + "\n!\n" + sshEnd, Malformed, "base64"},
		"nothing":                 {sshBegin + "\n" + sshEnd, Malformed, "cut short"},
		"too large":               {sshBegin + strings.Repeat("A", 1<<16) + sshEnd, Malformed, "bytes"},
		"X.509":                   {"-----BEGIN SIGNED MESSAGE-----\nMII\n-----END SIGNED MESSAGE-----", Unsupported, "X.509"},
		"no known kind":           {"trust me", Malformed, "no known kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := verify(allow(t, ada), withSignature(raw, test.signature))
			checkDistrust(t, err, test.reason, test.want)
		})
	}
}

func TestSSHCertificatesAreNotSupported(t *testing.T) {
	t.Parallel()
	authority, ada := newAuthor(t, "authority"), newAuthor(t, "ada@example.com")
	cert := &ssh.Certificate{Key: ada.signer.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{ada.name}, ValidBefore: ssh.CertTimeInfinity}
	must(t, cert.SignCert(rand.Reader, authority.signer))
	raw := author{signer: must2(ssh.NewCertSigner(cert, ada.signer))(t)}.sign(t, unsigned("x"))
	_, err := verify(allow(t, ada), raw)
	checkDistrust(t, err, Unsupported, "certificate")
}

func TestWhoMaySignWithSSH(t *testing.T) {
	t.Parallel()
	ada, eve := newAuthor(t, "ada@example.com"), newAuthor(t, "eve@example.com")
	raw := ada.sign(t, unsigned("x"))
	for name, test := range map[string]struct {
		allowed, revoked string
		reason           Reason
		want             string // a part of the reason, or the principals
	}{
		"nobody":                {"", "", UnknownKey, "not among the allowed signers"},
		"another":               {eve.line(""), "", UnknownKey, ssh.FingerprintSHA256(ada.signer.PublicKey())},
		"her":                   {ada.line(""), "", "", "ada@example.com"},
		"for git":               {ada.line(`namespaces="file,git"`), "", "", "ada@example.com"},
		"for a pattern":         {ada.line(`namespaces="g?t*"`), "", "", "ada@example.com"},
		"for files":             {ada.line(`namespaces="file"`), "", WrongPurpose, "only for file"},
		"now":                   {ada.line(`valid-after="20260101Z",valid-before="20270101Z"`), "", "", "ada@example.com"},
		"to the second":         {ada.line(`valid-after="20260303140000Z"`), "", "", "ada@example.com"},
		"up to the second":      {ada.line(`valid-before="20260303140000Z"`), "", "", "ada@example.com"},
		"later":                 {ada.line(`valid-after="20260303140001Z"`), "", ExpiredKey, "in force only from 2026-03-03 14:00:01 UTC"},
		"no longer":             {ada.line(`valid-before="202603031359Z"`), "", ExpiredKey, "expired 2026-03-03 13:59:00 UTC"},
		"in one of two lines":   {ada.line(`valid-before="20250101"`) + ada.line(""), "", "", "ada@example.com"},
		"revoked":               {ada.line(""), ada.key(), RevokedKey, "revoked"},
		"only revoked":          {"", ada.key(), RevokedKey, "revoked"},
		"another one's revoked": {ada.line("") + eve.line(""), eve.key(), "", "ada@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var keys Keys
			var err error
			keys.AllowedSigners, err = ParseAllowedSigners("allowed_signers", []byte(test.allowed))
			must(t, err)
			keys.Revoked, err = ParseRevokedKeys("revoked_keys", []byte(test.revoked))
			must(t, err)
			who, err := verify(keys, raw)
			if test.reason != "" {
				checkDistrust(t, err, test.reason, test.want)
			} else if got := strings.Join(who.Principals, ","); err != nil || got != test.want {
				t.Errorf("signed by %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestABadSignatureByARevokedKeyIsStillBad(t *testing.T) {
	t.Parallel()
	ada := newAuthor(t, "ada@example.com")
	keys := allow(t, ada)
	keys.Revoked = []SSHKey{keys.AllowedSigners[0].SSHKey}
	raw := withSignature(unsigned("x"), ada.signature(t, unsigned("y"), gitNamespace))
	_, err := verify(keys, raw)
	checkDistrust(t, err, BadSignature, "does not fit")
}

func FuzzSSHSignature(f *testing.F) {
	ada := newAuthor(f, "ada@example.com")
	keys := allow(f, ada)
	raw := unsigned("x")
	good := ada.signature(f, raw, gitNamespace)
	blob, err := parseSSHSignature(good)
	must(f, err)
	f.Add([]byte(ssh.Marshal(blob)))
	f.Fuzz(func(t *testing.T, blob []byte) {
		var sig sshSignature
		if ssh.Unmarshal(blob, &sig) != nil {
			return
		}
		who, err := verify(keys, withSignature(raw, armorSSH(sig)))
		if err == nil && (who.Key != keys.AllowedSigners[0].Fingerprint || armorSSH(sig) != good) {
			t.Fatalf("accepted %x", blob)
		}
	})
}

func BenchmarkVerifySSH(b *testing.B) {
	ada := newAuthor(b, "ada@example.com")
	keys, raw := allow(b, ada), ada.sign(b, unsigned("x"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(keys, raw); err != nil {
			b.Fatal(err)
		}
	}
}
