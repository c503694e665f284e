package gitsource

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// refused polls, expects an error of a kind that says something, and returns
// its text.
func refused(t testing.TB, r *Repository, kind error, says string) string {
	t.Helper()
	_, err := r.Fetch(context.Background())
	if !errors.Is(err, kind) {
		t.Fatalf("error is %v, want one of kind %q", err, kind)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error does not say %q: %v", says, err)
	}
	return err.Error()
}

func TestSSHFollowsTheBranch(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"version 2": false, "version 0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSSHServer(t, old)
			f := newFixture(t)
			first := f.commit("begin", files{"a.hcl": "one"})
			r := s.repository(f)
			fetch(t, r)
			f.commit("next", files{"a.hcl": "two", "b.hcl": "three"})
			fetch(t, r)
			if got := fetch(t, r); got.Changed {
				t.Errorf("an unchanged poll found %+v", got)
			}
			if got := history(t, r, first, ""); len(got) != 1 || got[0] != "next: a.hcl=two b.hcl=three" {
				t.Errorf("history is %q", got)
			}
			r.Close()
			r.Branch = "none"
			refused(t, r, ErrNoBranch, "there is: main")
		})
	}
}

func TestSSHRefusesAHostThatIsNotKnown(t *testing.T) {
	t.Parallel()
	s := newSSHServer(t, false)
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := s.repository(f)
	r.Access.KnownHosts = []string{s.knownHosts()}
	refused(t, r, ErrUntrusted, "is not a known host (it has SHA256:")
	none := filepath.Join(t.TempDir(), "none")
	r = s.repository(f)
	r.Access.KnownHosts = []string{s.knownHosts(), none}
	refused(t, r, ErrUntrusted, "known_hosts and "+none+" (does not exist); compare the fingerprint")
	r = s.repository(f)
	r.Access.KnownHosts = []string{s.knownHosts("nonsense")}
	if text := refused(t, r, ErrSettings, "correct the known_hosts file"); strings.Contains(text, "knownhosts") {
		t.Errorf("a word of the library is shown: %s", text)
	}

	other := newKey(t, filepath.Join(t.TempDir(), "other"))
	r = s.repository(f)
	r.Access.KnownHosts = []string{s.knownHosts(known(s.address, other))}
	refused(t, r, ErrUntrusted, "has another host key")

	r = s.repository(f)
	r.Access.KnownHosts = []string{s.knownHosts("@revoked " + s.knownLine)}
	refused(t, r, ErrUntrusted, "is revoked")
}

func TestSSHAsksForTheHostKeyThatIsKnown(t *testing.T) {
	t.Parallel()
	s := newSSHServer(t, false, rsaKey(t)) // which clients prefer otherwise
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	fetch(t, s.repository(f))
}

func TestSSHKeysThatDoNotOpen(t *testing.T) {
	t.Parallel()
	s := newSSHServer(t, false)
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	r := s.repository(f)
	r.Access.KeyFile = filepath.Join(t.TempDir(), "stranger")
	newKey(t, r.Access.KeyFile)
	refused(t, r, ErrDenied, "accepts none of the keys")

	r = s.repository(f)
	r.Access.KeyFile = filepath.Join(t.TempDir(), "none")
	refused(t, r, ErrCredentials, "check the SSH key file")

	r = s.repository(f)
	r.Access.KeyFile = filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(r.Access.KeyFile, []byte("hunter2"), 0o600))
	if text := refused(t, r, ErrCredentials, "is not a private key"); strings.Contains(text, "hunter2") {
		t.Errorf("the content of the key file is shown: %s", text)
	}
}

func TestSSHPathWithoutRepository(t *testing.T) {
	t.Parallel()
	s := newSSHServer(t, false)
	f := newFixture(t)
	r := s.repository(f)
	r.URL += "-none"
	refused(t, r, ErrNotFound, "does not appear to be a git repository")
}

func TestSSHPathCannotRunAnything(t *testing.T) {
	t.Parallel()
	s := newSSHServer(t, false)
	f := newFixture(t)
	touched := filepath.Join(t.TempDir(), "touched")
	r := s.repository(f)
	r.URL += "';touch " + touched + ";'"
	refused(t, r, ErrNotFound, "")
	if exists(touched) {
		t.Error("the path was run")
	}
}

func TestSSHThatStallsInTheHandshake(t *testing.T) {
	t.Parallel()
	silent := value[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()
	s := newSSHServer(t, false)
	r := s.repository(newFixture(t))
	r.URL = "ssh://git@" + silent.Addr().String() + "/fleet.git"
	r.PollTimeout = 50 * time.Millisecond
	refused(t, r, ErrUnreachable, "no answer within 50ms")

	ctx, cancel := context.WithCancel(context.Background())
	r.PollTimeout = time.Hour
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			defer conn.Close()
		}
		cancel()
	}()
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
}

// TestSSHServersThatMisbehave: after the handshake, when git should speak.
func TestSSHServersThatMisbehave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": string(noise(100_000))})
	for name, c := range map[string]struct {
		instead, says string
		kind          error
	}{
		"stalls":                {"cat", "no answer within 300ms", ErrUnreachable},
		"ends":                  {"exit 1", "", ErrUnreachable},
		"refuses":               {"echo 'no access for \033[31mmoult' >&2; exit 1", "the server says: no access for  [31mmoult", ErrNotFound},
		"a menu for people":     {"echo Welcome; cat", "the answer is not git's protocol", ErrUnreachable},
		"garbage without end":   {"yes", "the answer is not git's protocol", ErrUnreachable},
		"complains without end": {"yes >&2", "no answer within 300ms", ErrUnreachable},
		"cuts off the greeting": {"git upload-pack " + f.dir + " 2>/dev/null | { dd bs=1 count=100 2>/dev/null; kill $$; }", "cannot be reached: unexpected EOF", ErrUnreachable},
		"cuts off the pack":     {"git upload-pack " + f.dir + " 2>/dev/null | { dd bs=1 count=20000 2>/dev/null; kill $$; }", "receive pack: unexpected EOF", ErrUnreachable},
		"stalls in the pack":    {"(git upload-pack " + f.dir + " | dd bs=1 count=20000 2>/dev/null); cat", "no answer within 300ms", ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSSHServer(t, false)
			s.instead = c.instead
			r := s.repository(f)
			r.PollTimeout, r.CloneTimeout = 20*time.Second, 20*time.Second
			if strings.Contains(c.says, "300ms") {
				r.PollTimeout = 300 * time.Millisecond
			}
			refused(t, r, c.kind, c.says)
			if r.Head() != "" {
				t.Errorf("the head is %s", r.Head())
			}
		})
	}
	t.Run("huge pack", func(t *testing.T) {
		t.Parallel()
		r := newSSHServer(t, false).repository(f)
		r.Limits = Limits{PackBytes: 50_000}
		refused(t, r, ErrTooLarge, "pack is larger than the limit")
	})
}

func rsaKey(t *testing.T) ssh.Signer {
	t.Helper()
	return value[ssh.Signer](t)(ssh.NewSignerFromKey(newRSA(t)))
}
