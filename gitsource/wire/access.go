package wire

import (
	"cmp"
	"net/http"
	"os"
	"strings"

	"moult/gitsource/fault"
)

// Access is how to prove who asks. Its zero value uses what the URL itself
// holds, the ssh-agent, and the keys and known hosts in ~/.ssh.
type Access struct {
	// Username and PasswordFile are for HTTP. The file holds a password or a
	// token; it is read for each request, so that a new one is used at once.
	// They win over what the URL holds. Most forges take any user name beside
	// a token, which is what an empty one becomes.
	Username, PasswordFile string
	// KeyFile is an SSH private key without passphrase; "" means the
	// ssh-agent, else the keys in ~/.ssh.
	KeyFile string
	// KnownHosts are the files that name the host keys to trust, as ssh writes
	// them; nil means ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. An
	// unknown host is refused.
	KnownHosts []string
}

// tokenUser stands where a token is the whole proof (GitHub's documentation
// uses it; others accept any name).
const tokenUser = "x-access-token"

// authorizer puts the proof into an HTTP request.
type authorizer interface {
	authorize(*http.Request) error
}

func authorizerOf(at Location, access Access) authorizer {
	switch {
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
	text, err := os.ReadFile(p.path)
	if err != nil {
		return fault.New(fault.ErrDenied, "check the password file", "%w", err)
	}
	r.SetBasicAuth(p.user, strings.TrimRight(string(text), "\r\n"))
	return nil
}
