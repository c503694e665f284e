package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const (
	keyringBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	keyringEnd   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// ParseKeyring reads what gpg --armor --export writes: public keys, each with
// its subkeys and revocations, in one block or many. A block may also be a
// revocation certificate (gpg --gen-revoke) of a key elsewhere in the file.
//
// Unlike gpg it leaves nothing out quietly: a key that cannot be read, or a
// revocation that cannot be checked, is a mistake. The error joins all of them,
// each with file and line.
func ParseKeyring(file string, text []byte) ([]OpenPGPKey, error) {
	blocks, err := splitKeyring(file, string(text))
	if err != nil {
		return nil, err
	}
	var ring keyring
	var mistakes []error
	for _, b := range blocks {
		if err := ring.read(b); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", file, b.line, err))
		}
	}
	for _, r := range ring.revocations {
		if !ring.revoke(r.signature) {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: revokes OpenPGP key %s, which is not in this file", file, r.line, issuer(r.signature)))
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return ring.keys(), nil
}

// block is one armored part of a keyring file.
type block struct {
	text string
	line int // of the file, from 1
}

// splitKeyring finds the armored blocks; what stands between them is comment.
func splitKeyring(file, text string) ([]block, error) {
	var blocks []block
	begin, end, began := 0, 0, 0 // offsets of the block and of the line; the line where a block began, 0 outside
	for number, line := range lines(text) {
		end += len(line)
		switch bare := strings.TrimSpace(line); {
		case strings.HasPrefix(bare, "-----BEGIN PGP PRIVATE"):
			return nil, fmt.Errorf("%s:%d: is a private key, which must not be here; export the public one (gpg --armor --export)", file, number)
		case bare == keyringBegin && began == 0:
			begin, began = end-len(line), number
		case bare == keyringEnd && began > 0:
			blocks = append(blocks, block{text: text[begin:end], line: began})
			began = 0
		case strings.HasPrefix(bare, "-----"):
			return nil, fmt.Errorf("%s:%d: unexpected %.60q", file, number, bare)
		}
	}
	if began > 0 {
		return nil, fmt.Errorf("%s:%d: the key block that begins here does not end", file, began)
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s: has no armored public key; make it with gpg --armor --export", file)
	}
	return blocks, nil
}

// keyring collects the keys and revocation certificates of a file.
type keyring struct {
	entities    []*openpgp.Entity
	revocations []revocation
}

type revocation struct {
	signature *packet.Signature
	line      int
}

// read reads a block. go-crypto panics on some that are no keys.
func (r *keyring) read(b block) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("read key block: it is not what gpg exports")
		}
	}()
	body, err := dearmor(b.text)
	if err != nil {
		return fmt.Errorf("read key block: %w", err)
	}
	if err := checkRevocations(body); err != nil {
		return err
	}
	packets := packet.NewReader(bytes.NewReader(body))
	first, err := packets.Next()
	if err != nil {
		return fmt.Errorf("read key block: %w", err)
	}
	if sig, is := first.(*packet.Signature); is && sig.SigType == packet.SigTypeKeyRevocation {
		r.revocations = append(r.revocations, revocation{signature: sig, line: b.line})
		return nil
	}
	packets.Unread(first)
	return r.readEntities(packets)
}

// checkRevocations refuses revocations that go-crypto cannot read: it would
// leave them out, and the key would be trusted.
func checkRevocations(body []byte) error {
	packets := packet.NewReader(bytes.NewReader(body))
	for {
		next, err := packets.NextWithUnsupported()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read key block: %w", err)
		}
		unsupported, is := next.(*packet.UnsupportedPacket)
		if !is {
			continue
		}
		if sig, is := unsupported.IncompletePacket.(*packet.Signature); is && isRevocation(sig.SigType) {
			return fmt.Errorf("a revocation that cannot be read: %w; take the key out", unsupported.Error)
		}
	}
}

func isRevocation(t packet.SignatureType) bool {
	return t == packet.SigTypeKeyRevocation || t == packet.SigTypeSubkeyRevocation || t == packet.SigTypeCertificationRevocation
}

