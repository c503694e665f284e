package trust

import (
	"strings"
)

// Keys are the keys whose signatures count. They come from the agent's own
// files, never from the repository.
type Keys struct {
	AllowedSigners []AllowedSigner
	Revoked        []SSHKey // never trusted, whatever AllowedSigners says
	OpenPGP        []OpenPGPKey
}

// The kinds of signature.
const (
	SSH     = "ssh"
	OpenPGP = "openpgp"
)

// Signer is who signed a commit. Names are those that the agent's files give to
// the key; what a commit says of its author is no proof of anything.
type Signer struct {
	Kind       string   `json:"kind"`                 // SSH or OpenPGP
	Principals []string `json:"principals,omitempty"` // of allowed_signers, or the mail addresses of the OpenPGP key
	Key        string   `json:"key"`                  // fingerprint: SHA256:... or the hexadecimal one of the OpenPGP primary key
	Subkey     string   `json:"subkey,omitempty"`     // fingerprint of the OpenPGP subkey that signed, if one did
}

func (s Signer) String() string {
	if len(s.Principals) == 0 {
		return s.Kind + " key " + s.Key
	}
	return strings.Join(s.Principals, ", ") + " (" + s.Kind + " key " + s.Key + ")"
}

// IsZero reports whether nobody signed.
func (s Signer) IsZero() bool { return s.Kind == "" }

// called reports whether the signer goes by a name: a fingerprint, a principal,
// or a pattern of principals. A principal that is itself a pattern answers only
// to the same pattern: a key for *@example.com is not Ada's.
func (s Signer) called(name string) bool {
	if strings.EqualFold(name, s.Key) || s.Subkey != "" && strings.EqualFold(name, s.Subkey) {
		return true
	}
	for _, principal := range s.Principals {
		if principal == name || !isPattern(principal) && wild(name, principal) {
			return true
		}
	}
	return false
}

func isPattern(principal string) bool { return strings.ContainsAny(principal, "*?") }

// Verify says who signed a commit. The error is a [*Distrust].
func (k Keys) Verify(c Commit) (Signer, error) {
	const most = 16 << 10 // bytes; a signature with RSA of 16384 bits has 3,000
	switch {
	case c.Signature == "":
		return Signer{}, distrust(Unsigned, "is not signed")
	case len(c.Signature) > most:
		return Signer{}, malformed("has a signature of %d bytes", len(c.Signature))
	case strings.HasPrefix(c.Signature, sshBegin):
		return k.verifySSH(c)
	case strings.HasPrefix(c.Signature, pgpBegin):
		return k.verifyOpenPGP(c)
	case strings.HasPrefix(c.Signature, "-----BEGIN SIGNED MESSAGE-----"):
		return Signer{}, distrust(Unsupported, "is signed with X.509")
	}
	return Signer{}, malformed("has a signature of no known kind")
}

// armored is the text between the lines that begin and end a signature. There
// must be nothing else: not a second signature, which might be the one that
// others look at.
func armored(text, begin, end string) (string, error) {
	body, ok := strings.CutPrefix(text, begin)
	if ok {
		body, ok = strings.CutSuffix(strings.TrimRight(body, "\r\n "), end)
	}
	if !ok || strings.Contains(body, "-----") {
		return "", malformed("has a signature that is not one armored block")
	}
	return body, nil
}
