package trust

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// entity makes an OpenPGP key that was made with the keys of the tools.
func entity(t testing.TB, mail string, config packet.Config) *openpgp.Entity {
	t.Helper()
	config.Algorithm = packet.PubKeyAlgoEdDSA
	config.Time = keysMade.Local
	e, err := openpgp.NewEntity("", "", mail, &config)
	must(t, err)
	return e
}

// armorKey is what gpg --armor --export prints.
func armorKey(t testing.TB, write func(w *bytes.Buffer) error) string {
	t.Helper()
	var body, text bytes.Buffer
	must(t, write(&body))
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	must(t, err)
	_, err = w.Write(body.Bytes())
	must(t, err)
	must(t, w.Close())
	return text.String() + "\n"
}

func publicKey(t testing.TB, e *openpgp.Entity) string {
	t.Helper()
	return armorKey(t, func(w *bytes.Buffer) error { return e.Serialize(w) })
}

// signPGP puts an OpenPGP signature into a commit.
func signPGP(t testing.TB, e *openpgp.Entity, raw []byte, config packet.Config) []byte {
	t.Helper()
	config.Time = commitTime.Local
	var text bytes.Buffer
	must(t, openpgp.ArmoredDetachSign(&text, e, bytes.NewReader(raw), &config))
	return withSignature(raw, strings.TrimSpace(text.String()))
}

func parseRing(t testing.TB, text string) Keys {
	t.Helper()
	ring, err := ParseKeyring("keyring.asc", []byte(text))
	must(t, err)
	return Keys{OpenPGP: ring}
}

func TestARevokedKeyNeverCounts(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(*openpgp.Entity, *packet.Config) error{
		"key":        func(e *openpgp.Entity, c *packet.Config) error { return e.RevokeKey(packet.KeyRetired, "", c) },
		"superseded": func(e *openpgp.Entity, c *packet.Config) error { return e.RevokeKey(packet.KeySuperseded, "", c) },
		"subkey": func(e *openpgp.Entity, c *packet.Config) error {
			return e.RevokeSubkey(&e.Subkeys[1], packet.KeyCompromised, "", c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: keysMade.Local}
			e := entity(t, "ada@example.com", config)
			must(t, e.AddSigningSubkey(&config))
			raw := signPGP(t, e, unsigned("x"), packet.Config{SigningKeyId: e.Subkeys[1].PublicKey.KeyId})
			who, err := verify(parseRing(t, publicKey(t, e)), raw)
			must(t, err)
			if who.Subkey == "" {
				t.Fatal("not signed by the subkey")
			}
			after := packet.Config{Time: keysEdited.Local}
			must(t, revoke(e, &after))
			_, err = verify(parseRing(t, publicKey(t, e)), raw)
			checkDistrust(t, err, RevokedKey, "revoked")
		})
	}
}

func TestOpenPGPSignaturesThatDoNotCount(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	keys := parseRing(t, publicKey(t, e))
	raw := unsigned("x")
	good := signPGP(t, e, raw, packet.Config{})
	if _, err := verify(keys, good); err != nil {
		t.Fatal(err)
	}
	text := func() string {
		var b bytes.Buffer
		must(t, openpgp.ArmoredDetachSignText(&b, e, bytes.NewReader(raw), &packet.Config{Time: commitTime.Local}))
		return strings.TrimSpace(b.String())
	}
	for name, test := range map[string]struct {
		raw    []byte
		reason Reason
		want   string
	}{
		"of a text":       {withSignature(raw, text()), Unsupported, "type 0x01"},
		"that expires":    {signPGP(t, e, raw, packet.Config{SigLifetimeSecs: 60}), Unsupported, "expires by itself"},
		"with a notation": {signPGP(t, e, raw, packet.Config{SignatureNotations: []*packet.Notation{{Name: "x@y", Value: []byte("z"), IsCritical: true}}}), Unsupported, "x@y"},
		"of nothing":      {withSignature(raw, pgpBegin+"\n\n=twTO\n"+pgpEnd), Malformed, "something else than one"},
		"without a body":  {withSignature(raw, pgpBegin+"\n"+pgpEnd), Malformed, "cannot be read"},
		"a key instead":   {withSignature(raw, strings.ReplaceAll(strings.TrimSpace(publicKey(t, e)), "PUBLIC KEY BLOCK", "SIGNATURE")), Malformed, "something else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := verify(keys, test.raw)
			checkDistrust(t, err, test.reason, test.want)
		})
	}
}

