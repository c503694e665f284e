package trust

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const (
	pgpBegin = "-----BEGIN PGP SIGNATURE-----"
	pgpEnd   = "-----END PGP SIGNATURE-----"
)

// OpenPGPKey is a primary key or a subkey of an OpenPGP keyring, with all that
// the keyring says of it already checked.
type OpenPGPKey struct {
	Signer            // what a signature by this key is worth
	Created time.Time // signatures from before are not by this key
	Expires time.Time // the earliest end of the key, its primary key and their self-signatures; zero means never
	Revoked bool      // the key, its primary key or all its names
	MaySign bool      // it is marked for signing (RFC 9580, section 5.2.3.29)

	public *packet.PublicKey
}

// verifyOpenPGP is who signed a commit. Whoever may push may send any bytes for a
// signature, and go-crypto panics on some, such as an empty subpacket: that is a
// malformed signature, and no end of the agent.
func (k Keys) verifyOpenPGP(c Commit) (who Signer, err error) {
	defer func() {
		if recover() != nil {
			who, err = Signer{}, malformed("has an OpenPGP signature that cannot be read")
		}
	}()
	sig, err := parseOpenPGPSignature(c.Signature)
	if err != nil {
		return Signer{}, err
	}
	if err := checkOpenPGPSignature(sig); err != nil {
		return Signer{}, err
	}
	key, err := k.openPGPKey(sig, c)
	if err != nil {
		return Signer{}, err
	}
	if err := key.allows(sig.CreationTime); err != nil {
		return Signer{}, err
	}
	return key.Signer, nil
}

// parseOpenPGPSignature reads exactly one signature packet. What begins as
// anything else is not given to go-crypto, which would unpack a compressed packet
// on the way to saying that it is none.
func parseOpenPGPSignature(text string) (*packet.Signature, error) {
	if _, err := armored(text, pgpBegin, pgpEnd); err != nil {
		return nil, err
	}
	body, err := dearmor(text)
	if err != nil {
		return nil, malformed("has an OpenPGP signature that cannot be read")
	}
	if !beginsAsSignature(body) {
		return nil, malformed("has something else than one OpenPGP signature")
	}
	packets := packet.NewReader(bytes.NewReader(body))
	first, err := packets.NextWithUnsupported()
	if err != nil {
		return nil, malformed("has an OpenPGP signature that is cut short or not one")
	}
	if unsupported, is := first.(*packet.UnsupportedPacket); is {
		return nil, distrust(Unsupported, "has an OpenPGP signature with an %s", strings.TrimPrefix(unsupported.Error.Error(), "openpgp: "))
	}
	sig, is := first.(*packet.Signature)
	if _, err := packets.NextWithUnsupported(); !is || !errors.Is(err, io.EOF) {
		return nil, malformed("has something else than one OpenPGP signature")
	}
	return sig, nil
}

// beginsAsSignature reports whether the first packet is a signature (type 2), in
// either of the formats of RFC 9580, section 4.2.
func beginsAsSignature(body []byte) bool {
	const current, legacy = 0xC0 | 2, 0x80 | 2<<2 // of the legacy format, two more bits say how long its length is
	return len(body) > 0 && (body[0] == current || body[0]&^3 == legacy)
}

// checkOpenPGPSignature checks what a signature says of itself, before any key
// is looked at.
func checkOpenPGPSignature(sig *packet.Signature) error {
	switch {
	case sig.SigType != packet.SigTypeBinary: // a text signature leaves line ends open
		return distrust(Unsupported, "has an OpenPGP signature of type 0x%02x, where git makes 0x00", int(sig.SigType))
	case sig.IssuerKeyId == nil && sig.IssuerFingerprint == nil:
		return malformed("has an OpenPGP signature that does not name its key")
	case sig.Hash == crypto.SHA1:
		return distrust(WeakAlgorithm, "is signed over a SHA-1 hash")
	case sig.SigLifetimeSecs != nil && *sig.SigLifetimeSecs != 0:
		return distrust(Unsupported, "has an OpenPGP signature that expires by itself (gpg's default-sig-expire)")
	}
	for _, notation := range sig.Notations {
		if notation.IsCritical {
			return distrust(Unsupported, "has an OpenPGP signature with the critical notation %.60q", notation.Name)
		}
	}
	return nil
}

// openPGPKey finds the key that made the signature. Key IDs are short enough to
// be made twice, so each key that fits is tried.
func (k Keys) openPGPKey(sig *packet.Signature, c Commit) (OpenPGPKey, error) {
	err := error(distrust(UnknownKey, "is signed with OpenPGP key %s, which is not in the keyring", issuer(sig)))
	for _, key := range k.OpenPGP {
		if !sig.CheckKeyIdOrFingerprint(key.public) {
			continue
		}
		if err = key.verify(sig, c); err == nil {
			return key, nil
		}
	}
	return OpenPGPKey{}, err
}

func issuer(sig *packet.Signature) string {
	if sig.IssuerFingerprint != nil {
		return fmt.Sprintf("%X", sig.IssuerFingerprint)
	}
	return fmt.Sprintf("%016X", *sig.IssuerKeyId)
}

// verify checks that the key signed the commit.
func (k OpenPGPKey) verify(sig *packet.Signature, c Commit) error {
	if k.public.PubKeyAlgo == packet.PubKeyAlgoDSA {
		return distrust(WeakAlgorithm, "is signed with DSA")
	}
	if bits := k.rsaBits(); bits > 0 && bits < leastRSABits {
		return distrust(WeakAlgorithm, "is signed with an RSA key of only %d bits", bits)
	}
	h, err := sig.PrepareVerify()
	if err != nil {
		return distrust(Unsupported, "has an OpenPGP signature over a hash that this program does not know")
	}
	c.writeSigned(h)
	if err := k.public.VerifySignature(h, sig); err != nil {
		return distrust(BadSignature, "does not fit its signature by %s: it was changed after it was signed, or the signature is of something else", k.Signer)
	}
	return nil
}

// rsaBits is the length of an RSA key; 0 for other keys.
func (k OpenPGPKey) rsaBits() int {
	switch k.public.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
		bits, _ := k.public.BitLength() // fails only for algorithms without a length
		return int(bits)
	}
	return 0
}

// allows is nil when the key may sign, and was in force when it did.
func (k OpenPGPKey) allows(at time.Time) error {
	switch {
	case k.Revoked:
		return distrust(RevokedKey, "is signed by %s, and that key is revoked", k.Signer)
	case !k.MaySign:
		return distrust(WrongPurpose, "is signed by %s with a key that is not marked for signing", k.Signer)
	case at.Before(k.Created):
		return distrust(ExpiredKey, "is signed by %s %s, before that key was made (%s)", k.Signer, stamp(at), stamp(k.Created))
	case !k.Expires.IsZero() && at.After(k.Expires):
		return distrust(ExpiredKey, "is signed by %s %s, and that key expired %s", k.Signer, stamp(at), stamp(k.Expires))
	}
	return nil
}

// dearmor decodes one armored block.
func dearmor(block string) ([]byte, error) {
	decoded, err := armor.Decode(strings.NewReader(block))
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	_, err = body.ReadFrom(decoded.Body)
	return body.Bytes(), err
}
