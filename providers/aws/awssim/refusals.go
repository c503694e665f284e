package awssim

import "fmt"

// invalidRange is the refusal of a number out of its range.
func invalidRange(member string, is, least, most int) *failure {
	bound := fmt.Sprintf("less than or equal to %d", most)
	if is < least {
		bound = fmt.Sprintf("greater than or equal to %d", least)
	}
	return invalid(fmt.Sprintf("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value %s", is, member, bound))
}

// inRange refuses a number that is given and out of its range.
func inRange(member string, n *int, least, most int) *failure {
	if n == nil || *n >= least && *n <= most {
		return nil
	}
	return invalidRange(member, *n, least, most)
}

// oneOf refuses a text that is given and none of those allowed.
func oneOf(member, value string, allowed ...string) *failure {
	if value == "" {
		return nil
	}
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return invalid(fmt.Sprintf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: %v", value, member, allowed))
}