func TestShortRSAKeysDoNotCount(t *testing.T) {
	t.Parallel()
	config := packet.Config{RSABits: 1024, Time: keysMade.Local}
	e, err := openpgp.NewEntity("", "", "ada@example.com", &config)
	must(t, err)
	_, err = verify(parseRing(t, publicKey(t, e)), signPGP(t, e, unsigned("x"), packet.Config{}))
	checkDistrust(t, err, WeakAlgorithm, "1024 bits")
}

func TestAKeyThatSignedBeforeItWasMade(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	keys := parseRing(t, publicKey(t, e))
	keys.OpenPGP[0].Created = commitTime.AddDate(0, 0, 1)
	_, err := verify(keys, signPGP(t, e, unsigned("x"), packet.Config{}))
	checkDistrust(t, err, ExpiredKey, "before that key was made")
}

func TestAKeyThatMayOnlyCertify(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	keys := parseRing(t, publicKey(t, e))
	keys.OpenPGP[0].MaySign = false
	_, err := verify(keys, signPGP(t, e, unsigned("x"), packet.Config{}))
	checkDistrust(t, err, WrongPurpose, "not marked for signing")
}

func TestAKeyWithoutANameLeftIsRevoked(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	raw := signPGP(t, e, unsigned("x"), packet.Config{})
	for name, identity := range e.Identities {
		sig := &packet.Signature{
			Version: e.PrimaryKey.Version, SigType: packet.SigTypeCertificationRevocation, PubKeyAlgo: e.PrimaryKey.PubKeyAlgo,
			Hash: crypto.SHA256, CreationTime: keysEdited, IssuerKeyId: &e.PrimaryKey.KeyId,
		}
		must(t, sig.SignUserId(name, e.PrimaryKey, e.PrivateKey, nil))
		identity.Signatures = append(identity.Signatures, sig)
	}
	_, err := verify(parseRing(t, publicKey(t, e)), raw)
	checkDistrust(t, err, RevokedKey, "revoked")
}

func TestAKeyEndsWithItsPrimaryKeyAndWithItself(t *testing.T) {
	t.Parallel()
	month := uint32(31 * 24 * 3600)
	for name, end := range map[string]struct{ primary, sub uint32 }{"primary": {month, 0}, "subkey": {0, month}} {
		config := packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: keysMade.Local, KeyLifetimeSecs: end.primary}
		e := entity(t, "ada@example.com", config)
		config.KeyLifetimeSecs = end.sub
		must(t, e.AddSigningSubkey(&config))
		keys := parseRing(t, publicKey(t, e))
		for _, key := range keys.OpenPGP { // go-crypto does not sign with an expired key
			want := key.Subkey == fmt.Sprintf("%X", e.Subkeys[1].PublicKey.Fingerprint) || end.primary > 0
			if got := key.allows(commitTime) != nil; got != want && key.MaySign {
				t.Errorf("expired %s: key %s %s expired %v, want %v", name, key.Key, key.Subkey, got, want)
			}
		}
	}
}

