package wire

import (
	"bytes"
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	someHash = "0123456789012345678901234567890123456789"
	mainRef  = "refs/heads/main"
)

// git is a server that knows one ref.
func git(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if strings.HasSuffix(r.URL.Path, "/info/refs") {
		w.Header().Set("Content-Type", uploadPack.greetingType())
		packetf(&b, "version 2")
		packetf(&b, "ls-refs")
	} else {
		w.Header().Set("Content-Type", uploadPack.replyType())
		packetf(&b, "%s %s", someHash, mainRef)
	}
	b.Write(flushPacket)
	_, _ = b.WriteTo(w)
}

// between passes connections on to a server, until they are forgotten: then it
// takes what comes, and nothing comes back.
type between struct {
	net.Listener
	to              string
	made, forgotten atomic.Int64
}

func (b *between) accept() {
	for {
		conn, err := b.Accept()
		if err != nil {
			return
		}
		other, err := net.Dial("tcp", b.to)
		if err != nil {
			return
		}
		number := b.made.Add(1)
		forget := func() bool { return number <= b.forgotten.Load() }
		go pass(other, conn, forget)
		go pass(conn, other, forget)
	}
}

func pass(to, from net.Conn, forget func() bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if forget() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAConnectionThatWasForgottenIsGivenUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(git))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	b := &between{Listener: listener, to: server.Listener.Addr().String()}
	go b.accept()

	at, err := ParseLocation("https://" + listener.Addr().String() + "/fleet.git")
	if err != nil {
		t.Fatal(err)
	}
	ca := written(t, string(pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: server.Certificate().Raw})))
	line := newHTTPLine(at, Access{CAFile: ca}, nil)
	line.silent = 300 * time.Millisecond
	s := &Server{At: at, line: line}
	defer s.Close()
	tip := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		_, err := s.Tip(ctx, mainRef)
		return err
	}
	if err := tip(time.Minute); err != nil {
		t.Fatal(err)
	}
	b.forgotten.Store(b.made.Load())
	begin := time.Now()
	if err := tip(time.Minute); err != nil { // fails on the old connection, and is asked again on a new one
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
	if n := b.made.Load(); n != 2 {
		t.Errorf("%d connections were made", n)
	}
}
