package ledger

import (
	"errors"
	"fmt"
)

// The kinds of trouble, for errors.Is. In none of them is anything lost that
// Append took: it stays in the store and is sent later.
var (
	// ErrDenied: the repository does not let the agent write the ledger, or
	// the file system does not let it write the store.
	ErrDenied = errors.New("not permitted")
	// ErrUnreachable: the repository did not answer, or not in git's protocol.
	ErrUnreachable = errors.New("cannot be reached")
	// ErrBusy: others wrote first each time. The next Push may be luckier.
	ErrBusy = errors.New("others are writing")
	// ErrNotFound: there is no repository, or it has no ledger.
	ErrNotFound = errors.New("not found")
	// ErrUnsupported: the repository uses something that is not read here.
	ErrUnsupported = errors.New("not supported")
	// ErrInvalid: an entry that cannot be written down.
	ErrInvalid = errors.New("entry is not valid")
)

// failure is an error that says of which kind it is and what to do next.
type failure struct {
	kind   error
	cause  error // what happened
	advice string
}

func (f *failure) Error() string {
	text := f.kind.Error() + ": " + plain(f.cause.Error(), 400)
	if f.advice != "" {
		text += "; " + f.advice
	}
	return text
}

func (f *failure) Unwrap() []error { return []error{f.kind, f.cause} }

func fail(kind error, advice, format string, args ...any) error {
	return &failure{kind: kind, advice: advice, cause: fmt.Errorf(format, args...)}
}
