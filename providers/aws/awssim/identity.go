package awssim

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// identity is who calls and where the call goes, as far as a request says.
type identity struct {
	account, region, service, principal, source string
	expired                                     bool // its credentials are
}

// readIdentity takes the caller and the place from the credential scope of
// the request's SigV4 signature, in its header or (presigned) in its URL. The
// signature itself is not checked: any secret will do.
func readIdentity(req *http.Request) (id identity, signed bool) {
	scope, token := credentialScope(req)
	parts := strings.Split(scope, "/")
	if len(parts) < 5 {
		return identity{account: DefaultAccount, region: defaultRegion}, false
	}
	key := parts[0]
	n := len(parts)
	id = identity{account: accountOfKey(key), region: parts[n-3], service: parts[n-2]}
	session, known := readSessionToken(token)
	if !known {
		session.principal = "arn:aws:iam::" + id.account + ":user/" + key
	}
	id.principal, id.source, id.expired = session.principal, session.source, known && !time.Now().Before(session.expires)
	return id, true
}

// defaultRegion is where an unsigned request goes.
const defaultRegion = "us-east-1"

func credentialScope(req *http.Request) (scope, token string) {
	if _, rest, ok := strings.Cut(req.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ = strings.Cut(rest, ",")
		return strings.TrimSpace(scope), req.Header.Get("X-Amz-Security-Token")
	}
	q, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return "", ""
	}
	return q.Get("X-Amz-Credential"), q.Get("X-Amz-Security-Token")
}

// accountOfKey is the account of an access key: the one written in a key that
// the simulated STS issued, DefaultAccount for any other.
func accountOfKey(key string) string {
	rest, ok := strings.CutPrefix(key, "ASIA")
	if !ok || len(rest) < 12 || strings.Trim(rest[:12], "0123456789") != "" {
		return DefaultAccount
	}
	return rest[:12]
}

// session is what the session tokens of the simulated STS carry, so that
// nothing has to be remembered.
type session struct {
	principal string    // ARN
	source    string    // source identity, "" for none
	expires   time.Time // by the clock, in whole seconds
}

// tokenPrefix marks those tokens.
const tokenPrefix = "sim."

func (s session) token() string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(s.expires.UTC().Format(time.RFC3339)+" "+s.principal+" "+s.source))
}

// readSessionToken reports false for a foreign token.
func readSessionToken(token string) (s session, ok bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	text, err := base64.RawURLEncoding.DecodeString(rest)
	if !ok || err != nil {
		return s, false
	}
	expires, caller, _ := strings.Cut(string(text), " ")
	s.principal, s.source, _ = strings.Cut(caller, " ")
	s.expires, err = time.Parse(time.RFC3339, expires)
	return s, err == nil
}
