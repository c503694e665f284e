package ledger

import (
	"context"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// An Accepted entry tells whoever lost its memory how far a branch was obeyed.
// Whoever may write notes can write such a line, so by itself it proves
// nothing. The agent's own carry a proof.

// LastAccepted is the entry about the commit of a branch that was accepted
// last, as far as the store tells; nil when it tells of none. With a Key, what
// that key has signed comes before what anybody may have written, and proven
// says that it has. ErrBusy is that of Append.
func (l *Ledger) LastAccepted(ctx context.Context, branch string) (last *Entry, proven bool, err error) {
	err = l.change(ctx, func(store *repository) error {
		last, proven = nil, false
		head, err := store.ref(Ref)
		if err != nil || head.IsZero() {
			return err
		}
		if last, err = newestAccepted(store, head, branch, l.proven); err != nil || last != nil {
			proven = last != nil
			return err
		}
		last, err = newestAccepted(store, head, branch, func(line) bool { return true })
		return err
	})
	return last, proven, err
}

// newestAccepted is the newest entry about a branch among the lines that
// counts lets through.
func newestAccepted(store *repository, head plumbing.Hash, branch string, counts func(line) bool) (*Entry, error) {
	found, err := entriesOf(store, head, func(lines []line) []*Entry {
		return every(slices.DeleteFunc(lines, func(l line) bool {
			return l.Outcome != Accepted || l.Branch != branch || !counts(l)
		}))
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return slices.MaxFunc(found, (*Entry).compare), nil
}
