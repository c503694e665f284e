package wire

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"moult/gitsource/fault"
)

// tlsFiles is the content of the files that HTTPS depends on. The same content
// needs no new connections.
type tlsFiles struct{ authorities, certificate, key string }

func (a Access) readTLS() (tlsFiles, error) {
	var f tlsFiles
	for _, one := range []struct {
		path, what string
		into       *string
	}{
		{a.CAFile, "the file with certificate authorities", &f.authorities},
		{a.CertificateFile, "the client certificate", &f.certificate},
		{a.CertificateKeyFile, "the key of the client certificate", &f.key},
	} {
		if one.path == "" {
			continue
		}
		text, err := os.ReadFile(one.path)
		if err != nil {
			return f, fault.New(fault.ErrSettings, "correct the path or the permissions", "read %s: %w", one.what, err)
		}
		*one.into = string(text)
		if one.path == a.CAFile {
			err = checkAuthorities(text)
		}
		if err != nil {
			return f, fault.New(fault.ErrSettings, "put PEM certificates there, from BEGIN CERTIFICATE to END CERTIFICATE", "%s %s %w", one.what, one.path, err)
		}
	}
	return f, nil
}

const certificateType = "CERTIFICATE"

// checkAuthorities refuses what [x509.CertPool.AppendCertsFromPEM] passes over in silence:
// the connection would fail later, and say nothing of the file.
func checkAuthorities(text []byte) error {
	count := 0
	for block, rest := pem.Decode(text); ; block, rest = pem.Decode(rest) {
		switch {
		case block == nil && bytes.Contains(rest, []byte("-----BEGIN")):
			return fmt.Errorf("is cut off after %d certificates", count)
		case block == nil && count == 0:
			return errors.New("holds no certificate")
		case block == nil:
			return nil
		case block.Type != certificateType:
			return fmt.Errorf("holds something else than certificates: %s", fault.Plain(block.Type, 30))
		}
		count++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("holds a certificate (number %d) that cannot be read: %w", count, err)
		}
	}
}

// config is how to do TLS with these files. TLS 1.2 is the oldest that Go's
// client speaks.
func (f tlsFiles) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.authorities != "" {
		roots, err := x509.SystemCertPool()
		if err != nil { // a machine without any
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM([]byte(f.authorities))
		config.RootCAs = roots
	}
	if f.certificate == "" && f.key == "" {
		return config, nil
	}
	pair, err := tls.X509KeyPair([]byte(f.certificate), []byte(f.key))
	if err != nil { // it quotes neither
		return nil, fault.New(fault.ErrSettings, "give both files: the certificate, and the key that belongs to it", "use the client certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

const giveCertificate = "give a client certificate that the server accepts, if it asks for one"

// tlsError says of a connection that could not be secured what to do about it.
// Any other error is returned as it is.
func tlsError(err error) error {
	var unknown x509.UnknownAuthorityError
	var otherName x509.HostnameError
	var invalid x509.CertificateInvalidError
	text := fmt.Sprint(err)
	switch {
	case fault.Known(err) != nil:
		return err
	case errors.As(err, &unknown):
		return fault.New(fault.ErrUntrusted, "if the authority is your own, name its certificate in the file of certificate authorities; else find out who answers", "%w", err)
	case errors.As(err, &otherName):
		return fault.New(fault.ErrUntrusted, "use the name that the certificate has in the URL, or have a certificate made for this one", "%w", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fault.New(fault.ErrUntrusted, "have the server's certificate renewed, or set this machine's clock", "%w", err)
	case errors.As(err, &invalid):
		return fault.New(fault.ErrUntrusted, "have the server's certificate made again", "%w", err)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fault.New(fault.ErrSettings, "use the port that speaks TLS", "the server speaks HTTP without TLS there")
	case strings.Contains(text, "tls: ") && strings.Contains(text, "protocol version"): // the library has no types for the rest
		return fault.New(fault.ErrUnsupported, "let the server speak TLS 1.2 or later", "%w", err)
	case strings.Contains(text, "remote error: tls: ") && strings.Contains(text, "certificate"), strings.Contains(text, "remote error: tls: handshake failure"):
		return fault.New(fault.ErrDenied, giveCertificate, "%w", err)
	case strings.Contains(text, "http2: client conn could not be established"): // what is left of such an error when HTTP/2 was faster
		return fault.New(fault.ErrUnreachable, giveCertificate, "%w", err)
	}
	return err
}
