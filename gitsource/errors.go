package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// The kinds of trouble, for errors.Is. In all of them the last head stays
// readable, unless the error is also an [ErrDamaged].
var (
	// ErrSettings: the settings of the Repository cannot work.
	ErrSettings = errors.New("settings are wrong")
	// ErrUnreachable: the network or the server did not answer, or answered
	// something that is not git. The next poll may succeed.
	ErrUnreachable = errors.New("cannot be reached")
	// ErrDenied: the server or the file system refuses these credentials, or
	// the server's own key is not the known one.
	ErrDenied = errors.New("access denied")
	// ErrNotFound: there is no git repository at that URL. Forges say the same
	// to those who may not see the repository.
	ErrNotFound = errors.New("no git repository found")
	// ErrNoBranch: the repository has other branches, not this one.
	ErrNoBranch = errors.New("branch does not exist")
	// ErrEmpty: the repository has no commits yet.
	ErrEmpty = errors.New("repository is empty")
	// ErrUnsupported: the repository uses something that this program does
	// not read: SHA-256 object names, reftable, dumb HTTP.
	ErrUnsupported = errors.New("not supported")
	// ErrTooLarge: something is larger than [Limits] allows.
	ErrTooLarge = errors.New("too large")
	// ErrMalformed: a commit or one of its trees is not what git writes.
	ErrMalformed = errors.New("malformed")
	// ErrDamaged: the mirror on disk is damaged. The next Fetch throws it away
	// and clones again.
	ErrDamaged = errors.New("mirror is damaged")
	// ErrStorage: the state directory cannot be read or written.
	ErrStorage = errors.New("state directory fails")
	// ErrUnknown: the mirror has no such commit or file.
	ErrUnknown = errors.New("not in the mirror")
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
		text += ": " + plain(f.cause.Error(), 400)
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

func fail(kind error, advice string, format string, args ...any) error {
	return &failure{kind: kind, advice: advice, cause: fmt.Errorf(format, args...)}
}

// tooLarge names the limit that was passed.
func tooLarge(format string, args ...any) error {
	return fail(ErrTooLarge, "", format, args...)
}

func malformed(format string, args ...any) error {
	return fail(ErrMalformed, "", format, args...)
}

// explain gives an error that nobody classed yet its kind: what ends without
// an answer is unreachable. The end of the caller's own context is no fault of
// the repository and passes as it is.
func explain(ctx context.Context, within time.Duration, err error) error {
	var known *failure
	var onDisk *fs.PathError
	var renaming *os.LinkError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fail(ErrUnreachable, "it is tried again at the next poll", "no answer within %s: %w", within, err)
	case errors.As(err, &onDisk), errors.As(err, &renaming):
		return fail(ErrStorage, "check its space and permissions", "%w", err)
	}
	return fail(ErrUnreachable, "check the network and the URL; it is tried again at the next poll", "%w", bare(err))
}
