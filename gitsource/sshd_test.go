package gitsource

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"moult/gitsource/ledger"
	"moult/gitsource/wire"
)

// openSSH is the real sshd with a configuration of its own, run once for each
// connection (sshd(8), -i) as whoever runs the test.
type openSSH struct {
	t       *testing.T
	address string
	config  string
	trace   string // what git on the other side said and heard
	access  wire.Access
}

const sshdPath = "/usr/sbin/sshd" // it wants to be called by its whole path

func newOpenSSH(t *testing.T, more string) *openSSH {
	t.Helper()
	needGit(t)
	if _, err := os.Stat(sshdPath); err != nil {
		t.Skip("sshd is not installed: only Go's own SSH server is talked to (apt-get install openssh-server)")
	}
	if os.Geteuid() == 0 && !exists("/run/sshd") {
		t.Skip("sshd runs as root only where there is a directory /run/sshd: only Go's own SSH server is talked to")
	}
	dir := t.TempDir()
	s := &openSSH{t: t, config: filepath.Join(dir, "sshd_config"), trace: filepath.Join(dir, "trace")}
	client, host := newKey(t, filepath.Join(dir, "id_ed25519")), newKey(t, filepath.Join(dir, "host"))
	must(t, os.WriteFile(filepath.Join(dir, "authorized_keys"), ssh.MarshalAuthorizedKey(client.PublicKey()), 0o600))
	must(t, os.WriteFile(s.config, fmt.Appendf(nil, `
HostKey %[1]s/host
AuthorizedKeysFile %[1]s/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
SetEnv "PATH=%[2]s" "GIT_TRACE_PACKET=%[3]s"
%[4]s
`, dir, os.Getenv("PATH"), s.trace, more), 0o600))
	s.address = listening(t, s.serve)
	known := fileOf(t, []byte(known(s.address, host)))
	s.access = wire.Access{KeyFile: filepath.Join(dir, "id_ed25519"), KnownHosts: []string{known}}
	return s
}

func (s *openSSH) serve(conn net.Conn) {
	socket, err := conn.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer socket.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, sshdPath, "-i", "-f", s.config, "-E", s.config+".log")
	c.Stdin, c.Stdout = socket, socket
	_ = c.Run() // its log says why
}

func (s *openSSH) url(f *fixture) string {
	me := value[*user.User](s.t)(user.Current())
	return "ssh://" + me.Username + "@" + s.address + f.dir
}

func (s *openSSH) repository(f *fixture) *Repository {
	r := repository(s.t, s.url(f))
	r.Access = s.access
	s.t.Cleanup(func() {
		if log, err := os.ReadFile(s.config + ".log"); err == nil && s.t.Failed() {
			s.t.Logf("sshd says: %s", log)
		}
	})
	return r
}

// TestOpenSSH follows a branch and writes a ledger through Debian's sshd: one
// that passes on which version of git's protocol is asked for, and one that
// does not.
func TestOpenSSH(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config    string
		speaksTwo bool
	}{
		"version 2": {"AcceptEnv GIT_PROTOCOL", true},
		"version 0": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newOpenSSH(t, c.config)
			f := newFixture(t)
			first := f.commit("begin", files{"a.hcl": "one"})
			r := s.repository(f)
			fetch(t, r)
			next := f.commit("next", files{"a.hcl": "two"})
			fetch(t, r)
			if diff := cmp.Diff([]string{"next: a.hcl=two"}, history(t, r, first, "")); diff != "" {
				t.Error(diff)
			}
			trace := string(value[[]byte](t)(os.ReadFile(s.trace)))
			if strings.Contains(trace, "upload-pack> version 2") != c.speaksTwo {
				t.Errorf("not the version that was expected:\n%.2000s", trace)
			}
			tellLedger(t, s, f, next)
		})
	}
}

// tellLedger writes an entry and pushes it, and finds it in the repository with
// git itself.
func tellLedger(t *testing.T, s *openSSH, f *fixture, commit string) {
	t.Helper()
	l := &ledger.Ledger{
		Dir: filepath.Join(t.TempDir(), "ledger"), Remote: ledger.Remote{URL: s.url(f), Access: s.access}, Log: quiet(),
		Agent: ledger.Agent{Name: "moult", Email: "moult@example.com", Version: "1"},
	}
	defer l.Close()
	now := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	must(t, l.Append(t.Context(), now, ledger.Entry{Commit: commit, Environment: "production", Group: "web", Outcome: ledger.Held, Reason: "because"}))
	state := value[ledger.Synced](t)(l.Push(t.Context(), now))
	if state.Unsent != 0 {
		t.Errorf("%d commits are unsent", state.Unsent)
	}
	if note := git(t, f.dir, "notes", "--ref", "refs/notes/moult", "show", commit); !strings.Contains(note, "because") {
		t.Errorf("the note is %q", note)
	}
}

func TestOpenSSHRefuses(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "AcceptEnv GIT_PROTOCOL")
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})

	r := s.repository(f)
	r.Access.KeyFile = filepath.Join(t.TempDir(), "stranger")
	newKey(t, r.Access.KeyFile)
	refused(t, r, ErrDenied, "the server accepts none of the keys offered; add the agent's public key")

	r = s.repository(f)
	r.Access.KnownHosts = []string{fileOf(t, []byte(known(s.address, newKey(t, filepath.Join(t.TempDir(), "other")))))}
	refused(t, r, ErrUntrusted, "has another host key")

	r = s.repository(f)
	r.URL += "-none"
	refused(t, r, ErrNotFound, "does not appear to be a git repository")
}
