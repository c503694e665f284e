package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"moult/gitsource/fault"
	"moult/gitsource/packs"
	"moult/gitsource/wire"
)

// Remote is the repository that shares the ledger: the one whose commits it
// is about.
type Remote struct {
	// URL is https://, http://, ssh://, git@host:path, file:// or a plain
	// path; empty means that there is none. A user and password in it are used
	// and never shown.
	URL string
	// Access is how to prove who asks; see [wire.Access].
	Access wire.Access
	// Transport makes the HTTP requests; nil means one of its own.
	Transport http.RoundTripper
	// Timeout bounds one exchange with the repository: two minutes.
	Timeout time.Duration
}

// String is the URL without secrets.
func (r Remote) String() string {
	at, err := wire.ParseLocation(r.URL)
	if err != nil {
		return "repository"
	}
	return at.String()
}

// GoString is String, so that no verb of fmt shows the settings.
func (r Remote) GoString() string { return r.String() }

const defaultTimeout = 2 * time.Minute

// peer is a repository to fetch the ledger from and push it to.
type peer interface {
	// fetch brings into the store what the peer's ledger has, and returns its
	// head; zero when it has none. Nothing is brought of a head that declines
	// says an error of.
	fetch(ctx context.Context, store *repository, declines func(plumbing.Hash) error) (plumbing.Hash, error)
	// push moves the peer's ledger if it is still at parcel.old. errMoved when
	// it is not.
	push(ctx context.Context, p parcel) error
	// close gives connections back.
	close()
}

// peer reaches the repository.
func (r Remote) peer() (peer, error) {
	at, err := wire.ParseLocation(r.URL)
	if err != nil {
		return nil, fault.New(fault.ErrSettings, "correct the repository URL", "%w", err)
	}
	if at.Local() {
		return &neighbour{path: at.Path}, nil
	}
	return &distant{wire.Server{
		At: at, Access: r.Access, Transport: r.Transport, Patience: cmp.Or(r.Timeout, defaultTimeout),
	}}, nil
}

// distant is a repository on a server.
type distant struct{ server wire.Server }

func (d *distant) close() { d.server.Close() }

// fetch gets the pack with what the store lacks. A store that has nothing yet
// gets the newest commit only, with all notes: the chain behind it may be long,
// and is not needed to go on with it. What is incomplete is not kept.
func (d *distant) fetch(ctx context.Context, store *repository, declines func(plumbing.Hash) error) (plumbing.Hash, error) {
	head, err := d.server.Tip(ctx, Ref)
	if err != nil || head.IsZero() {
		return head, err
	}
	if known, err := store.leadsTo(head); known || err != nil {
		return head, err
	}
	if err := declines(head); err != nil {
		return head, err
	}
	got, err := d.get(ctx, store, head)
	if err != nil {
		return head, err
	}
	if err := store.checkSent(ctx, head); err != nil {
		return head, errors.Join(err, store.drop(got))
	}
	return head, nil
}

// get receives the pack that a head of the ledger needs. Where that is too
// large, what makes it so may stand in a step in between, and be taken out again:
// then the newest step alone is received. The ledger counts as rewritten, and is
// joined with what the store has.
func (d *distant) get(ctx context.Context, store *repository, head plumbing.Hash) (received, error) {
	haves, err := store.haves()
	if err != nil {
		return received{}, err
	}
	want := wire.Want{Tip: head, Haves: haves, Shallow: store.boundary(), Thin: true}
	if len(haves) == 0 && d.server.CanDeepen() {
		want.Deepen = 1
	}
	got, err := d.receive(ctx, store, want)
	if errors.Is(err, fault.ErrTooLarge) && want.Deepen == 0 && d.server.CanDeepen() {
		want.Deepen = 1
		got, err = d.receive(ctx, store, want)
	}
	return got, tooLarge(err)
}

// tooLarge says what to do about what is too large in what a remote has.
func tooLarge(err error) error {
	if !errors.Is(err, fault.ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w; find the note that is so large (git ls-tree -rl %s) and take it out there: entries are kept until then", err, Ref)
}

func (d *distant) receive(ctx context.Context, store *repository, want wire.Want) (got received, err error) {
	err = d.server.Fetch(ctx, want, func(ctx context.Context, pack io.Reader, moved wire.Boundary) error {
		var err error
		got, err = store.receive(moved.Shallow, func(f *os.File) (*idxfile.MemoryIndex, error) {
			return packs.Receive(ctx, pack, f, limits, store.base)
		})
		return err
	})
	return got, err
}

func (d *distant) push(ctx context.Context, p parcel) error {
	move := wire.Move{Ref: Ref, Old: p.old, New: p.new}
	err := d.server.Push(ctx, move, func(w io.Writer) error { return p.pack(ctx, w) })
	if errors.Is(err, wire.ErrMoved) {
		return errMoved
	}
	return err
}

// explain gives an error its kind.
func (r Remote) explain(ctx context.Context, err error) error {
	switch {
	case err == nil, fault.Known(err) != nil, errors.Is(err, errMoved), errors.Is(err, errLost):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.ErrUnreachable, "it is tried again", "no answer in time")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fault.New(fault.ErrUnreachable, "it is tried again", "%w", wire.Bare(err))
}
