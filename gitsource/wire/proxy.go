package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/proxy"

	"moult/gitsource/fault"
)

// proxyURL is the proxy of the settings, with its password; nil when they name
// none. It is an ErrSettings unless only the password is missing.
func (a Access) proxyURL() (*url.URL, error) {
	if a.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(a.Proxy)
	if err != nil || u.Host == "" { // an error would quote the URL
		return nil, fault.New(fault.ErrSettings, "write it as http://proxy.example.com:3128", "the proxy's URL cannot be parsed")
	}
	switch u.Scheme {
	case "http", "https", "socks5":
	default:
		return nil, fault.New(fault.ErrSettings, "use a proxy of one of these kinds", "a proxy's URL starts with http, https or socks5, not with %s", fault.Plain(u.Scheme, 20))
	}
	if a.ProxyPasswordFile == "" {
		return u, nil
	}
	if u.User.Username() == "" {
		return nil, fault.New(fault.ErrSettings, "write it as http://user@proxy.example.com:3128", "the proxy's URL names no user for its password")
	}
	secret, err := readSecret(a.ProxyPasswordFile)
	u.User = url.UserPassword(u.User.Username(), secret)
	return u, err
}

// proxyOf is the proxy for a request, as http.Transport asks for it.
func (a Access) proxyOf(r *http.Request) (*url.URL, error) {
	if a.Proxy != "" {
		return a.proxyURL()
	}
	return http.ProxyFromEnvironment(r) // leaves out what it cannot read
}

// proxyReply is what a proxy's answer to CONNECT means; nil: go ahead.
func proxyReply(reply *http.Response) error {
	switch {
	case reply.StatusCode == http.StatusOK:
		return nil
	case reply.StatusCode == http.StatusProxyAuthRequired, reply.StatusCode == http.StatusForbidden:
		return fault.New(fault.ErrDenied, checkProxy, "the proxy answers %s", fault.Plain(reply.Status, 60))
	}
	return fault.New(fault.ErrUnreachable, "a running agent tries again at its next poll", "the proxy answers %s", fault.Plain(reply.Status, 60))
}

// socksError tells a password that a SOCKS5 proxy refuses from a network that
// fails.
func socksError(err error) error {
	if err != nil && strings.Contains(err.Error(), "username/password authentication failed") { // the library has no type for it
		return fault.New(fault.ErrDenied, checkProxy, "%w", err)
	}
	return err
}

const checkProxy = "check the proxy's user and password, and where it lets one go"

// dial reaches a host and port for SSH, straight or through the proxy.
func (a Access) dial(ctx context.Context, to string) (net.Conn, error) {
	by, err := a.proxyURL()
	switch {
	case err != nil:
		return nil, err
	case by == nil:
		return new(net.Dialer).DialContext(ctx, "tcp", to)
	case by.Scheme == "socks5":
		socks, err := proxy.FromURL(by, new(net.Dialer))
		if err != nil {
			return nil, fault.New(fault.ErrSettings, "correct the proxy's URL", "the proxy cannot be used")
		}
		conn, err := socks.(proxy.ContextDialer).DialContext(ctx, "tcp", to)
		if errors.Is(err, os.ErrDeadlineExceeded) { // that of ctx, which it sets on the connection
			err = context.DeadlineExceeded
		}
		return conn, socksError(err)
	}
	conn, err := a.dialProxy(ctx, by)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	tunnel, err := connect(conn, by, to)
	if err != nil {
		conn.Close()
		return nil, either(ctx, err)
	}
	return tunnel, nil
}

func (a Access) dialProxy(ctx context.Context, by *url.URL) (net.Conn, error) {
	if by.Scheme == "http" {
		return new(net.Dialer).DialContext(ctx, "tcp", withPort(by, "80"))
	}
	files, err := a.readTLS()
	if err != nil {
		return nil, err
	}
	config, err := files.config()
	if err != nil {
		return nil, err
	}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", withPort(by, "443"))
	if err != nil {
		return nil, tlsError(err)
	}
	return conn, nil
}

func withPort(u *url.URL, usual string) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), usual)
}

// mostHeader is how long a proxy's answer may be.
const mostHeader = 64 << 10

// connect asks an HTTP proxy for a way to a host and port (RFC 9110, 9.3.6).
func connect(conn net.Conn, by *url.URL, to string) (net.Conn, error) {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: to}, Host: to, Header: http.Header{"User-Agent": {agent}}}
	if password, set := by.User.Password(); set {
		r.SetBasicAuth(by.User.Username(), password)
		r.Header["Proxy-Authorization"] = r.Header["Authorization"]
		r.Header.Del("Authorization")
	}
	if err := r.Write(conn); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: mostHeader}
	buffered := bufio.NewReader(limited)
	reply, err := http.ReadResponse(buffered, r)
	if err != nil {
		return nil, fault.New(fault.ErrUnreachable, "check the proxy's URL", "the proxy does not answer as one: %w", err)
	}
	if err := proxyReply(reply); err != nil {
		return nil, err
	}
	limited.N = math.MaxInt64
	return tunnel{conn, buffered}, nil
}

// tunnel is a connection of which some bytes were read already: an SSH server
// speaks first.
type tunnel struct {
	net.Conn
	r *bufio.Reader
}

func (t tunnel) Read(p []byte) (int, error) { return t.r.Read(p) }
