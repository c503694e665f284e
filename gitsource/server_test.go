package gitsource

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/server"

	"moult/gitsource/gittest"
)

// What a server says of the content of its replies.
const (
	greetingType = "application/x-git-upload-pack-advertisement"
	replyType    = "application/x-git-upload-pack-result"
)

// traffic counts what a server sees.
type traffic struct {
	requests, up, down atomic.Int64
}

func (c *traffic) reset() { c.requests.Store(0); c.up.Store(0); c.down.Store(0) }

type countingListener struct {
	net.Listener
	seen *traffic
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countingConn{conn, l.seen}, err
}

type countingConn struct {
	net.Conn
	seen *traffic
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.seen.up.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	c.seen.down.Add(int64(len(p))) // before the client can have it
	return c.Conn.Write(p)
}

// serve starts a server that counts, headers included.
func serve(t testing.TB, h http.Handler) (string, *traffic) {
	t.Helper()
	seen := &traffic{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.requests.Add(1)
		h.ServeHTTP(w, r)
	}))
	s.Listener = countingListener{s.Listener, seen}
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL, seen
}

// httpBackend is git's own smart HTTP server for the repositories below root.
func httpBackend(t testing.TB, root string) http.Handler {
	t.Helper()
	needGit(t)
	backend, err := gittest.Server(root)
	if err != nil {
		t.Skip(err)
	}
	return backend
}

// oldServer hides from a server that the client speaks version 2.
func oldServer(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Git-Protocol")
		h.ServeHTTP(w, r)
	})
}

// plainServer is go-git's server: version 0, without side band. It needs no
// git command.
func plainServer(t testing.TB, f *fixture) http.Handler {
	t.Helper()
	endpoint := value[*transport.Endpoint](t)(transport.NewEndpoint("file://" + f.dir))
	srv := server.NewServer(server.MapLoader{endpoint.String(): f.store})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := srv.NewUploadPackSession(endpoint, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer session.Close()
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			plainGreeting(t, w, r, session)
			return
		}
		plainPack(t, w, r, session)
	})
}

func plainGreeting(t testing.TB, w http.ResponseWriter, r *http.Request, session transport.UploadPackSession) {
	refs, err := session.AdvertisedReferencesContext(r.Context())
	if err != nil {
		t.Error(err)
		return
	}
	refs.Prefix = [][]byte{[]byte("# service=git-upload-pack"), pktline.Flush}
	w.Header().Set("Content-Type", greetingType)
	if err := refs.Encode(w); err != nil {
		t.Error(err)
	}
}

func plainPack(t testing.TB, w http.ResponseWriter, r *http.Request, session transport.UploadPackSession) {
	request := packp.NewUploadPackRequest()
	if err := request.Decode(r.Body); err != nil {
		t.Error(err)
		return
	}
	reply, err := session.UploadPack(r.Context(), request)
	if err != nil {
		t.Error(err)
		return
	}
	w.Header().Set("Content-Type", replyType)
	if err := reply.Encode(w); err != nil {
		t.Error(err)
	}
}
