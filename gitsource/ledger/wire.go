package ledger

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// wire is a repository on a server, reached through go-git's transports. Its
// Remote.Push would read all of history to send one note, so the few objects
// that are new are picked here and sent to receive-pack.
type wire struct {
	client transport.Transport
	at     transport.Endpoint
	auth   func() (transport.AuthMethod, error)
	gate   chan struct{} // of one place: a connection on its way
}

// session begins a conversation. go-git changes the endpoint when it is
// redirected, so each gets its own.
func session[S io.Closer](ctx context.Context, w *wire, begin func(*transport.Endpoint, transport.AuthMethod) (S, error)) (S, error) {
	var none S
	var auth transport.AuthMethod
	if w.auth != nil {
		var err error
		if auth, err = w.auth(); err != nil {
			return none, fail(ErrDenied, "check the credentials", "%w", err)
		}
	}
	at := w.at
	select {
	case w.gate <- struct{}{}:
	default:
		return none, fail(ErrUnreachable, "it is tried again", "the server has not answered the last connection yet")
	}
	return within(ctx, func() (S, error) {
		defer func() { <-w.gate }()
		return begin(&at, auth)
	})
}

// within runs f, and gives up on it when ctx ends: go-git's SSH handshake
// knows no context. What comes too late is closed.
func within[S io.Closer](ctx context.Context, f func() (S, error)) (S, error) {
	type result struct {
		session S
		err     error
	}
	done := make(chan result)
	go func() {
		s, err := f()
		select {
		case done <- result{s, err}:
		case <-ctx.Done():
			if err == nil {
				s.Close()
			}
		}
	}()
	select {
	case r := <-done:
		return r.session, r.err
	case <-ctx.Done():
		var none S
		return none, ctx.Err()
	}
}

// advertised is where the ledger of the server is; zero when it has none.
func advertised(refs *packp.AdvRefs) plumbing.Hash { return refs.References[Ref] }

func (w *wire) fetch(ctx context.Context, store *repository) (plumbing.Hash, error) {
	s, err := session(ctx, w, w.client.NewUploadPackSession)
	if err != nil {
		return plumbing.ZeroHash, classed(err)
	}
	defer s.Close()
	refs, err := s.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return plumbing.ZeroHash, nil
	}
	if err != nil {
		return plumbing.ZeroHash, classed(err)
	}
	head := advertised(refs)
	if head.IsZero() || store.has(head) {
		return head, nil
	}
	return head, w.receive(ctx, s, refs, store)
}

// receive fetches the pack with what the store lacks. A store that has nothing
// yet gets the newest commit only, with all notes: the chain behind it may be
// long, and is not needed to go on with it.
func (w *wire) receive(ctx context.Context, s transport.UploadPackSession, refs *packp.AdvRefs, store *repository) error {
	request := packp.NewUploadPackRequestFromCapabilities(refs.Capabilities)
	request.Wants = []plumbing.Hash{advertised(refs)}
	haves, err := store.haves()
	if err != nil {
		return err
	}
	request.Haves, request.Shallows = haves, store.boundary()
	if refs.Capabilities.Supports(capability.Shallow) {
		request.Capabilities.Set(capability.Shallow) // a capability of its own name; never fails
		if len(haves) == 0 {
			request.Depth = packp.DepthCommits(1)
		}
	}
	reply, err := s.UploadPack(ctx, request)
	if err != nil {
		return classed(err)
	}
	defer reply.Close()
	pack := demuxed(request.Capabilities, reply)
	_, err = store.receive(ctx, reply.Shallows, func(w io.Writer) error {
		_, err := io.Copy(w, pack)
		return err
	})
	return err
}

// demuxed is the pack in a reply that also carries messages for people.
func demuxed(agreed *capability.List, reply io.Reader) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, reply)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, reply)
	}
	return reply
}

func (w *wire) push(ctx context.Context, p parcel) error {
	s, err := session(ctx, w, w.client.NewReceivePackSession)
	if err != nil {
		return classed(err)
	}
	defer s.Close()
	refs, err := s.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		refs, err = packp.NewAdvRefs(), nil
	}
	if err != nil {
		return classed(err)
	}
	if advertised(refs) != p.old {
		return errMoved
	}
	request := packp.NewReferenceUpdateRequestFromCapabilities(refs.Capabilities)
	request.Capabilities.Set(capability.ReportStatus) // without it nobody learns what came of a push
	request.Commands = []*packp.Command{{Name: Ref, Old: p.old, New: p.new}}
	pack, err := p.pack(ctx)
	if err != nil {
		return err
	}
	request.Packfile = io.NopCloser(pack)
	report, err := s.ReceivePack(ctx, request)
	if report != nil && report.Error() != nil {
		return refusal{report.Error()}
	}
	if err == nil && report == nil {
		err = errors.New("the server does not say what came of the push")
	}
	return classed(err)
}

// refusal is a push that the server took in and did not carry out: because
// somebody was faster, or because it does not want it.
type refusal struct{ error }

// classed gives errors of go-git's transports their kind.
func classed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed),
		errors.Is(err, transport.ErrInvalidAuthMethod):
		return fail(ErrDenied, "check the credentials and what they may write", "%w", err)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fail(ErrDenied, "check the URL, and the credentials: forges say this to those who may not see a repository", "%w", err)
	case strings.HasPrefix(err.Error(), "unknown error: "): // go-git's words for what the server said before it hung up
		return fail(ErrDenied, "check the credentials and what they may write", "the server says: %s", strings.TrimPrefix(err.Error(), "unknown error: "))
	case strings.Contains(err.Error(), "unable to authenticate"): // x/crypto/ssh has no type for it
		return fail(ErrDenied, "add the agent's public key to the repository", "the server accepts none of the keys offered")
	}
	return bare(err)
}

// bare is an error without the URL that net/http quotes.
func bare(err error) error {
	var unexpected *plumbing.UnexpectedError
	if errors.As(err, &unexpected) { // it does not unwrap
		err = unexpected.Err
	}
	var quoted *url.Error
	if errors.As(err, &quoted) {
		return quoted.Err
	}
	return err
}

// replyBytes is the longest reply that is read: a list of refs of a huge
// repository, or the pack of a huge ledger.
const replyBytes = 512 << 20

// cappedTransport bounds what a server can make the agent read.
type cappedTransport struct{ http.RoundTripper }

func (t cappedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.RoundTripper
	if next == nil {
		next = http.DefaultTransport
	}
	reply, err := next.RoundTrip(r)
	if err == nil {
		reply.Body = http.MaxBytesReader(nil, reply.Body, replyBytes)
	}
	return reply, err
}
