package trust

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	sshBegin = "-----BEGIN SSH SIGNATURE-----"
	sshEnd   = "-----END SSH SIGNATURE-----"
	sshMagic = "SSHSIG"
	// gitNamespace is the namespace in which git signs, so that a signature for
	// something else (a file, a login) is none of a commit.
	gitNamespace = "git"
)

// leastRSABits is the shortest RSA key whose signatures count.
const leastRSABits = 2048

// sshSignature is the blob of openssh's PROTOCOL.sshsig.
type sshSignature struct {
	Magic         [6]byte
	Version       uint32
	PublicKey     string
	Namespace     string
	Reserved      string
	HashAlgorithm string
	Signature     string
}

// sshSigned is what the key signs: never the message, but its hash.
type sshSigned struct {
	Magic         [6]byte
	Namespace     string
	Reserved      string
	HashAlgorithm string
	Hash          string
}

func (k Keys) verifySSH(c Commit) (Signer, error) {
	sig, err := parseSSHSignature(c.Signature)
	if err != nil {
		return Signer{}, err
	}
	key, err := k.sshKey(sig.PublicKey)
	if err != nil {
		return Signer{}, err
	}
	if err := sig.verify(key, c); err != nil {
		return Signer{}, err
	}
	return k.allowed(key, sig.Namespace, c.Time)
}

func parseSSHSignature(text string) (sshSignature, error) {
	var sig sshSignature
	body, err := armored(text, sshBegin, sshEnd)
	if err != nil {
		return sig, err
	}
	blob, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return sig, malformed("has an SSH signature that is not base64")
	}
	if err := ssh.Unmarshal(blob, &sig); err != nil || string(sig.Magic[:]) != sshMagic {
		return sig, malformed("has an SSH signature that is cut short or not one")
	}
	switch {
	case sig.Version != 1:
		return sig, distrust(Unsupported, "has an SSH signature of version %d", sig.Version)
	case sig.Reserved != "": // for later versions; OpenSSH verifies none that uses it
		return sig, distrust(Unsupported, "has an SSH signature with a reserved field")
	}
	return sig, nil
}

// verify checks that key signed the commit.
func (s sshSignature) verify(key SSHKey, c Commit) error {
	var sig ssh.Signature
	if err := ssh.Unmarshal([]byte(s.Signature), &sig); err != nil {
		return malformed("has an SSH signature that is cut short")
	}
	if err := checkStrength(key.public, sig.Format); err != nil {
		return err
	}
	signed, err := s.signed(c)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(sig.Format, "sk-") && len(sig.Rest) > 0 { // there, the flags and the counter
		return malformed("has an SSH signature with something behind it")
	}
	if err := key.public.Verify(signed, &sig); err != nil {
		return distrust(BadSignature, "does not fit its signature by SSH key %s: it was changed after it was signed, or the signature is of something else", key.Fingerprint)
	}
	return nil
}

// checkStrength refuses what can be forged today. RSA names SHA-1 ssh-rsa and
// SHA-2 rsa-sha2 (RFC 8332); PROTOCOL.sshsig forbids the first.
func checkStrength(key ssh.PublicKey, format string) error {
	if format == ssh.KeyAlgoRSA || format == "ssh-dss" {
		return distrust(WeakAlgorithm, "is signed with %s, which is SHA-1", format)
	}
	if bits := rsaBits(key); bits > 0 && bits < leastRSABits {
		return distrust(WeakAlgorithm, "is signed with an RSA key of only %d bits", bits)
	}
	return nil
}

// rsaBits is the length of an RSA key; 0 for other keys.
func rsaBits(key ssh.PublicKey) int {
	if open, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := open.CryptoPublicKey().(*rsa.PublicKey); ok {
			return public.N.BitLen()
		}
	}
	return 0
}

// signed is what the signature of a commit is made of.
func (s sshSignature) signed(c Commit) ([]byte, error) {
	var h hash.Hash
	switch s.HashAlgorithm {
	case "sha512":
		h = sha512.New()
	case "sha256":
		h = sha256.New()
	default:
		return nil, distrust(WeakAlgorithm, "is signed over the hash %.20q", s.HashAlgorithm)
	}
	c.writeSigned(h)
	return ssh.Marshal(sshSigned{
		Magic: s.Magic, Namespace: s.Namespace, Reserved: s.Reserved,
		HashAlgorithm: s.HashAlgorithm, Hash: string(h.Sum(nil)),
	}), nil
}

// sshKey finds the key that a signature names. Only keys of the agent's files
// are ever used, so a commit cannot bring one that is costly to check.
func (k Keys) sshKey(wire string) (SSHKey, error) {
	for _, signer := range k.AllowedSigners {
		if signer.wire == wire {
			return signer.SSHKey, nil
		}
	}
	for _, key := range k.Revoked {
		if key.wire == wire {
			return key, nil
		}
	}
	public, err := ssh.ParsePublicKey([]byte(wire))
	if err != nil {
		return SSHKey{}, malformed("is signed with an SSH key that cannot be read")
	}
	if _, is := public.(*ssh.Certificate); is {
		return SSHKey{}, distrust(Unsupported, "is signed with an SSH certificate")
	}
	return SSHKey{}, distrust(UnknownKey, "is signed with SSH key %s, which is not among the allowed signers", ssh.FingerprintSHA256(public))
}

// allowed says in whose name a key signed. A key may stand in several lines;
// those that are in force count together.
func (k Keys) allowed(key SSHKey, namespace string, at time.Time) (Signer, error) {
	for _, revoked := range k.Revoked {
		if revoked.wire == key.wire {
			return Signer{}, distrust(RevokedKey, "is signed with SSH key %s, which is revoked", key.Fingerprint)
		}
	}
	if namespace != gitNamespace {
		return Signer{}, distrust(WrongPurpose, "has a signature for the namespace %.40q, not for %q", namespace, gitNamespace)
	}
	found := Signer{Kind: SSH, Key: key.Fingerprint}
	var why error
	for _, signer := range k.AllowedSigners {
		if signer.wire != key.wire {
			continue
		}
		if err := signer.allows(at); err != nil {
			why = err
			continue
		}
		found.Principals = append(found.Principals, signer.Principals...)
	}
	if len(found.Principals) == 0 {
		return Signer{}, why
	}
	return found, nil
}
