package fault

import (
	"errors"
	"fmt"
)

// The kinds of trouble, for errors.Is.
var (
	// ErrSettings: what was configured cannot work.
	ErrSettings = errors.New("settings are wrong")
	// ErrUnreachable: the network or the server did not answer, or answered
	// something that is not git. The next try may succeed.
	ErrUnreachable = errors.New("cannot be reached")
	// ErrDenied: the server or the file system refuses these credentials.
	ErrDenied = errors.New("access denied")
	// ErrCredentials: there are none to show: the file with them is missing, or
	// holds something else.
	ErrCredentials = errors.New("credentials cannot be used")
	// ErrUntrusted: the server cannot prove who it is: its host key or its
	// certificate is not one that is trusted.
	ErrUntrusted = errors.New("server is not trusted")
	// ErrNotFound: there is no git repository at that place. Forges say the same
	// to those who may not see the repository.
	ErrNotFound = errors.New("no git repository found")
	// ErrNoBranch: the repository has other branches, not this one.
	ErrNoBranch = errors.New("branch does not exist")
	// ErrEmpty: the repository has no commits yet.
	ErrEmpty = errors.New("repository is empty")
	// ErrUnsupported: the repository uses something that this program does
	// not read: SHA-256 object names, reftable, dumb HTTP.
	ErrUnsupported = errors.New("not supported")
	// ErrTooLarge: something is larger than it may be.
	ErrTooLarge = errors.New("too large")
	// ErrMalformed: an object is not what git writes.
	ErrMalformed = errors.New("malformed")
	// ErrStorage: the state directory cannot be read or written.
	ErrStorage = errors.New("state directory fails")
)

// failure is an error that says of which kind it is and what to do next.
type failure struct {
	kind   error
	cause  error // what happened
	advice string
}

func (f *failure) Error() string {
	text := f.kind.Error()
	if f.cause != nil {
		text += ": " + Plain(f.cause.Error(), 400)
	}
	if f.advice != "" {
		text += "; " + f.advice
	}
	return text
}

func (f *failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.cause}
}

// New is an error of a kind: what happened, as fmt.Errorf takes it, and what to
// do next ("" for nothing).
func New(kind error, advice, format string, args ...any) error {
	return &failure{kind: kind, advice: advice, cause: fmt.Errorf(format, args...)}
}

// TooLarge names the limit that was passed.
func TooLarge(format string, args ...any) error { return New(ErrTooLarge, "", format, args...) }

// Malformed says what is wrong with an object.
func Malformed(format string, args ...any) error { return New(ErrMalformed, "", format, args...) }

// Known is the part of an error that has a kind and an advice; nil when nobody
// gave it one yet.
func Known(err error) error {
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	return nil
}
