package wire

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"

	"moult/gitsource/fault"
)

// Access is how to prove who asks, who may answer, and the way between them. Its
// zero value uses what the URL itself holds, the ssh-agent, the keys and known
// hosts in ~/.ssh, the system's certificate authorities, and the proxy that
// HTTPS_PROXY names.
//
// The files are read for each request or connection, so that what is in them
// counts at once; [Access.Files] names them for whoever wants to watch them.
type Access struct {
	// Username and PasswordFile are for HTTP. The file holds a password or a
	// token. They win over what the URL holds. Most forges take any user name
	// beside a token, which is what an empty one becomes.
	Username, PasswordFile string
	// Authorization is how the password goes into an HTTP request: [Basic], which
	// "" means, or [Bearer].
	Authorization string

	// KeyFile is an SSH private key without passphrase; "" means the
	// ssh-agent, else the keys in ~/.ssh.
	KeyFile string
	// KnownHosts are the files that name the host keys to trust, as ssh writes
	// them; nil means ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. An
	// unknown host is refused.
	KnownHosts []string

	// CAFile holds certificates in PEM. For HTTPS they are trusted beside the
	// system's.
	CAFile string
	// CertificateFile and CertificateKeyFile are the agent's own certificate and
	// its key, in PEM, for HTTPS servers that ask for one.
	CertificateFile, CertificateKeyFile string

	// Proxy is the URL of a proxy: http, https or socks5. "" means the one of
	// HTTPS_PROXY and NO_PROXY for HTTP, and none for SSH.
	Proxy string
	// ProxyPasswordFile holds the password that belongs to the user in Proxy.
	ProxyPasswordFile string
}

// String shows nothing: a proxy's URL may hold a password.
func (a Access) String() string { return "access" }

// GoString is String, so that no verb of fmt shows more.
func (a Access) GoString() string { return a.String() }

// LogValue is String, so that no log shows more.
func (a Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Check refuses what cannot work whatever the server is. A password or a key
// that is not there yet may come, and is no reason not to begin.
func (a Access) Check() error {
	switch a.Authorization {
	case "", Basic, Bearer:
	default:
		return fault.New(fault.ErrSettings, "write "+Basic+" or "+Bearer, "authorization %q is unknown", fault.Plain(a.Authorization, 20))
	}
	if _, err := a.proxyURL(); errors.Is(err, fault.ErrSettings) {
		return err
	}
	files, err := a.readTLS()
	if err != nil {
		return err
	}
	_, err = files.config()
	return err
}

// Files are the files that the settings name.
func (a Access) Files() []string {
	files := append([]string{a.PasswordFile, a.KeyFile, a.CAFile, a.CertificateFile, a.CertificateKeyFile, a.ProxyPasswordFile}, a.KnownHosts...)
	return slices.DeleteFunc(files, func(file string) bool { return file == "" })
}

// The ways to put a password into an HTTP request.
const (
	// Basic is a user and a password (RFC 7617), which all forges take, with a
	// token for a password.
	Basic = "basic"
	// Bearer is a token alone (RFC 6750), for the few that ask for it: Azure
	// DevOps does so for the tokens of Entra ID.
	Bearer = "bearer"
)

// tokenUser stands where a token is the whole proof (GitHub's documentation
// uses it; others accept any name).
const tokenUser = "x-access-token"

// authorizer puts the proof into an HTTP request.
type authorizer interface {
	authorize(*http.Request) error
}

func authorizerOf(at Location, access Access) authorizer {
	switch {
	case access.PasswordFile != "" && access.Authorization == Bearer:
		return tokenFile(access.PasswordFile)
	case access.PasswordFile != "":
		return passwordFile{user: cmp.Or(access.Username, tokenUser), path: access.PasswordFile}
	case at.user != "" || at.pass != "":
		return password{user: at.user, pass: at.pass}
	}
	return nil
}

type password struct{ user, pass string }

func (p password) authorize(r *http.Request) error {
	r.SetBasicAuth(p.user, p.pass)
	return nil
}

type passwordFile struct{ user, path string }

func (p passwordFile) authorize(r *http.Request) error {
	secret, err := readSecret(p.path)
	if err != nil {
		return err
	}
	r.SetBasicAuth(p.user, secret)
	return nil
}

type tokenFile string

func (f tokenFile) authorize(r *http.Request) error {
	secret, err := readSecret(string(f))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	return nil
}

// readSecret is the content of a file, without the line feed that editors put
// behind it.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fault.New(fault.ErrCredentials, "check the password file", "%w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n\x00") {
		return "", fault.New(fault.ErrCredentials, "write the password alone into it, on one line", "password file %s does not hold one line", path)
	}
	return secret, nil
}
