package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// An Accepted entry tells whoever lost its memory how far a branch was obeyed.
// Whoever may write notes can write such a line, so by itself it proves
// nothing. The agent's own carry a signature over what they say, made with the
// key that also signs the commits of the ledger. It stands in the entry, and
// not only on the commit that brought the entry in: when an agent puts notes
// back that somebody took out, it signs a commit with lines that are not its
// own.

// proofNamespace keeps a proof from being taken for a signed commit.
const proofNamespace = "moult-accepted"

// statement is what a proof is made over.
func (e Entry) statement() []byte {
	return fmt.Appendf(nil, "accepted\nbranch %q\ncommit %s\ntime %s\n", e.Branch, e.Commit, e.Time.UTC().Format(time.RFC3339Nano))
}

// prove signs an Accepted entry, where there is a key.
func (l *Ledger) prove(e *Entry) error {
	if e.Outcome != Accepted || l.Key == nil {
		return nil
	}
	signature, err := signIn(proofNamespace, l.Key, e.tidy().statement())
	if err != nil {
		return fmt.Errorf("write down that commit %s was accepted: %w", e.Commit, err)
	}
	e.Proof = base64.StdEncoding.EncodeToString(signature)
	return nil
}

// proven reports whether the ledger's own key says what an entry says.
func (l *Ledger) proven(e *Entry) bool {
	signature, err := base64.StdEncoding.DecodeString(e.Proof)
	if err != nil || l.Key == nil {
		return false
	}
	key, err := checkIn(proofNamespace, signature, e.statement())
	return err == nil && string(key.Marshal()) == string(l.Key.PublicKey().Marshal())
}

// LastAccepted is the entry about the commit of a branch that was accepted
// last, as far as the store tells; nil when it tells of none. With a Key, what
// that key has signed comes before what anybody may have written, and proven
// says that it has.
func (l *Ledger) LastAccepted(ctx context.Context, branch string) (last *Entry, proven bool, err error) {
	err = l.change(ctx, func(store *repository) error {
		last, proven = nil, false
		head, err := store.ref(Ref)
		if err != nil || head.IsZero() {
			return err
		}
		found, err := entriesOf(store, head, acceptances)
		for _, e := range found {
			if e.Branch != branch || !plumbing.IsHash(e.Commit) {
				continue
			}
			sure := l.proven(e)
			if last == nil || sure && !proven || sure == proven && e.compare(last) > 0 {
				last, proven = e, sure
			}
		}
		return err
	})
	return last, proven, err
}

// acceptances picks the entries about branches.
func acceptances(lines []line) []*Entry {
	return slices.DeleteFunc(every(lines), func(e *Entry) bool { return e.Outcome != Accepted })
}
