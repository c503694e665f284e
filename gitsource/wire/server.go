package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/fault"
)

// Server is one repository on a server. Make it as a struct literal; nothing
// happens before the first method is called. One call at a time.
type Server struct {
	At Location
	// Access is how to prove who asks; see [Access].
	Access Access
	// Transport makes the HTTP requests, past the certificates and the proxy of
	// Access; nil means one of its own.
	Transport http.RoundTripper
	// Patience is how long the server may send nothing while a pack is on its
	// way, in either direction; zero means a minute. It may say five times as
	// long that it is at work.
	Patience time.Duration

	line  line      // nil before the first call
	known *greeting // of the last conversation about what is there
}

const defaultPatience = time.Minute

// line reaches the services of one repository.
type line interface {
	// converse begins a conversation with a service, which ends at the latest
	// with ctx.
	converse(ctx context.Context, service service) (conversation, error)
	// close gives idle connections back.
	close()
}

// service is a program of git's on the other side.
type service string

const (
	uploadPack  service = "git-upload-pack"
	receivePack service = "git-receive-pack"
)

// conversation is one exchange with a service.
type conversation interface {
	// greeting is what the server says first. Where requests stand alone
	// (HTTP), it costs a request and may be left out.
	greeting(ctx context.Context) (io.Reader, error)
	// standsAlone reports whether the greeting may be left out.
	standsAlone() bool
	// ask sends a request and returns the reply.
	ask(ctx context.Context, request *bytes.Buffer) (io.Reader, error)
	// close ends the conversation; replies cannot be read any more.
	close()
}

func (s *Server) converse(ctx context.Context, service service) (conversation, error) {
	if s.line == nil {
		if s.At.Scheme == "ssh" {
			s.line = &sshLine{at: s.At, access: s.Access}
		} else {
			s.line = newHTTPLine(s.At, s.Access, s.Transport)
		}
	}
	return s.line.converse(ctx, service)
}

// Close gives idle connections back. The Server can be used again afterwards.
func (s *Server) Close() {
	if s.line != nil {
		s.line.close()
		s.line = nil
	}
	s.known = nil
}

// Tip asks where a ref is; zero when it is not there. Once the server is known
// to speak version 2 and requests stand alone, that is one request; whatever
// goes wrong with it, the server is asked again from the beginning.
func (s *Server) Tip(ctx context.Context, ref plumbing.ReferenceName) (plumbing.Hash, error) {
	listed, err := s.list(ctx, ref.String(), ref.String())
	return listed.tip, err
}

// Branches names some branches of the repository, a few at most.
func (s *Server) Branches(ctx context.Context) ([]string, error) {
	listed, err := s.list(ctx, "", headsPrefix)
	return listed.branches, err
}

const headsPrefix = "refs/heads/"

// list asks for the refs that begin with prefix, and keeps what concerns ref.
func (s *Server) list(ctx context.Context, ref, prefix string) (refs, error) {
	c, err := s.converse(ctx, uploadPack)
	if err != nil {
		return refs{}, err
	}
	defer c.close()
	if s.known != nil && s.known.version == 2 && c.standsAlone() {
		listed, err := s.known.lsRefs(ctx, c, ref, prefix)
		if err == nil || ctx.Err() != nil {
			return listed, err
		}
	}
	if s.known, err = greet(ctx, c, ref); err != nil {
		return refs{}, err
	}
	if s.known.version == 2 {
		return s.known.lsRefs(ctx, c, ref, prefix)
	}
	return s.known.listed, nil
}

// greet reads what the server says first.
func greet(ctx context.Context, c conversation, ref string) (*greeting, error) {
	said, err := c.greeting(ctx)
	if err != nil {
		return nil, err
	}
	return readGreeting(said, ref)
}

// stalled gives the error of an exchange that was given up because nothing
// arrived. One that has a kind is about something else: a pack that has arrived
// may take its time, and be refused then.
func (s *Server) stalled(v *vigil, err error) error {
	if err != nil && fault.Known(err) == nil && errors.Is(context.Cause(v.ctx), errStalled) {
		return v.why()
	}
	return err
}

// greeting is what a server says of itself first.
type greeting struct {
	version      int
	capabilities map[string]string // in version 2 also the commands, with their features
	listed       refs              // version 0 only: it lists all refs at once
}

// refs is what is kept of a list of refs.
type refs struct {
	tip      plumbing.Hash // of the ref that was asked for; zero when it is not there
	branches []string      // some, to name them
	shallow  []plumbing.Hash
}

// mostBranches is how many branches are named to somebody who asked for one
// that does not exist.
const mostBranches = 5

// note keeps one line of a list: a hash, a space and the name of a ref.
func (l *refs) note(line, ref string) error {
	hash, name, ok := strings.Cut(line, " ")
	if !ok {
		return errNotGit
	}
	if name == ref && ref != "" {
		tip, err := parseHash(hash)
		if err != nil {
			return errNotGit
		}
		l.tip = tip
	}
	branch, isBranch := strings.CutPrefix(name, headsPrefix)
	if isBranch && len(l.branches) < mostBranches {
		l.branches = append(l.branches, fault.Plain(branch, 80))
	}
	return nil
}

// parseHash reads a full SHA-1 name.
func parseHash(text string) (plumbing.Hash, error) {
	if !plumbing.IsHash(text) {
		return plumbing.ZeroHash, errNotGit
	}
	return plumbing.NewHash(text), nil
}
