package awssim

import (
	"strings"
	"time"
)

// imageBehaviour is how instances of an image turn out. Real images have it in
// their bytes; a simulated one is told, by its tag awssim:behaviour:
//
//	healthy           they boot and serve (as without the tag)
//	unhealthy         they boot, and never pass a health check
//	crash=120s        they are healthy, and fail this long after they entered service
//	fail=REASON       they cannot be launched; EC2 gives this reason
//	slow=300s         they take this long to boot
type imageBehaviour struct {
	kind   string
	after  time.Duration // of crash and slow
	reason string        // of fail
}

// behaviourTag is the key of the tag.
const behaviourTag = "awssim:behaviour"

// Kinds of behaviour; the zero value is healthy too.
const (
	behaviourHealthy   = "healthy"
	behaviourUnhealthy = "unhealthy"
	behaviourCrash     = "crash"
	behaviourFail      = "fail"
	behaviourSlow      = "slow"
)

// parseBehaviour reads the value of the tag. AWS would take any value; the
// simulation refuses one that it does not understand, rather than to surprise.
func parseBehaviour(text string) (imageBehaviour, *failure) {
	kind, argument, given := strings.Cut(text, "=")
	b := imageBehaviour{kind: kind}
	switch kind {
	case behaviourHealthy, behaviourUnhealthy:
		if given {
			return b, badBehaviour(text)
		}
	case behaviourFail:
		if b.reason = argument; argument == "" {
			return b, badBehaviour(text)
		}
	case behaviourCrash, behaviourSlow:
		var err error
		if b.after, err = time.ParseDuration(argument); err != nil || b.after <= 0 {
			return b, badBehaviour(text)
		}
	default:
		return b, badBehaviour(text)
	}
	return b, nil
}

func badBehaviour(text string) *failure {
	return ec2Refusal("InvalidParameterValue", "'%s' is no behaviour of a simulated image: use healthy, unhealthy, crash=120s, slow=300s or fail=REASON in the tag %s.", text, behaviourTag)
}

// failReason is why a launch fails, in EC2's words where the reason is a code
// that EC2 has words for.
func (b imageBehaviour) failReason() string {
	if b.reason == "InsufficientInstanceCapacity" {
		return "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working on provisioning additional capacity."
	}
	return b.reason
}
