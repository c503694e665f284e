package awssim

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// identity is who calls and where the call goes, as far as a request says.
type identity struct {
	account, region, service, principal string
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
	id.principal = principalOfToken(token)
	if id.principal == "" {
		id.principal = "arn:aws:iam::" + id.account + ":user/" + key
	}
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

// tokenPrefix marks the session tokens of the simulated STS, which carry the
// caller's ARN so that nothing has to be remembered.
const tokenPrefix = "sim."

// sessionToken is the session token for a principal, given as ARN.
func sessionToken(arn string) string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(arn))
}

// principalOfToken is the ARN in a session token, "" for a foreign token.
func principalOfToken(token string) string {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return ""
	}
	arn, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return ""
	}
	return string(arn)
}
