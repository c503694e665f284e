package ledger

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// Remote is the repository that shares the ledger: the one whose commits it
// is about.
type Remote struct {
	// URL is https://, http://, ssh://, git@host:path, file:// or a plain
	// path; empty means that there is none. A user and password in it are used
	// and never shown.
	URL string
	// Auth is asked for the proof of who asks before each connection, so that
	// a new token is used at once: for http an AuthMethod of go-git's
	// transport/http, for ssh one of its transport/ssh, whose ClientConfig
	// must hold a HostKeyCallback. nil: what the URL holds, or the ssh-agent.
	Auth func() (transport.AuthMethod, error)
	// Transport makes the HTTP requests; nil means http.DefaultTransport,
	// which honours HTTPS_PROXY and NO_PROXY.
	Transport http.RoundTripper
	// Timeout bounds one exchange with the repository: two minutes.
	Timeout time.Duration
}

// String is the URL without secrets.
func (r Remote) String() string {
	at, err := transport.NewEndpoint(r.URL)
	if err != nil || r.URL == "" {
		return "repository"
	}
	at.Password = ""
	if at.Protocol != "ssh" {
		at.User = "" // it may be a token
	}
	return at.String()
}

// GoString is String, so that no verb of fmt shows the settings.
func (r Remote) GoString() string { return r.String() }

const defaultTimeout = 2 * time.Minute

// peer is a repository to fetch the ledger from and push it to.
type peer interface {
	// fetch brings into the store what the peer's ledger has, and returns its
	// head; zero when it has none.
	fetch(ctx context.Context, store *repository) (plumbing.Hash, error)
	// push moves the peer's ledger if it is still at parcel.old. errMoved when
	// it is not.
	push(ctx context.Context, p parcel) error
}

// peer reaches the repository. gate holds at most one connection that is on
// its way.
func (r Remote) peer(gate chan struct{}) (peer, error) {
	at, err := transport.NewEndpoint(r.URL)
	if err != nil {
		return nil, fail(ErrNotFound, "correct it", "the repository URL cannot be parsed")
	}
	switch at.Protocol {
	case "file":
		return &neighbour{path: filepath.FromSlash(at.Path)}, nil
	case "http", "https":
		return r.wire(at, githttp.NewClient(&http.Client{Transport: cappedTransport{r.Transport}}), gate), nil
	case "ssh", "git+ssh", "ssh+git":
		if at.User == "" {
			at.User = "git"
		}
		if strings.HasPrefix(at.Path, "/~") { // of a home directory
			at.Path = at.Path[1:]
		}
		return r.wire(at, gitssh.NewClient(nil), gate), nil
	}
	return nil, fail(ErrUnsupported, "use https, ssh or a path", "repository URLs that start with %s", plain(at.Protocol, 20))
}

// wire takes the secrets out of the URL, which go-git would put into errors.
func (r Remote) wire(at *transport.Endpoint, client transport.Transport, gate chan struct{}) *wire {
	auth := r.Auth
	if auth == nil && at.Protocol != "ssh" && at.User+at.Password != "" {
		basic := &githttp.BasicAuth{Username: at.User, Password: at.Password}
		auth = func() (transport.AuthMethod, error) { return basic, nil }
	}
	if at.Protocol != "ssh" {
		at.User = ""
	}
	at.Password = ""
	return &wire{client: client, at: *at, auth: auth, gate: gate}
}

// explain gives an error its kind.
func (r Remote) explain(ctx context.Context, err error) error {
	var known *failure
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, errMoved), errors.Is(err, errLost):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fail(ErrUnreachable, "it is tried again", "no answer in time")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fail(ErrUnreachable, "it is tried again", "%w", bare(err))
}
