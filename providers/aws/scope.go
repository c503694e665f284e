package aws

import "strings"

// scopeOf reads account and region off the ARN of a group:
// arn:aws:autoscaling:<region>:<account>:autoScalingGroup:...
func scopeOf(arn string) scope {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return scope(parts[4] + "/" + parts[3])
}
