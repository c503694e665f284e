package gitsource

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"moult/gitsource/wire"
)

// authority signs certificates, as a company's own does.
type authority struct {
	t    testing.TB
	made *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	a := authority{t: t, key: value[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Our own authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := value[[]byte](t)(x509.CreateCertificate(rand.Reader, c, c, a.key.Public(), a.key))
	a.made = value[*x509.Certificate](t)(x509.ParseCertificate(der))
	return a
}

// certificate is one for a name, good until a time.
func (a authority) certificate(name string, until time.Time) tls.Certificate {
	a.t.Helper()
	key := value[*ecdsa.PrivateKey](a.t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der := value[[]byte](a.t)(x509.CreateCertificate(rand.Reader, c, a.made, key.Public(), a.key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a authority) text() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.made.Raw})
}

func (a authority) file() string { return fileOf(a.t, a.text()) }

// files are a certificate and its key, as PEM.
func (a authority) files(c tls.Certificate) (certificate, key string) {
	a.t.Helper()
	der := value[[]byte](a.t)(x509.MarshalPKCS8PrivateKey(c.PrivateKey))
	return fileOf(a.t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
		fileOf(a.t, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func fileOf(t testing.TB, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, text, 0o600))
	return file
}

// hour is a time until which certificates are good.
func hour() time.Time { return time.Now().Add(time.Hour) }

// serveTLS is an HTTPS server; connections counts those it was asked for.
func serveTLS(t testing.TB, h http.Handler, config *tls.Config) (url string, connections *atomic.Int64) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS, s.EnableHTTP2 = config, true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is about the clients that a test has refused
	connections = &atomic.Int64{}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL + "/fleet.git", connections
}

func TestACertificateThatIsNotGoodSaysWhatToDo(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	good := ours.certificate("127.0.0.1", hour())
	plain, _ := serve(t, http.NotFoundHandler())
	onTLS := func(c *tls.Config) string { url, _ := serveTLS(t, http.NotFoundHandler(), c); return url }
	for name, c := range map[string]struct {
		url    string
		access wire.Access
		kind   error
		says   string
	}{
		"unknown authority": {onTLS(&tls.Config{Certificates: []tls.Certificate{good}}), wire.Access{}, ErrUntrusted,
			"unknown authority; if the authority is your own, name its certificate in the file of certificate authorities"},
		"another authority": {onTLS(&tls.Config{Certificates: []tls.Certificate{good}}), wire.Access{CAFile: newAuthority(t).file()}, ErrUntrusted,
			"unknown authority"},
		"expired": {onTLS(&tls.Config{Certificates: []tls.Certificate{ours.certificate("127.0.0.1", time.Now().Add(-time.Minute))}}),
			wire.Access{CAFile: ours.file()}, ErrUntrusted, "has expired or is not yet valid: current time"},
		"other name": {onTLS(&tls.Config{Certificates: []tls.Certificate{ours.certificate("git.example.com", hour())}}),
			wire.Access{CAFile: ours.file()}, ErrUntrusted, "use the name that the certificate has in the URL"},
		"old protocol": {onTLS(&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}),
			wire.Access{CAFile: ours.file()}, ErrUnsupported, "let the server speak TLS 1.2 or later"},
		"no TLS": {strings.Replace(plain, "http:", "https:", 1), wire.Access{}, ErrSettings, "speaks HTTP without TLS there; use the port that speaks TLS"},
		"asks for one, TLS 1.2": {onTLS(&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}),
			wire.Access{CAFile: ours.file()}, ErrDenied, "give a client certificate that the server accepts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := repository(t, c.url)
			r.Access = c.access
			refused(t, r, c.kind, c.says)
		})
	}
}

func TestAnAuthorityOfOnesOwnIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	old, next := newAuthority(t), newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{old.certificate("127.0.0.1", hour())}}
	current := &atomic.Pointer[tls.Certificate]{}
	current.Store(&config.Certificates[0])
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*current.Load()}, NextProtos: []string{"h2"}}, nil
	}
	url, connections := serveTLS(t, plainServer(t, f), config)
	r := repository(t, url)
	r.Access.CAFile = old.file()
	fetch(t, r)
	fetch(t, r)
	f.commit("next", files{"a.hcl": "two"})
	fetch(t, r)
	if n := connections.Load(); n != 1 {
		t.Errorf("three polls made %d connections", n)
	}

	renewed := next.certificate("127.0.0.1", hour())
	current.Store(&renewed)
	must(t, os.WriteFile(r.Access.CAFile, next.text(), 0o600)) // nothing else closes the connection
	fetch(t, r)
	if n := connections.Load(); n != 2 {
		t.Errorf("with another authority there were %d connections", n)
	}
	must(t, os.WriteFile(r.Access.CAFile, nil, 0o600))
	refused(t, r, ErrSettings, "holds no certificate; put PEM certificates there")
	must(t, os.WriteFile(r.Access.CAFile, append(old.text(), next.text()...), 0o600))
	fetch(t, r)
}

func TestAClientCertificateProvesWhoAsks(t *testing.T) {
	t.Parallel()
	ours, stranger := newAuthority(t), newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ours.made)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.commit("begin", files{"a.hcl": "one"})
			url, _ := serveTLS(t, plainServer(t, f), &tls.Config{
				Certificates: []tls.Certificate{ours.certificate("127.0.0.1", hour())}, ClientCAs: pool,
				ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: version, MaxVersion: version,
			})
			r := repository(t, url)
			r.Access.CAFile = ours.file()
			refusedCertificate(t, r, version)
			must(t, r.Close())
			r.Access.CertificateFile, r.Access.CertificateKeyFile = stranger.files(stranger.certificate("moult", hour()))
			refusedCertificate(t, r, version)

			certificate, key := ours.files(ours.certificate("moult", hour()))
			must(t, os.Rename(certificate, r.Access.CertificateFile))
			must(t, os.Rename(key, r.Access.CertificateKeyFile))
			fetch(t, r)
		})
	}
}

// refusedCertificate polls a server that does not accept the client's
// certificate. Up to TLS 1.2 it says so in the handshake; later it says so when
// requests may be under way already, and whether the client gets to hear it
// depends on who is faster.
func refusedCertificate(t *testing.T, r *Repository, version uint16) {
	t.Helper()
	_, err := r.Fetch(t.Context())
	heard := errors.Is(err, ErrDenied) && strings.Contains(err.Error(), "give a client certificate that the server accepts")
	if !heard && (version == tls.VersionTLS12 || !errors.Is(err, ErrUnreachable)) {
		t.Errorf("error is %v", err)
	}
}
