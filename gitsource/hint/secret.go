package hint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	// ShortestSecret is how many bytes a secret must have. A shorter one may be
	// guessed from one hook that somebody has seen.
	ShortestSecret = 16
	// MostSecrets is how many may be valid at a time: the old and the new one,
	// while the forge is told.
	MostSecrets = 2
)

// signingPrefix marks a signing token, whose key stands behind it in base64
// (Standard Webhooks 1.0.0, "Signature scheme").
const signingPrefix = "whsec_"

// Secret is what a forge and the agent share.
type Secret struct {
	text    []byte // as it is typed into the forge
	signing []byte // the key of a signing token; nil for other secrets
}

// ParseSecrets reads a file of secrets, one a line; white space around them
// and empty lines do not count. Its error never holds a secret.
func ParseSecrets(file []byte) ([]Secret, error) {
	var secrets []Secret
	for line := range bytes.Lines(file) {
		text := bytes.TrimSpace(line)
		if len(text) == 0 {
			continue
		}
		secret, err := parseSecret(text)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	switch {
	case len(secrets) == 0:
		return nil, errors.New("no secret is there")
	case len(secrets) > MostSecrets:
		return nil, fmt.Errorf("%d secrets are there, and %d at most may be valid at a time", len(secrets), MostSecrets)
	}
	return secrets, nil
}

func parseSecret(text []byte) (Secret, error) {
	secret := Secret{text: text}
	length := len(text)
	if encoded, ok := strings.CutPrefix(string(text), signingPrefix); ok {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return Secret{}, fmt.Errorf("what stands behind %s is not base64", signingPrefix)
		}
		secret.signing, length = key, len(key)
	}
	if length < ShortestSecret {
		return Secret{}, fmt.Errorf("a secret of %d bytes is too short, it must have %d", length, ShortestSecret)
	}
	return secret, nil
}
