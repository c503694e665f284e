package trust

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSHKey is a public SSH key.
type SSHKey struct {
	Fingerprint string // SHA256:...

	public ssh.PublicKey
	wire   string // as it goes over the wire (RFC 4253, section 6.6)
}

func newSSHKey(public ssh.PublicKey) SSHKey {
	return SSHKey{Fingerprint: ssh.FingerprintSHA256(public), public: public, wire: string(public.Marshal())}
}

// AllowedSigner is one line of an allowed_signers file.
type AllowedSigner struct {
	SSHKey
	Principals []string  // at least one
	Namespaces []string  // patterns of what the key may sign; nil means anything
	After      time.Time // the key is in force from then; zero means always
	Before     time.Time // and up to then; zero means for ever
}

// allows is nil when the key may sign a commit that was made at a time. The
// times themselves are inside, as they are for ssh-keygen.
func (a AllowedSigner) allows(at time.Time) error {
	who := fmt.Sprintf("is signed with SSH key %s of %s", a.Fingerprint, strings.Join(a.Principals, ", "))
	switch {
	case !a.SignsCommits():
		return distrust(WrongPurpose, "%s, which may sign only for %s", who, strings.Join(a.Namespaces, ", "))
	case !a.After.IsZero() && at.Before(a.After):
		return distrust(ExpiredKey, "%s, which is in force only from %s, and was made %s", who, stamp(a.After), stamp(at))
	case !a.Before.IsZero() && at.After(a.Before):
		return distrust(ExpiredKey, "%s, which expired %s, and was made %s", who, stamp(a.Before), stamp(at))
	}
	return nil
}

// SignsCommits reports whether the key may sign what git makes.
func (a AllowedSigner) SignsCommits() bool {
	for _, pattern := range a.Namespaces {
		if wild(pattern, gitNamespace) {
			return true
		}
	}
	return a.Namespaces == nil
}

// Public is the key itself.
func (k SSHKey) Public() ssh.PublicKey { return k.public }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ParseAllowedSigners reads the format of the section ALLOWED SIGNERS in
// ssh-keygen(1): principals, options, key. It refuses what it would not honour:
// cert-authority, and principals or namespaces that begin with "!". A time
// without Z is UTC too, where ssh-keygen takes the zone of the machine: here
// all machines must agree.
//
// The error joins all mistakes, each with file and line.
func ParseAllowedSigners(file string, text []byte) ([]AllowedSigner, error) {
	return parseLines(file, text, parseAllowedSigner)
}

// ParseRevokedKeys reads a file of revoked SSH keys: one public key a line, as
// ssh-keygen writes it to a .pub file. A binary key revocation list is refused.
//
// The error joins all mistakes, each with file and line.
func ParseRevokedKeys(file string, text []byte) ([]SSHKey, error) {
	if strings.HasPrefix(string(text), "SSHKRL\n\x00") {
		return nil, fmt.Errorf("%s: is a binary key revocation list; list the keys themselves, one a line", file)
	}
	return parseLines(file, text, func(line string) (SSHKey, error) {
		key, options, err := parseSSHKey(line)
		if err == nil && len(options) > 0 {
			err = errors.New("options before a revoked key; write the key alone")
		}
		return key, err
	})
}

// parseLines parses all lines but empty ones and comments.
func parseLines[T any](file string, text []byte, parse func(string) (T, error)) ([]T, error) {
	var found []T
	var mistakes []error
	for number, line := range lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(line, "-----BEGIN ") && strings.HasSuffix(line, " PRIVATE KEY-----") {
			return nil, fmt.Errorf("%s:%d: is a private key, which must not be here; name the public one, which ssh-keygen writes beside it in a file that ends in .pub", file, number)
		}
		one, err := parse(line)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", file, number, err))
			continue
		}
		found = append(found, one)
	}
	return found, errors.Join(mistakes...)
}

// lines numbers the lines of a text from 1.
func lines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			if number++; !yield(number, line) {
				return
			}
		}
	}
}

func parseAllowedSigner(line string) (AllowedSigner, error) {
	var a AllowedSigner
	names, rest, err := cutPrincipals(line)
	if err != nil {
		return a, err
	}
	if a.Principals, err = parsePatterns("principal", names); err != nil {
		return a, err
	}
	key, options, err := parseSSHKey(rest)
	if err != nil {
		return a, err
	}
	a.SSHKey = key
	return a, a.takeOptions(options)
}

// cutPrincipals cuts the first field off, which may stand in quotes.
func cutPrincipals(line string) (names, rest string, err error) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		if names, rest, ok = strings.Cut(quoted, `"`); !ok {
			return "", "", errors.New("a quote that does not end")
		}
		return names, rest, nil
	}
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return "", "", errors.New("no key behind the principals")
	}
	return line[:end], line[end:], nil
}

func parsePatterns(what, list string) ([]string, error) {
	patterns := strings.Split(list, ",")
	for _, p := range patterns {
		if p == "" {
			return nil, fmt.Errorf("an empty %s in %q", what, list)
		}
		if p[0] == '!' {
			return nil, fmt.Errorf("%s %q: exceptions are not supported; write out who may sign", what, p)
		}
	}
	return patterns, nil
}

// parseSSHKey reads options and a key from one line.
func parseSSHKey(line string) (SSHKey, []string, error) {
	public, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return SSHKey{}, nil, errors.New("no SSH public key, or one that cannot be read; a line looks like this: ada@example.com ssh-ed25519 AAAAC3Nz")
	}
	if _, is := public.(*ssh.Certificate); is {
		return SSHKey{}, nil, errors.New("certificates are not supported; list the key itself")
	}
	return newSSHKey(public), options, nil
}

func (a *AllowedSigner) takeOptions(options []string) error {
	seen := map[string]bool{}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if seen[name] {
			return fmt.Errorf("option %s stands twice", name)
		}
		seen[name] = true
		value, quoted := strings.CutPrefix(value, `"`)
		value, ended := strings.CutSuffix(value, `"`)
		if name != "cert-authority" && !(quoted && ended) {
			return fmt.Errorf("option %.40q: a value in double quotes is missing", option)
		}
		if err := a.takeOption(name, value); err != nil {
			return err
		}
	}
	if !a.After.IsZero() && !a.Before.IsZero() && !a.After.Before(a.Before) {
		return errors.New("valid-before is not later than valid-after: the key is never in force")
	}
	return nil
}

func (a *AllowedSigner) takeOption(name, value string) (err error) {
	switch name {
	case "namespaces":
		a.Namespaces, err = parsePatterns("namespace", value)
	case "valid-after":
		a.After, err = parseStamp(name, value)
	case "valid-before":
		a.Before, err = parseStamp(name, value)
	case "cert-authority":
		err = errors.New("cert-authority is not supported; list the keys themselves, without it")
	default:
		err = fmt.Errorf("unknown option %.40q; there are namespaces, valid-after and valid-before", name)
	}
	return err
}

// parseStamp reads YYYYMMDD[HHMM[SS]][Z].
func parseStamp(name, value string) (time.Time, error) {
	digits := strings.TrimSuffix(value, "Z")
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(digits) != len(layout) {
			continue
		}
		if t, err := time.Parse(layout, digits); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %.40q: not a time; write it as 20261123Z or 20261123140000Z", name, value)
}
