package declare

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	nameShape       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	imageShape      = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	regionShape     = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]{1,16}){1,4}-[0-9]{1,2}$`)
	zoneShape       = regexp.MustCompile(`^([a-z]{2,5}(?:-[a-z]{1,16}){1,4}-[0-9]{1,2})[a-z]$`)
	roleShape       = regexp.MustCompile(`^arn:aws[a-z-]{0,30}:iam::([0-9]{12}):role/[A-Za-z0-9+=,.@_/-]{1,576}$`)
	externalIDShape = regexp.MustCompile(`^[A-Za-z0-9+=,.@:/_-]+$`)
	accountShape    = regexp.MustCompile(`^[0-9]{12}$`)
)

// checkName is for the names of environments and groups.
func checkName(what string) check {
	return func(name string) *problem {
		if nameShape.MatchString(name) {
			return nil
		}
		p := &problem{
			summary: fmt.Sprintf("%s is no name for %s", quote(name), what),
			detail:  "A name has 1 to 64 letters, digits, \"-\", \"_\" and \".\", and begins with a letter or digit.",
			hint:    "Choose another name; it is what people and dashboards will call it.",
		}
		if letter := lookAlike(name); letter != "" {
			p.hint = letter
		} else if plain := strings.Join(strings.Fields(name), "-"); nameShape.MatchString(plain) {
			p.hint = fmt.Sprintf("For example %q.", plain)
		}
		return p
	}
}

const imageForm = `An AMI id is "ami-" and 17 hexadecimal digits, or 8 in very old ids, all in lower case.`

// IsImage reports whether a text has the form of an AMI id.
func IsImage(id string) bool { return imageShape.MatchString(id) }

func checkImage(id string) *problem {
	if IsImage(id) {
		return nil
	}
	p := &problem{
		summary: fmt.Sprintf("%s is not an AMI id", quote(id)),
		detail:  imageForm,
		hint:    "Copy the id from the build that made the image.",
	}
	lower := strings.ToLower(strings.TrimSpace(id))
	digits, prefixed := strings.CutPrefix(lower, "ami-")
	switch {
	case strings.HasPrefix(lower, "resolve:ssm:"):
		p.summary = fmt.Sprintf("%s is a parameter, not an AMI id", quote(id))
		p.detail = "A parameter can mean another image tomorrow, and no commit would say so."
		p.hint = "Write the id that the parameter holds now."
	case lookAlike(id) != "":
		p.hint = lookAlike(id)
	case imageShape.MatchString(lower):
		p.hint = fmt.Sprintf("Write it in lower case and without spaces: %q", lower)
	case imageShape.MatchString("ami-" + lower):
		p.hint = fmt.Sprintf("Did you mean %q?", "ami-"+lower)
	case prefixed && strings.Trim(digits, "0123456789abcdef") == "":
		p.summary = fmt.Sprintf("the AMI id %s is too %s: it has %s", quote(id), shortOrLong(len(digits)), plural(len(digits), "digit"))
		p.hint = "Copy the whole id from the build that made the image."
	}
	return p
}

func shortOrLong(digits int) string {
	if digits > 17 {
		return "long"
	}
	return "short"
}

func checkRegion(region string) *problem {
	if regionShape.MatchString(region) {
		return nil
	}
	p := &problem{
		summary: fmt.Sprintf("%s is not a region", quote(region)),
		detail:  `A region is written like "eu-west-1".`,
		hint:    "Write the region's code in lower case, as it stands in the AWS console's address.",
	}
	lower := strings.ToLower(strings.TrimSpace(region))
	if zone := zoneShape.FindStringSubmatch(lower); zone != nil {
		p.summary = fmt.Sprintf("%s is an availability zone, not a region", quote(region))
		p.hint = fmt.Sprintf("Write its region: %q", zone[1])
	} else if regionShape.MatchString(lower) {
		p.hint = fmt.Sprintf("Did you mean %q?", lower)
	} else if letter := lookAlike(region); letter != "" {
		p.hint = letter
	}
	return p
}

func checkRole(arn string) *problem {
	if roleShape.MatchString(arn) {
		return nil
	}
	p := &problem{
		summary: fmt.Sprintf("%s is not the ARN of a role", quote(arn)),
		detail:  `It is written like "arn:aws:iam::111122223333:role/moult".`,
		hint:    "Copy the ARN from the role's page in the AWS console.",
	}
	parts := strings.Split(arn, ":")
	switch {
	case len(parts) == 6 && parts[0] == "arn" && !accountShape.MatchString(parts[4]):
		p.summary = fmt.Sprintf("the account id %s is not 12 digits", quote(parts[4]))
		p.hint = "Write all 12 digits, leading zeros too."
	case len(parts) == 6 && strings.HasPrefix(parts[5], "user/"):
		p.summary = fmt.Sprintf("%s is a user, not a role", quote(arn))
		p.hint = "Make a role that the agent may assume, and write its ARN."
	case len(parts) == 6 && strings.HasPrefix(parts[5], "assumed-role/"):
		p.hint = "Write the role's own ARN, with \"iam\" and \":role/\", not that of a session."
	}
	return p
}

func checkExternalID(id string) *problem {
	if len(id) >= 2 && len(id) <= 1224 && externalIDShape.MatchString(id) {
		return nil
	}
	return &problem{
		summary: fmt.Sprintf("%s is not an external id", quote(id)),
		detail:  "AWS takes 2 to 1224 letters, digits and +=,.@:/_-",
		hint:    "Write it exactly as it stands in the role's trust policy.",
	}
}

// checkGroupName holds a name to what AWS allows when a group is made; see
// the Auto Scaling API reference, CreateAutoScalingGroup.
func checkGroupName(name string) *problem {
	p := &problem{
		summary: fmt.Sprintf("%s is no name of an Auto Scaling group", quote(name)),
		detail:  "AWS takes 1 to 255 printable ASCII characters, no spaces and no colon.",
		hint:    "Copy the name from the AWS console or from the Terraform that makes the group.",
	}
	if letter := lookAlike(name); letter != "" {
		p.hint = letter
		return p
	}
	if strings.HasPrefix(name, "arn:") {
		p.hint = "Write the name, not the ARN: what stands after \"autoScalingGroupName/\"."
		return p
	}
	if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
		return p
	}
	return nil
}

func checkAlarm(name string) *problem {
	if name != "" && utf8.RuneCountInString(name) <= 255 && printable(name) == name {
		return nil
	}
	return &problem{
		summary: fmt.Sprintf("%s is no name of an alarm", quote(name)),
		detail:  "AWS takes 1 to 255 printable characters.",
		hint:    "Copy the alarm's name from CloudWatch.",
	}
}

// accountOf is the account in a role's ARN; "" without a role, which means the
// agent's own.
func accountOf(role string) string {
	if m := roleShape.FindStringSubmatch(role); m != nil {
		return m[1]
	}
	return ""
}
