package ledger

import (
	"errors"

	"moult/gitsource/fault"
)

// The kinds of trouble, for errors.Is; most are those of package fault.
var (
	// ErrDenied: the agent may not write the ledger where it is shared. What it
	// has is kept.
	ErrDenied      = fault.ErrDenied
	ErrUnreachable = fault.ErrUnreachable
	ErrNotFound    = fault.ErrNotFound
	ErrUnsupported = fault.ErrUnsupported
	// ErrBusy: others wrote first each time. The next Push may be luckier.
	ErrBusy = errors.New("others are writing")
	// ErrInvalid: an entry that cannot be written down.
	ErrInvalid = errors.New("entry is not valid")
)
