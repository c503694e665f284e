package hint

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bodySchemes are those that sign the body and nothing else, in the order in
// which they are looked at.
var bodySchemes = []struct{ header, prefix string }{
	{"X-Hub-Signature-256", "sha256="},
	{"X-Gitea-Signature", ""},
	{"X-Forgejo-Signature", ""},
	{"X-Signature-256", "sha256="},
}

const (
	tokenHeader     = "X-Gitlab-Token"
	oldHeader       = "X-Hub-Signature" // of SHA-1
	idHeader        = "Webhook-Id"
	timestampHeader = "Webhook-Timestamp"
	signatureHeader = "Webhook-Signature"
)

// tolerance is how far a timestamp may be from now, so that a hook that
// somebody has recorded cannot be sent again later. The libraries of Standard
// Webhooks allow as much.
const tolerance = 5 * time.Minute

// claim is one signature that must be right.
type claim struct {
	header string
	any    [][]byte    // what the header says; one of them is enough
	sums   []hash.Hash // what the secrets make of the body; one of them is enough
}

// claims are the signatures of one request. The body is written to sums before
// they are judged; it may be of any length, as nothing of it is kept.
type claims struct {
	all  []claim
	sums io.Writer
}

// readClaims reads the signatures of a request. It refuses what can be refused
// without the body. No error holds the value of a header.
func readClaims(h http.Header, secrets []Secret, now time.Time) (claims, error) {
	token, err := checkToken(h, secrets)
	if err != nil {
		return claims{}, err
	}
	bodies, err := bodyClaims(h, secrets)
	if err != nil {
		return claims{}, err
	}
	stamped, err := stampedClaims(h, secrets, now)
	if err != nil {
		return claims{}, err
	}
	c := claims{all: append(bodies, stamped...)}
	if !token && len(c.all) == 0 && h.Get(oldHeader) != "" {
		return claims{}, errors.New("the only signature is " + oldHeader + ", which is SHA-1 and does not count: let the forge send " + bodySchemes[0].header)
	}
	if !token && len(c.all) == 0 {
		return claims{}, errors.New("there is no signature: set the secret at the forge too")
	}
	c.sums = c.writer()
	return c, nil
}

// writer writes to each sum once, however many claims share it.
func (c claims) writer() io.Writer {
	seen := map[hash.Hash]bool{}
	writers := []io.Writer{io.Discard}
	for _, claim := range c.all {
		for _, sum := range claim.sums {
			if !seen[sum] {
				seen[sum] = true
				writers = append(writers, sum)
			}
		}
	}
	return io.MultiWriter(writers...)
}

// judge says which signature is wrong, after the whole body was written.
func (c claims) judge() error {
	for _, claim := range c.all {
		if !claim.right() {
			return fmt.Errorf("%s is wrong: another secret, or a body that was changed", claim.header)
		}
	}
	return nil
}

func (c claim) right() bool {
	right := false
	for _, sum := range c.sums {
		made := sum.Sum(nil)
		for _, said := range c.any {
			right = hmac.Equal(said, made) || right
		}
	}
	return right
}

// single is the one value of a header; ok is false when it is not there.
// Two values leave open which one counts, so both are refused.
func single(h http.Header, name string) (value string, ok bool, err error) {
	switch values := h.Values(name); {
	case len(values) == 0:
		return "", false, nil
	case len(values) > 1:
		return "", false, fmt.Errorf("%s is there twice", name)
	case values[0] == "":
		return "", false, emptyError(name)
	default:
		return values[0], true, nil
	}
}

// emptyError is about a signature without a sum, as Gitea sends it when its
// hook has no secret.
func emptyError(name string) error {
	return fmt.Errorf("%s is empty: set the secret at the forge too", name)
}

// checkToken compares GitLab's secret token, which is the secret itself.
// Digests are compared, so that the time says nothing about its length.
func checkToken(h http.Header, secrets []Secret) (there bool, err error) {
	value, there, err := single(h, tokenHeader)
	if err != nil || !there {
		return false, err
	}
	said := sha256.Sum256([]byte(value))
	right := false
	for _, secret := range secrets {
		is := sha256.Sum256(secret.text)
		right = hmac.Equal(said[:], is[:]) || right
	}
	if !right {
		return true, fmt.Errorf("%s is wrong: another secret", tokenHeader)
	}
	return true, nil
}