func TestKeyringReadsAllBlocks(t *testing.T) {
	t.Parallel()
	ada, grace := entity(t, "ada@example.com", packet.Config{}), entity(t, "grace@example.com", packet.Config{})
	both := armorKey(t, func(w *bytes.Buffer) error {
		must(t, ada.Serialize(w))
		return grace.Serialize(w)
	})
	for name, text := range map[string]string{
		"two keys in one block": both,
		"two blocks":            "Ada:\n" + publicKey(t, ada) + "\nGrace:\n" + publicKey(t, grace),
		"Windows":               strings.ReplaceAll(publicKey(t, ada)+publicKey(t, grace), "\n", "\r\n"),
	} {
		keys := parseRing(t, text)
		for _, e := range []*openpgp.Entity{ada, grace} {
			if _, err := verify(keys, signPGP(t, e, unsigned("x"), packet.Config{})); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestKeyringMistakesSayWhere(t *testing.T) {
	t.Parallel()
	ada, eve := entity(t, "ada@example.com", packet.Config{}), entity(t, "eve@example.com", packet.Config{})
	must(t, eve.RevokeKey(packet.KeyCompromised, "", &packet.Config{Time: keysMade.Local}))
	certificate := armorKey(t, func(w *bytes.Buffer) error { return eve.Revocations[0].Serialize(w) })
	key := publicKey(t, ada)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                    {"", "ring: has no armored public key"},
		"binary":                     {"\x99\x01", "ring: has no armored public key"},
		"a private key":              {"\n-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "ring:2: is a private key"},
		"no end":                     {key + keyringBegin + "\n", "does not end"},
		"no begin":                   {"\n\n" + keyringEnd + "\n", "ring:3: unexpected"},
		"an end left disabled":       {":" + keyringBegin + "\n" + keyringEnd + "\n", "ring:2: unexpected"},
		"a begin inside":             {keyringBegin + "\n" + key, "ring:2: unexpected"},
		"a signature":                {pgpBegin + "\n" + pgpEnd + "\n", "ring:1: unexpected"},
		"not a key":                  {"\n" + keyringBegin + "\n\nAAAA\n" + keyringEnd + "\n", "ring:2: read key block"},
		"a certificate without key":  {"\n" + certificate, "ring:2: revokes OpenPGP key"},
		"a certificate of another's": {key + certificate, "which is not in this file"},
		"cut short":                  {key[:len(key)/2] + "\n" + keyringEnd + "\n", "ring:1: read key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseKeyring("ring", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ...%s...", err, test.want)
			}
		})
	}
}

func TestARevocationCertificateMayComeBeforeItsKey(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	key, raw := publicKey(t, e), signPGP(t, e, unsigned("x"), packet.Config{})
	must(t, e.RevokeKey(packet.NoReason, "", &packet.Config{Time: keysMade.Local}))
	certificate := armorKey(t, func(w *bytes.Buffer) error { return e.Revocations[0].Serialize(w) })
	_, err := verify(parseRing(t, certificate+key), raw)
	checkDistrust(t, err, RevokedKey, "revoked")
}

// go-crypto would leave such a revocation out, and the key would be trusted.
func TestARevocationThatCannotBeReadIsAMistake(t *testing.T) {
	t.Parallel()
	e := entity(t, "ada@example.com", packet.Config{})
	var revocation bytes.Buffer
	must(t, e.RevokeKey(packet.KeyCompromised, "", &packet.Config{Time: keysMade.Local}))
	must(t, e.Revocations[0].Serialize(&revocation))
	revocation.Bytes()[5] = 99 // the hash, behind the header of two bytes, version, type and algorithm
	e.Revocations = nil
	text := armorKey(t, func(w *bytes.Buffer) error {
		must(t, e.PrimaryKey.Serialize(w))
		w.Write(revocation.Bytes())
		var rest bytes.Buffer
		must(t, e.Serialize(&rest))
		var key bytes.Buffer
		must(t, e.PrimaryKey.Serialize(&key))
		_, err := w.Write(rest.Bytes()[key.Len():])
		return err
	})
	if _, err := ParseKeyring("ring", []byte(text)); err == nil || !strings.Contains(err.Error(), "ring:1: a revocation that cannot be read") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseKeyring(f *testing.F) {
	f.Add([]byte(publicKey(f, entity(f, "ada@example.com", packet.Config{}))))
	f.Add([]byte(keyringBegin + "\n\nmQ==\n" + keyringEnd))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := allocated()
		ring, err := ParseKeyring("f", text)
		if used := allocated() - before; used > mostForAnInput {
			t.Errorf("%d bytes were read with %d bytes of memory", len(text), used)
		}
		for _, key := range ring {
			if err != nil || key.Key == "" || key.public == nil {
				t.Fatalf("a key that is none, or with an error: %+v, %v", key, err)
			}
		}
	})
}
