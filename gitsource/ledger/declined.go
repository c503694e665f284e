package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// declined is a head of the remote that is too large to be taken over. It is not
// fetched at each pass to find that out again: it may be hundreds of megabytes.
type declined struct {
	head  plumbing.Hash
	why   error
	until time.Time
}

// declinedFor is how long. The remote goes on to another head when somebody
// takes out what is too large, and that one is looked at at once.
const declinedFor = time.Hour

// declines says why a head is not taken over; nil when it is tried.
func (x *exchange) declines(head plumbing.Hash) error {
	if d := x.ledger.held; d.head == head && x.now.Before(d.until) {
		return d.why
	}
	return nil
}

// decline remembers a head that was too large.
func (x *exchange) decline(head plumbing.Hash, err error) error {
	if errors.Is(err, fault.ErrTooLarge) && x.declines(head) == nil {
		err = fmt.Errorf("%w; head %s is fetched again after %s, another one at once", err, head, declinedFor)
		x.ledger.held = declined{head: head, why: err, until: x.now.Add(declinedFor)}
	}
	return err
}
