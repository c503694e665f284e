package gitsource

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"moult/gitsource/wire"
)

// listening answers each connection with serve, until the test ends.
func listening(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l := value[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// join copies both ways until one side ends.
func join(from io.Reader, conn net.Conn, to string) {
	other, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer other.Close()
	go func() {
		_, _ = io.Copy(other, from)
		other.Close()
	}()
	_, _ = io.Copy(conn, other)
}

// connectProxy is an HTTP proxy for a user and a password; passed counts what
// went through it.
func connectProxy(user, password string, passed *atomic.Int64) func(net.Conn) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	return func(conn net.Conn) {
		buffered := bufio.NewReader(conn)
		r, err := http.ReadRequest(buffered)
		if err != nil || r.Method != http.MethodConnect {
			return
		}
		if r.Header.Get("Proxy-Authorization") != want {
			io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
			return
		}
		passed.Add(1)
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(buffered, conn, r.Host)
	}
}

// socksProxy is a SOCKS5 proxy (RFC 1928, RFC 1929) for a user and a password.
func socksProxy(user, password string, passed *atomic.Int64) func(net.Conn) {
	return func(conn net.Conn) {
		r := bufio.NewReader(conn)
		next := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(r, b)
			return b
		}
		text := func() string { return string(next(int(next(1)[0]))) }
		next(1)    // version
		_ = text() // the methods that are offered
		conn.Write([]byte{5, 2})
		next(1) // version of the password method
		if text() != user || text() != password {
			conn.Write([]byte{1, 1})
			return
		}
		conn.Write([]byte{1, 0})
		address := next(4)
		if address[3] != 1 {
			return
		}
		to := fmt.Sprintf("%s:%d", net.IP(next(4)), binary.BigEndian.Uint16(next(2)))
		passed.Add(1)
		conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		join(r, conn, to)
	}
}

func TestThroughAProxy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	ours := newAuthority(t)
	overTLS, _ := serveTLS(t, plainServer(t, f), &tls.Config{Certificates: []tls.Certificate{ours.certificate("127.0.0.1", hour())}})
	hidden := &tls.Config{Certificates: []tls.Certificate{ours.certificate("127.0.0.1", hour())}}
	for kind, proxy := range map[string]func(user, password string, passed *atomic.Int64) func(net.Conn){
		"http": connectProxy, "socks5": socksProxy,
		"https": func(user, password string, passed *atomic.Int64) func(net.Conn) {
			inner := connectProxy(user, password, passed)
			return func(conn net.Conn) { inner(tls.Server(conn, hidden)) }
		},
	} {
		for scheme, open := range map[string]func(t *testing.T) *Repository{
			"https": func(t *testing.T) *Repository { return repository(t, overTLS) },
			"ssh":   func(t *testing.T) *Repository { return newSSHServer(t, false).repository(f) },
		} {
			t.Run(scheme+" through "+kind, func(t *testing.T) {
				t.Parallel()
				var passed atomic.Int64
				at := listening(t, proxy("bob", "p:w@s3cr3t", &passed))
				r := open(t)
				r.Access.CAFile, r.Access.Proxy = ours.file(), kind+"://bob@"+at
				r.Access.ProxyPasswordFile = filepath.Join(t.TempDir(), "password")
				refused(t, r, ErrCredentials, "check the password file")
				must(t, os.WriteFile(r.Access.ProxyPasswordFile, []byte("0ld-s3cr3t\n"), 0o600))
				if text := refused(t, r, ErrDenied, "check the proxy's user and password"); passed.Load() != 0 || strings.Contains(text, "s3cr3t") {
					t.Errorf("with a wrong password: %s, %d connections", text, passed.Load())
				}
				must(t, os.WriteFile(r.Access.ProxyPasswordFile, []byte("p:w@s3cr3t\n"), 0o600))
				fetch(t, r)
				if passed.Load() == 0 {
					t.Error("the proxy was passed by")
				}
				r.Close()
				r.Access.Proxy, r.Access.ProxyPasswordFile = kind+"://bob:p%3Aw%40s3cr3t@"+at, ""
				fetch(t, r)
			})
		}
	}
}

func TestProxiesThatRefuse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	says := func(text string) string {
		return listening(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, text)
		})
	}
	for name, c := range map[string]struct {
		proxy string
		kind  error
		says  string
	}{
		"password": {says("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), ErrDenied, "the proxy answers 407 Proxy Authentication Required; check the proxy's user and password"},
		"rule":     {says("HTTP/1.1 403 Forbidden\r\n\r\n"), ErrDenied, "the proxy answers 403 Forbidden"},
		"gateway":  {says("HTTP/1.1 502 Bad Gateway\r\n\r\n"), ErrUnreachable, "the proxy answers 502 Bad Gateway"},
		"garbage":  {says("220 smtp.example.com\r\n"), ErrUnreachable, ""},
		"endless":  {says("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 500)), ErrUnreachable, ""},
		"gone":     {says(""), ErrUnreachable, ""},
	} {
		for scheme, url := range map[string]string{"https": "https://192.0.2.1/fleet.git", "ssh": "ssh://git@192.0.2.1/fleet.git"} {
			t.Run(name+" for "+scheme, func(t *testing.T) {
				t.Parallel()
				r := newSSHServer(t, false).repository(f)
				r.URL, r.Access.Proxy = url, "http://bob:s3cr3t@"+c.proxy
				if text := refused(t, r, c.kind, c.says); strings.Contains(text, "s3cr3t") {
					t.Errorf("the secret is shown: %s", text)
				}
			})
		}
	}
	t.Run("plain HTTP", func(t *testing.T) {
		t.Parallel()
		proxy, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
		r := repository(t, "http://192.0.2.1/fleet.git")
		r.Access.Proxy = proxy
		refused(t, r, ErrDenied, "the proxy answers 407")
	})
}

func TestAProxyThatStallsMeetsTheDeadline(t *testing.T) {
	t.Parallel()
	at := listening(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for _, kind := range []string{"http", "https", "socks5"} {
		for _, url := range []string{"https://192.0.2.1/fleet.git", "ssh://git@192.0.2.1/fleet.git"} {
			r := newSSHServer(t, false).repository(newFixture(t))
			r.URL, r.Access.Proxy, r.PollTimeout = url, kind+"://"+at, 100*time.Millisecond
			refused(t, r, ErrUnreachable, "no answer within 100ms")
		}
	}
}

func TestSettingsOfAccessThatCannotWork(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://192.0.2.1/fleet.git", "ssh://git@192.0.2.1/fleet.git"} {
		r := newSSHServer(t, false).repository(newFixture(t))
		r.URL = url
		r.Access.Proxy = "ftp://proxy:1"
		refused(t, r, ErrSettings, "a proxy's URL starts with")
	}
	r := repository(t, "https://192.0.2.1/fleet.git")
	r.Access = wire.Access{CAFile: filepath.Join(t.TempDir(), "none")}
	refused(t, r, ErrSettings, "read the file with certificate authorities")
}
