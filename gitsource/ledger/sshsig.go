package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// SSH signatures as ssh-keygen -Y makes them (PROTOCOL.sshsig of OpenSSH), in
// the namespace that git gives its commits.
const (
	sigMagic     = "SSHSIG"
	sigNamespace = "git" // of commits
	sigVersion   = 1
	sigBlock     = "SSH SIGNATURE"
)

// sigBlob is what stands between the armour, after the magic.
type sigBlob struct {
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// sigMessage is what is signed, after the magic.
type sigMessage struct {
	Namespace string
	Reserved  string
	Hash      string
	Digest    []byte
}

// sign makes an armoured signature over the text of a commit.
func sign(key ssh.Signer, text []byte) (string, error) {
	blob, err := signIn(sigNamespace, key, text)
	return armour(blob), err
}

// signIn makes a signature over a text in a namespace, which keeps it from
// being taken for one over something else.
func signIn(namespace string, key ssh.Signer, text []byte) ([]byte, error) {
	digest := sha512.Sum512(text)
	message := append([]byte(sigMagic), ssh.Marshal(sigMessage{Namespace: namespace, Hash: "sha512", Digest: digest[:]})...)
	signature, err := signWith(key, message)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", ssh.FingerprintSHA256(key.PublicKey()), err)
	}
	blob := ssh.Marshal(sigBlob{
		Version: sigVersion, PublicKey: key.PublicKey().Marshal(),
		Namespace: namespace, Hash: "sha512", Signature: ssh.Marshal(signature),
	})
	return append([]byte(sigMagic), blob...), nil
}

// signWith signs. An RSA key would sign with SHA-1 unless asked otherwise.
func signWith(key ssh.Signer, message []byte) (*ssh.Signature, error) {
	if key.PublicKey().Type() != ssh.KeyAlgoRSA {
		return key.Sign(rand.Reader, message)
	}
	able, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("the RSA key signs with SHA-1 only")
	}
	return able.SignWithAlgorithm(rand.Reader, message, ssh.KeyAlgoRSASHA512)
}

// armour wraps at 70 characters, as ssh-keygen does; it would read others too.
func armour(blob []byte) string {
	text := base64.StdEncoding.EncodeToString(blob)
	var b strings.Builder
	b.WriteString("-----BEGIN " + sigBlock + "-----\n")
	for len(text) > 0 {
		n := min(70, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString("-----END " + sigBlock + "-----\n")
	return b.String()
}

var errUnsigned = errors.New("it is not signed")

// checkSignature returns the key of a good signature over the text of a commit.
func checkSignature(armoured string, text []byte) (ssh.PublicKey, error) {
	if armoured == "" {
		return nil, errUnsigned
	}
	block, _ := pem.Decode([]byte(armoured))
	if block == nil || block.Type != sigBlock {
		return nil, errors.New("it is signed, and not with an SSH key")
	}
	return checkIn(sigNamespace, block.Bytes, text)
}

// checkIn returns the key of a good signature over a text in a namespace.
func checkIn(namespace string, signature, text []byte) (ssh.PublicKey, error) {
	rest, ok := strings.CutPrefix(string(signature), sigMagic)
	if !ok {
		return nil, errors.New("its signature is malformed")
	}
	var blob sigBlob
	if err := ssh.Unmarshal([]byte(rest), &blob); err != nil {
		return nil, errors.New("its signature is malformed")
	}
	return blob.check(namespace, text)
}

func (b sigBlob) check(namespace string, text []byte) (ssh.PublicKey, error) {
	key, err := ssh.ParsePublicKey(b.PublicKey)
	if err != nil {
		return nil, errors.New("its signature names no key that is known here")
	}
	var signature ssh.Signature
	if err := ssh.Unmarshal(b.Signature, &signature); err != nil {
		return nil, errors.New("its signature is malformed")
	}
	if b.Version != sigVersion || b.Namespace != namespace || signature.Format == ssh.KeyAlgoRSA {
		return nil, errors.New("its signature is of a kind that is not accepted")
	}
	digest, ok := digestOf(b.Hash, text)
	if !ok {
		return nil, errors.New("its signature is of a kind that is not accepted")
	}
	signed := ssh.Marshal(sigMessage{Namespace: b.Namespace, Reserved: b.Reserved, Hash: b.Hash, Digest: digest})
	if err := key.Verify(append([]byte(sigMagic), signed...), &signature); err != nil {
		return nil, errors.New("its signature is not of this commit")
	}
	return key, nil
}

func digestOf(hash string, text []byte) ([]byte, bool) {
	switch hash {
	case "sha512":
		sum := sha512.Sum512(text)
		return sum[:], true
	case "sha256":
		sum := sha256.Sum256(text)
		return sum[:], true
	}
	return nil, false
}