// readEntities reads primary keys with all that belongs to them. Signatures in
// between are checked on the way.
func (r *keyring) readEntities(packets *packet.Reader) error {
	for {
		entity, err := openpgp.ReadEntity(packets)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read key %d of the block: %w", len(r.entities)+1, err)
		}
		if selfSignature(entity) == nil {
			return fmt.Errorf("key %X has no name that it signed itself", entity.PrimaryKey.Fingerprint)
		}
		r.entities = append(r.entities, entity)
	}
}

// revoke applies a revocation certificate to its key.
func (r *keyring) revoke(sig *packet.Signature) bool {
	for _, entity := range r.entities {
		if sig.CheckKeyIdOrFingerprint(entity.PrimaryKey) && entity.PrimaryKey.VerifyRevocationSignature(sig) == nil {
			entity.Revocations = append(entity.Revocations, sig)
			return true
		}
	}
	return false
}

// keys lists primary keys and subkeys with what is known of them.
func (r *keyring) keys() []OpenPGPKey {
	var keys []OpenPGPKey
	for _, entity := range r.entities {
		primary := primaryKey(entity)
		keys = append(keys, primary)
		for _, sub := range entity.Subkeys {
			keys = append(keys, primary.subkey(sub))
		}
	}
	return keys
}

func primaryKey(e *openpgp.Entity) OpenPGPKey {
	self := selfSignature(e)
	names, inForce := principals(e)
	return OpenPGPKey{
		Signer:  Signer{Kind: OpenPGP, Principals: names, Key: fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)},
		Created: e.PrimaryKey.CreationTime,
		Expires: expiry(e.PrimaryKey, self),
		Revoked: len(e.Revocations) > 0 || !inForce,
		MaySign: self.FlagsValid && self.FlagSign,
		public:  e.PrimaryKey,
	}
}

func (k OpenPGPKey) subkey(sub openpgp.Subkey) OpenPGPKey {
	k.Subkey = fmt.Sprintf("%X", sub.PublicKey.Fingerprint)
	k.Created = sub.PublicKey.CreationTime
	k.Expires = earlier(k.Expires, expiry(sub.PublicKey, sub.Sig))
	k.Revoked = k.Revoked || len(sub.Revocations) > 0
	k.MaySign = sub.Sig.FlagsValid && sub.Sig.FlagSign
	k.public = sub.PublicKey
	return k
}

// selfSignature is the newest statement of a key about itself; nil when there
// is none. A key is renewed by a newer one, which also speaks for the time
// before it was made.
func selfSignature(e *openpgp.Entity) *packet.Signature {
	newest := e.SelfSignature
	for _, name := range slices.Sorted(maps.Keys(e.Identities)) {
		sig := e.Identities[name].SelfSignature
		if sig != nil && (newest == nil || sig.CreationTime.After(newest.CreationTime)) {
			newest = sig
		}
	}
	return newest
}

// principals are the mail addresses of a key, or the whole names where there is
// no address; and whether any name is left. Keys of version 6 need none.
func principals(e *openpgp.Entity) (names []string, inForce bool) {
	for _, name := range slices.Sorted(maps.Keys(e.Identities)) {
		identity := e.Identities[name]
		if len(identity.Revocations) > 0 || identity.SelfSignature == nil {
			continue
		}
		if identity.UserId.Email != "" {
			name = identity.UserId.Email
		}
		names = append(names, name)
	}
	return names, len(names) > 0 || len(e.Identities) == 0
}

// expiry is when a key, or the signature that says so, ends; zero means never.
func expiry(key *packet.PublicKey, self *packet.Signature) time.Time {
	return earlier(lifetime(key.CreationTime, self.KeyLifetimeSecs), lifetime(self.CreationTime, self.SigLifetimeSecs))
}

func lifetime(from time.Time, seconds *uint32) time.Time {
	if seconds == nil || *seconds == 0 {
		return time.Time{}
	}
	return from.Add(time.Duration(*seconds) * time.Second)
}

// earlier is the earlier of two ends, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
