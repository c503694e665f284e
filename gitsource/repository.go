package gitsource

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
	"moult/gitsource/wire"
)

const (
	defaultBranch       = "main"
	defaultHistory      = 2000
	defaultPollTimeout  = time.Minute
	defaultCloneTimeout = 10 * time.Minute
)

// Repository is one branch of one git repository and its mirror on disk. Make
// it as a struct literal; URL and StateDir are needed, the zero value of the
// rest is sensible. Nothing happens before the first method is called.
//
// All methods may be called at once from several goroutines.
type Repository struct {
	// URL is https://, http://, ssh://, git@host:path, file:// or a plain
	// path. A user and password in it are used and never shown.
	URL string
	// Branch is the branch that is obeyed; "" means main. The repository's own
	// HEAD is not asked: nobody may move the agent to another branch by it.
	Branch string
	// Path is the folder whose declarations count; "" means all.
	Path string
	// StateDir is where the mirror lies. It is created if need be. Several
	// agents may share one: each locks a mirror of its own.
	StateDir string

	// Access is how to prove who asks; see [wire.Access].
	Access wire.Access
	// Transport makes the HTTP requests, past the certificates and the proxy of
	// Access; nil means one of its own.
	Transport http.RoundTripper

	// PollTimeout bounds one question to the repository, and how long a server
	// may send nothing while commits are copied: one minute, or five while it
	// says that it is at work. CloneTimeout bounds copying, the first time all of
	// it: ten minutes.
	PollTimeout, CloneTimeout time.Duration
	// History is how many revisions Revisions goes back at most: 2,000.
	History int
	// Limits bound what is read.
	Limits Limits
	// Log is where rare events are told; nil means slog.Default().
	Log *slog.Logger

	first, slice int // commits that a first Fetch and a Deepen copy; zero: the usual

	turn sync.Mutex // held through a Fetch: one at a time
	mu   sync.Mutex // guards the rest; never held while waiting for a server
	open *opened
}

// opened is what a Repository has after its first use.
type opened struct {
	origin origin
	id     identity
	lock   *stateLock
	mirror *mirror // nil: nothing is cloned yet
	lost   error   // why the mirror was thrown away, until it is cloned again

	refused, refusedPast refusal // of Fetch and of Deepen; guarded by turn
}

// String is the URL without secrets.
func (r *Repository) String() string {
	l, err := wire.ParseLocation(r.URL)
	if err != nil {
		return "repository"
	}
	return l.String()
}

// GoString is String, so that no verb of fmt shows the settings.
func (r *Repository) GoString() string { return r.String() }

// LogValue is String, so that no log shows the settings.
func (r *Repository) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Head is the newest commit that the mirror holds whole; "" when there is none
// or the mirror cannot be read.
func (r *Repository) Head() string {
	m, err := r.readable()
	if err != nil {
		return ""
	}
	return hashText(m.current())
}

func hashText(h plumbing.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}

// Read is the content of a file that a revision listed, by its Blob.
//
// ErrTooLarge: it is larger than Limits.FileBytes. ErrUnknown: no revision
// listed it. ErrDamaged: Fetch first, then ask again.
func (r *Repository) Read(blob string) ([]byte, error) {
	m, err := r.readable()
	if err != nil {
		return nil, err
	}
	h, err := parseHash(blob)
	if err != nil || !m.wasListed(h) {
		return nil, fmt.Errorf("read file of %s: %q: %w", r, fault.Plain(blob, 40), ErrUnknown)
	}
	content, err := m.object(plumbing.BlobObject, h, m.limits.FileBytes)
	if err != nil {
		return nil, fmt.Errorf("read file of %s: %w", r, err)
	}
	return content, nil
}

// Close gives back files, connections and the lock. The Repository can be used
// again afterwards.
func (r *Repository) Close() error {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return nil
	}
	if r.open.mirror != nil {
		r.open.mirror.close()
	}
	r.open.origin.close()
	err := r.open.lock.Release()
	r.open = nil
	return err
}

// readable is the mirror, if it can be obeyed.
func (r *Repository) readable() (*mirror, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, err := r.ready()
	if err != nil {
		return nil, err
	}
	switch {
	case o.mirror != nil && o.mirror.trouble() == nil:
		return o.mirror, nil
	case o.mirror != nil:
		return nil, r.says("read", fault.New(ErrDamaged, "the next poll clones it again", "%w", o.mirror.trouble()))
	case o.lost != nil:
		return nil, r.says("read", fault.New(ErrDamaged, "it was thrown away and is cloned at the next poll", "%w", o.lost))
	}
	return nil, r.says("read", fault.New(ErrUnknown, "poll the repository first", "nothing is cloned yet"))
}

func (r *Repository) says(doing string, err error) error {
	return fmt.Errorf("%s %s: %w", doing, r, err)
}

func (r *Repository) log() *slog.Logger { return cmp.Or(r.Log, slog.Default()) }

func (r *Repository) branch() string { return cmp.Or(r.Branch, defaultBranch) }

// folder is Path as git writes it: no slashes around it, "" for all.
func (r *Repository) folder() string {
	return strings.TrimPrefix(path.Clean("/"+r.Path), "/")
}
