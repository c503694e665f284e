package reconcile

import "errors"

// Class says what the loop does next about an error.
type Class string

const (
	Retry    Class = "retry"    // throttled, network, the cloud's own fault: next pass
	Conflict Class = "conflict" // the world moved: observe again
	Invalid  Class = "invalid"  // only a new commit, or a person, helps: hold
	Denied   Class = "denied"   // permissions: hold, loudly
)

// The four classes as errors, for errors.Is. An adapter wraps one of them
// beside the cause: fmt.Errorf("start refresh of %s: %w: %w", id, ErrRetry, err).
var (
	ErrRetry    = errors.New("try again")
	ErrConflict = errors.New("changed meanwhile")
	ErrInvalid  = errors.New("refused")
	ErrDenied   = errors.New("not permitted")
)

// ClassOf is the class of an error. One that carries none is a Retry: the next
// pass looks again, and nothing is given up for ever on an error that nobody
// understood.
func ClassOf(err error) Class {
	switch {
	case errors.Is(err, ErrDenied):
		return Denied
	case errors.Is(err, ErrInvalid):
		return Invalid
	case errors.Is(err, ErrConflict):
		return Conflict
	}
	return Retry
}
