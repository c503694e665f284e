package main

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestWhatIsNoKeyForTheLedgerSaysWhy(t *testing.T) {
	t.Parallel()
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, err := ssh.NewPublicKey(private.Public())
	must(t, err)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	must(t, err)
	for name, test := range map[string]struct{ text, want string }{
		"public": {string(ssh.MarshalAuthorizedKey(public)), "is a public key, and signing needs the private one"},
		"locked": {string(pem.EncodeToMemory(locked)), "has a passphrase, and nobody is there to type it"},
		"other":  {"no key", "no key found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "key")
			must(t, os.WriteFile(file, []byte(test.text), 0o600))
			if _, err := signingKey(file); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want ...%s...", err, test.want)
			}
		})
	}
}
