package awssim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

var stsOperations = map[string]operation{
	"sts:GetCallerIdentity":         getCallerIdentity,
	"sts:AssumeRole":                assumeRole,
	"sts:AssumeRoleWithWebIdentity": assumeRoleWithWebIdentity,
}

type callerIdentityResult struct {
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
	ARN     string `xml:"Arn"`
}

func getCallerIdentity(_ *region, c *call) (any, *failure) {
	return callerIdentityResult{uniqueID(c.principal), c.account, c.principal}, nil
}

// uniqueID is the id that IAM gives the user or role behind an ARN. For a
// session it is that of the role and the name of the session.
func uniqueID(arn string) string {
	if strings.Contains(arn, ":assumed-role/") {
		slash := strings.LastIndex(arn, "/")
		return iamID("AROA", arn[:slash]) + ":" + arn[slash+1:]
	}
	return iamID("AIDA", arn)
}

// iamID is a prefix that tells the kind and 17 characters that follow from the
// name.
func iamID(prefix, name string) string { return prefix + newDice(0, name).code(17) }

// code is n characters of those that IAM uses in ids.
func (d *dice) code(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[d.next()%uint64(len(alphabet))]
	}
	return string(out)
}

type credentialsView struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string `xml:"SecretAccessKey"`
	SessionToken    string `xml:"SessionToken"`
	Expiration      string `xml:"Expiration"`
}

type assumedUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

type assumeRoleResult struct {
	Credentials    credentialsView `xml:"Credentials"`
	User           assumedUser     `xml:"AssumedRoleUser"`
	SourceIdentity string          `xml:"SourceIdentity,omitempty"`
}

var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

func assumeRole(r *region, c *call) (any, *failure) {
	m := roleARN.FindStringSubmatch(c.form.Get("RoleArn"))
	if f := firstFailure(badSession(c), badSessionTags(c)); f != nil {
		return nil, f
	}
	if m == nil {
		return nil, stsInvalid("%s is invalid", c.form.Get("RoleArn"))
	}
	role := roleName{m[1], m[2]}
	source, f := r.carried(c, role)
	if f != nil {
		return nil, f
	}
	return r.session(c, role, source), nil
}

// assumeRoleWithWebIdentity takes any token: whoever issued it is not
// simulated. A source identity would be a claim in it, and is no member of the
// request.
func assumeRoleWithWebIdentity(r *region, c *call) (any, *failure) {
	c.form.values.Del("SourceIdentity")
	if c.form.Get("WebIdentityToken") == "" {
		return nil, stsInvalid("1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must not be null")
	}
	result, f := assumeRole(r, c)
	if f != nil && f.code == "AccessDenied" {
		f.message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	}
	return result, f
}

// session issues credentials. They expire by the caller's clock: simulated
// time may run faster, but the caller does not.
func (r *region) session(c *call, role roleName, source string) assumeRoleResult {
	arn := "arn:aws:sts::" + role.account + ":assumed-role/" + role.name + "/" + c.form.Get("RoleSessionName")
	lasts := time.Hour
	if n := c.form.number("DurationSeconds"); n != nil {
		lasts = seconds(*n)
	}
	d := newDice(0, c.id)
	expires := time.Now().Add(lasts).UTC()
	return assumeRoleResult{
		Credentials: credentialsView{
			AccessKeyID:     "ASIA" + role.account + d.code(4),
			SecretAccessKey: d.code(40),
			SessionToken:    session{arn, source, expires}.token(),
			Expiration:      expires.Format(time.RFC3339),
		},
		User:           assumedUser{uniqueID(arn), arn},
		SourceIdentity: source, // UNCONFIRMED that one that was carried over is answered too
	}
}

// badSession checks what names and limits a session.
func badSession(c *call) *failure {
	duration := c.form.number("DurationSeconds")
	if f := c.form.malformed(); f != nil {
		return f
	}
	name, source := c.form.Get("RoleSessionName"), c.form.Get("SourceIdentity")
	switch {
	case !sessionName.MatchString(name):
		return stsInvalid("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", name)
	case source != "" && (!sessionName.MatchString(source) || strings.HasPrefix(source, "aws:")):
		return stsInvalid("1 validation error detected: Value '%s' at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", source)
	case duration == nil:
		return nil
	case *duration < 900 || *duration > 43200:
		return stsInvalid("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200", *duration)
	case *duration > 3600 && strings.Contains(c.principal, ":assumed-role/"):
		return stsInvalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return nil
}

func badSessionTags(c *call) *failure {
	tags := c.structs("Tags")
	if len(tags) > 50 {
		return stsInvalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
	}
	seen := map[string]bool{}
	for _, tag := range tags {
		key, value := tag.Get("Key"), tag.Get("Value")
		if len(key) < 1 || len(key) > 128 || len(value) > 256 {
			return stsInvalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: keys have 1 to 128 characters, values up to 256")
		}
		if seen[strings.ToLower(key)] {
			return &failure{http.StatusBadRequest, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
		}
		seen[strings.ToLower(key)] = true
	}
	return nil
}

func stsInvalid(format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "ValidationError", fmt.Sprintf(format, args...)}
}
