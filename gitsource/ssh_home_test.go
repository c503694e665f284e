package gitsource

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	sshagent "golang.org/x/crypto/ssh/agent"

	"moult/gitsource/wire"
)

// home makes a home directory that knows the server, and no key.
func home(t *testing.T, s *sshServer) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, ".ssh"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, ".ssh", "known_hosts"), []byte(s.knownLine), 0o600))
	t.Setenv("HOME", dir)
	t.Setenv("SSH_AUTH_SOCK", "")
	return dir
}

func TestSSHUsesTheHomeDirectory(t *testing.T) {
	s := newSSHServer(t, false)
	dir := home(t, s)
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := s.repository(f)
	r.Access = wire.Access{}
	refused(t, r, ErrCredentials, "there is no SSH key to offer; configure a key file, or start ssh-agent")
	key := value[[]byte](t)(os.ReadFile(s.keyFile))
	must(t, os.WriteFile(filepath.Join(dir, ".ssh", "id_ed25519"), key, 0o600))
	fetch(t, r)
}

func TestSSHUsesTheAgent(t *testing.T) {
	s := newSSHServer(t, false)
	home(t, s)
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	key := value[any](t)(ssh.ParseRawPrivateKey(value[[]byte](t)(os.ReadFile(s.keyFile))))
	ring := sshagent.NewKeyring()
	must(t, ring.Add(sshagent.AddedKey{PrivateKey: key}))
	socket := filepath.Join(t.TempDir(), "agent")
	l := value[net.Listener](t)(net.Listen("unix", socket))
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go sshagent.ServeAgent(ring, conn)
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	r := s.repository(f)
	r.Access.KeyFile = ""
	fetch(t, r)
}
