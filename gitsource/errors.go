package gitsource

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"moult/gitsource/fault"
	"moult/gitsource/wire"
)

// The kinds of trouble, for errors.Is; most are those of package fault, which
// says what each means. In all of them the last head stays readable, unless the
// error is also an [ErrDamaged].
var (
	ErrSettings    = fault.ErrSettings
	ErrUnreachable = fault.ErrUnreachable
	ErrDenied      = fault.ErrDenied
	ErrCredentials = fault.ErrCredentials
	ErrUntrusted   = fault.ErrUntrusted
	ErrNotFound    = fault.ErrNotFound
	ErrNoBranch    = fault.ErrNoBranch
	ErrEmpty       = fault.ErrEmpty
	ErrUnsupported = fault.ErrUnsupported
	ErrTooLarge    = fault.ErrTooLarge
	ErrMalformed   = fault.ErrMalformed
	ErrStorage     = fault.ErrStorage
	// ErrDamaged: the mirror on disk is damaged. The next Fetch throws it away
	// and clones again.
	ErrDamaged = errors.New("mirror is damaged")
	// ErrUnknown: the mirror has no such commit or file.
	ErrUnknown = errors.New("not in the mirror")
)

// explain gives an error that nobody classed yet its kind: what ends without
// an answer is unreachable. The end of the caller's own context is no fault of
// the repository and passes as it is.
func explain(ctx context.Context, within time.Duration, err error) error {
	var onDisk *fs.PathError
	var renaming *os.LinkError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case fault.Known(err) != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.ErrUnreachable, "a running agent tries again at its next poll", "no answer within %s: %w", within, err)
	case errors.As(err, &onDisk), errors.As(err, &renaming):
		return fault.New(fault.ErrStorage, "check its space and permissions", "%w", err)
	}
	return fault.New(fault.ErrUnreachable, "check the network and the URL; a running agent tries again at its next poll", "%w", wire.Bare(err))
}
