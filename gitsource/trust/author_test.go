package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/crypto/ssh"
)

// author writes commits and signs them with an SSH key, in the test itself:
// policies need many commits, and other tools are slow.
type author struct {
	name   string
	signer ssh.Signer
}

func newAuthor(t testing.TB, name string) author {
	t.Helper()
	seed := sha512.Sum512([]byte(name))
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize]))
	must(t, err)
	return author{name: name, signer: signer}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// line is the author's line of an allowed_signers file.
func (a author) line(options string) string {
	return fmt.Sprintf("%s %s %s\n", a.name, options, a.key())
}

// key is the author's public key, as in a .pub file.
func (a author) key() string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(a.signer.PublicKey())))
}

// allow makes keys that trust the authors.
func allow(t testing.TB, authors ...author) Keys {
	t.Helper()
	var text string
	for _, a := range authors {
		text += a.line("")
	}
	signers, err := ParseAllowedSigners("allowed_signers", []byte(text))
	must(t, err)
	return Keys{AllowedSigners: signers}
}

// commitTime is when the commits of the tests were made.
var commitTime = time.Date(2026, 3, 3, 14, 0, 0, 0, time.UTC)

// unsigned is a commit without a signature.
func unsigned(subject string, parents ...plumbing.Hash) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", plumbing.ComputeHash(plumbing.TreeObject, []byte(subject)))
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	for _, who := range []string{"author", "committer"} {
		fmt.Fprintf(&b, "%s Ada <ada@example.com> %d +0000\n", who, commitTime.Unix())
	}
	fmt.Fprintf(&b, "\n%s\n", subject)
	return []byte(b.String())
}

// sign puts the author's signature into a commit.
func (a author) sign(t testing.TB, raw []byte) []byte {
	t.Helper()
	return withSignature(raw, a.signature(t, raw, gitNamespace))
}

// signature signs a message for a namespace, as ssh-keygen -Y sign does.
func (a author) signature(t testing.TB, message []byte, namespace string) string {
	t.Helper()
	hash := sha512.Sum512(message)
	blob := sshSignature{
		Magic: [6]byte([]byte(sshMagic)), Version: 1, PublicKey: string(a.signer.PublicKey().Marshal()),
		Namespace: namespace, HashAlgorithm: "sha512",
	}
	sig, err := a.signer.Sign(rand.Reader, ssh.Marshal(sshSigned{
		Magic: blob.Magic, Namespace: namespace, HashAlgorithm: blob.HashAlgorithm, Hash: string(hash[:]),
	}))
	must(t, err)
	blob.Signature = string(ssh.Marshal(sig))
	return armorSSH(blob)
}

func armorSSH(blob sshSignature) string {
	return sshBegin + "\n" + base64.StdEncoding.EncodeToString(ssh.Marshal(blob)) + "\n" + sshEnd
}

// withSignature puts a signature behind the other headers, where git puts it.
func withSignature(raw []byte, signature string) []byte {
	return withHeader(raw, "gpgsig "+strings.ReplaceAll(signature, "\n", "\n "))
}

func withHeader(raw []byte, header string) []byte {
	head, message, _ := bytes.Cut(raw, []byte("\n\n"))
	return fmt.Appendf(nil, "%s\n%s\n\n%s", head, header, message)
}

func hashOf(raw []byte) plumbing.Hash { return plumbing.ComputeHash(plumbing.CommitObject, raw) }

// verify parses and verifies a commit.
func verify(keys Keys, raw []byte) (Signer, error) {
	c, err := Parse(raw)
	if err != nil {
		return Signer{}, err
	}
	return keys.Verify(c)
}