func bodyClaims(h http.Header, secrets []Secret) ([]claim, error) {
	var found []claim
	sums := make([]hash.Hash, len(secrets))
	for i, secret := range secrets {
		sums[i] = hmac.New(sha256.New, secret.text)
	}
	for _, scheme := range bodySchemes {
		value, there, err := single(h, scheme.header)
		if err != nil {
			return nil, err
		}
		if !there {
			continue
		}
		if value == scheme.prefix {
			return nil, emptyError(scheme.header)
		}
		digits, ok := strings.CutPrefix(value, scheme.prefix)
		said, err := hex.DecodeString(digits)
		if !ok || err != nil || len(said) != sha256.Size {
			return nil, fmt.Errorf("%s is not %s64 hexadecimal digits", scheme.header, scheme.prefix)
		}
		found = append(found, claim{header: scheme.header, any: [][]byte{said}, sums: sums})
	}
	return found, nil
}

// stampedClaims reads the three headers of Standard Webhooks. Only signing
// tokens count: their key is another than that of the body's signatures, so
// that one cannot be passed off as the other.
func stampedClaims(h http.Header, secrets []Secret, now time.Time) ([]claim, error) {
	id, hasID, idErr := single(h, idHeader)
	stamp, hasStamp, stampErr := single(h, timestampHeader)
	value, hasValue, valueErr := single(h, signatureHeader)
	if err := errors.Join(idErr, stampErr, valueErr); err != nil {
		return nil, err
	}
	if !hasValue {
		return nil, nil // an id alone signs nothing
	}
	if !hasID || !hasStamp {
		return nil, fmt.Errorf("%s needs %s and %s", signatureHeader, idHeader, timestampHeader)
	}
	if strings.Contains(id, ".") { // it would leave open where the timestamp begins
		return nil, fmt.Errorf("%s has a dot", idHeader)
	}
	if err := fresh(stamp, now); err != nil {
		return nil, err
	}
	said, err := readSignatures(value)
	if err != nil {
		return nil, err
	}
	sums := stampedSums(secrets, id+"."+stamp+".")
	if len(sums) == 0 {
		return nil, fmt.Errorf("%s needs a signing token among the secrets, which begins with %s", signatureHeader, signingPrefix)
	}
	return []claim{{header: signatureHeader, any: said, sums: sums}}, nil
}

func stampedSums(secrets []Secret, head string) []hash.Hash {
	var sums []hash.Hash
	for _, secret := range secrets {
		if secret.signing != nil {
			sum := hmac.New(sha256.New, secret.signing)
			io.WriteString(sum, head) // a hash takes everything
			sums = append(sums, sum)
		}
	}
	return sums
}

// fresh refuses a timestamp, in seconds since 1970, that is too far from now.
func fresh(stamp string, now time.Time) error {
	seconds, err := strconv.ParseUint(stamp, 10, 62)
	if err != nil {
		return fmt.Errorf("%s is not a number of seconds", timestampHeader)
	}
	if off := now.Sub(time.Unix(int64(seconds), 0)).Abs(); off > tolerance {
		return fmt.Errorf("%s is more than %s from now: sent again, or a clock is wrong", timestampHeader, tolerance)
	}
	return nil
}

// readSignatures reads a list of signatures, of which those of version 1 are
// HMAC-SHA256. Others are passed over.
func readSignatures(value string) ([][]byte, error) {
	var said [][]byte
	for _, entry := range strings.Fields(value) {
		version, encoded, _ := strings.Cut(entry, ",")
		if version != "v1" {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("%s is not v1, and 32 bytes in base64", signatureHeader)
		}
		said = append(said, sum)
	}
	if len(said) == 0 {
		return nil, fmt.Errorf("%s has none of version v1", signatureHeader)
	}
	return said, nil
}
