package ledger

import (
	"context"
	"errors"
	"fmt"
	"moult/gitsource/wire"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var background = context.Background()

// push pushes and expects that it works.
func push(t testing.TB, l *Ledger) Synced {
	t.Helper()
	return value[Synced](t)(l.Push(background, noon))
}

func fetch(t testing.TB, l *Ledger) Synced {
	t.Helper()
	return value[Synced](t)(l.Fetch(background, noon))
}

func TestTwoAgentsShareALedger(t *testing.T) {
	t.Parallel()
	ways := map[string]func(testing.TB, fleet) Remote{
		"path":  func(_ testing.TB, f fleet) Remote { return Remote{URL: f.bare} },
		"file":  func(_ testing.TB, f fleet) Remote { return Remote{URL: "file://" + f.bare} },
		"https": func(t testing.TB, f fleet) Remote { return Remote{URL: overHTTP(t, f, nil)} },
		"ssh":   overSSH,
	}
	for name, remote := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 3)
			one, two := newLedger(t, "one", ""), newLedger(t, "two", "")
			one.Remote = remote(t, f)
			two.Remote = one.Remote
			must(t, one.Append(background, noon, f.started(0)))
			must(t, two.Append(background, noon, f.started(1)))
			push(t, one)
			if s := push(t, two); s.Unsent != 0 || s.Rewritten {
				t.Errorf("after the second push: %+v", s)
			}
			must(t, one.Append(background, noon, became(f.started(0), Succeeded)))
			must(t, two.Append(background, noon, f.started(2)))
			push(t, two)
			push(t, one)
			want := []string{ami(0) + " web started", ami(0) + " web succeeded", ami(1) + " web started", ami(2) + " web started"}
			fetch(t, two)
			for _, dir := range []string{f.bare, one.Dir, two.Dir} {
				if diff := cmp.Diff(want, told(t, dir)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", dir, diff)
				}
			}
			if got := git(t, f.bare, "fsck", "--strict"); got != "" {
				t.Errorf("git fsck: %s", got)
			}
		})
	}
}

func TestANewAgentBeginsWithTheNotesAndNotTheirHistory(t *testing.T) {
	t.Parallel()
	for _, over := range []string{"path", "http"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 3)
			url := f.bare
			if over == "http" {
				url = overHTTP(t, f, nil)
			}
			old := newLedger(t, "old", url)
			for n := range 3 {
				must(t, old.Append(background, noon, f.started(n)))
				push(t, old)
			}
			young := newLedger(t, "young", url)
			fetch(t, young)
			if got := git(t, young.Dir, "rev-list", "--count", Ref); got != "1" {
				t.Errorf("it has %s commits of the ledger", got)
			}
			must(t, young.Append(background, noon, became(f.started(1), Failed)))
			push(t, young)
			must(t, old.Append(background, noon, became(f.started(2), Succeeded)))
			push(t, old)
			fetch(t, young)
			if diff := cmp.Diff(told(t, f.bare), told(t, young.Dir)); diff != "" || len(told(t, young.Dir)) != 5 {
				t.Errorf("entries (-remote +young):\n%s", diff)
			}
			git(t, f.bare, "fsck", "--strict")
		})
	}
}

func TestAPushThatComesLateIsJoinedAndTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	quick := newLedger(t, "quick", f.bare)
	must(t, quick.Append(background, noon, f.started(1)))
	var once sync.Once
	posts := 0
	slow := newLedger(t, "slow", overHTTP(t, f, func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "git-receive-pack") {
			posts++
			once.Do(func() { push(t, quick) }) // between the server's listing and the push
		}
	}))
	must(t, slow.Append(background, noon, f.started(0)))
	if s := push(t, slow); s.Unsent != 0 {
		t.Errorf("after the push: %+v", s)
	}
	if posts != 2 {
		t.Errorf("%d pushes were sent, not 2", posts)
	}
	if diff := cmp.Diff([]string{ami(0) + " web started", ami(1) + " web started"}, told(t, f.bare)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestWhatMayNotBePushedIsKeptAndSentLater(t *testing.T) {
	t.Parallel()
	hook := func(t testing.TB, f fleet, text string) func() {
		path := filepath.Join(f.bare, "hooks", "pre-receive")
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
		return func() { must(t, os.Remove(path)) }
	}
	cases := map[string]struct {
		remote func(testing.TB, fleet) (Remote, func())
		says   string
	}{
		"a hook, over HTTP": {func(t testing.TB, f fleet) (Remote, func()) {
			return Remote{URL: overHTTP(t, f, nil)}, hook(t, f, "echo no notes here >&2; exit 1\n")
		}, "pre-receive hook declined"},
		"a hook, over SSH": {func(t testing.TB, f fleet) (Remote, func()) {
			return overSSH(t, f), hook(t, f, "exit 1\n")
		}, "pre-receive hook declined"},
		"a hook, on this machine": {func(t testing.TB, f fleet) (Remote, func()) {
			return Remote{URL: f.bare}, hook(t, f, "exit 1\n")
		}, "has a pre-receive hook; reach it over ssh or https"},
		"a server to read from": {func(t testing.TB, f fleet) (Remote, func()) {
			git(t, f.bare, "config", "http.receivepack", "false")
			return Remote{URL: overHTTPAsItIs(t, f, nil)}, func() { git(t, f.bare, "config", "http.receivepack", "true") }
		}, "the server answers 403"},
		"a lock of somebody else": {func(t testing.TB, f fleet) (Remote, func()) {
			lock := filepath.Join(f.bare, filepath.FromSlash(Ref)+".lock")
			must(t, os.MkdirAll(filepath.Dir(lock), 0o755))
			must(t, os.WriteFile(lock, nil, 0o644))
			return Remote{URL: f.bare}, func() { must(t, os.Remove(lock)) }
		}, "if no git command is at work there, remove it"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 2)
			l := newLedger(t, "agent", "")
			var permit func()
			l.Remote, permit = c.remote(t, f)
			must(t, l.Append(background, noon, f.started(0)))
			s, err := l.Push(background, noon)
			if !errors.Is(err, ErrDenied) && !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("push says %v", err)
			}
			if s.Unsent != 1 {
				t.Errorf("%d commits are unsent, not 1", s.Unsent)
			}
			l = again(t, l)
			must(t, l.Append(background, noon, f.started(1)))
			permit()
			if s := push(t, l); s.Unsent != 0 {
				t.Errorf("%d commits are unsent", s.Unsent)
			}
			if got := told(t, f.bare); len(got) != 2 {
				t.Errorf("the remote has %q", got)
			}
		})
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	silent := value[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()
	go func() {
		for {
			if _, err := silent.Accept(); err != nil {
				return
			}
		}
	}()
	for _, url := range []string{"ssh://git@" + silent.Addr().String() + "/fleet.git", "http://user:secret@" + silent.Addr().String() + "/fleet.git"} {
		l := newLedger(t, "agent", url)
		l.Remote.Timeout = 200 * time.Millisecond
		key := newKey(t)
		if strings.HasPrefix(url, "ssh") {
			l.Remote.Access = wire.Access{KeyFile: keyFile(t, key), KnownHosts: []string{file(t, "known_hosts", nil)}}
		}
		must(t, l.Append(background, noon, started(1)))
		_, err := l.Push(background, noon)
		if !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "user") {
			t.Errorf("push says %v", err)
		}
	}
}

func TestNoErrorShowsACredential(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "http://hidden-token@127.0.0.1:1/fleet.git")
	must(t, l.Append(background, noon, started(1)))
	_, err := l.Push(background, noon)
	_, unfetched := l.Fetch(background, noon)
	for _, text := range []string{fmt.Sprint(err), fmt.Sprint(unfetched), fmt.Sprintf("%v %+v %#v", l.Remote, l.Remote, l.Remote)} {
		if strings.Contains(text, "hidden") || !strings.Contains(text, "127.0.0.1") {
			t.Errorf("it says %s", text)
		}
	}
	if !errors.Is(err, ErrUnreachable) {
		t.Errorf("push says %v", err)
	}
}

func TestTheSameIsNotToldTwice(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	must(t, l.Append(background, noon, started(1), started(1)))
	later := started(1)
	later.Time = later.Time.Add(time.Hour)
	must(t, l.Append(background, noon, later))
	must(t, again(t, l).Append(background, noon, later))
	if got := told(t, l.Dir); len(got) != 1 {
		t.Errorf("it is told %d times", len(got))
	}
	if err := l.Append(background, noon, Entry{Commit: "main", Environment: "a", Group: "b", Outcome: Held}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an entry without a commit: %v", err)
	}
}

func TestAStoreWrittenForYearsStaysSmall(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	l := newLedger(t, "agent", f.bare)
	for n := range 40 {
		must(t, l.Append(background, noon.Add(time.Duration(n)*time.Hour), started(n)))
		push(t, l)
	}
	must(t, l.Append(background, noon.Add(41*time.Hour), started(41))) // not sent
	must(t, l.change(background, func(s *repository) error { return l.compact(background, s, noon) }))
	if got := git(t, l.Dir, "count-objects", "-v"); !strings.Contains(got, "count: 0\n") || !strings.Contains(got, "packs: 1\n") {
		t.Errorf("objects:\n%s", got)
	}
	if got := git(t, l.Dir, "rev-list", "--count", Ref); got != "2" {
		t.Errorf("%s commits are kept, not 2", got)
	}
	git(t, l.Dir, "fsck", "--strict")
	must(t, l.change(background, func(s *repository) error { return l.compact(background, s, noon) })) // nothing left to leave out
	l = again(t, l)
	must(t, l.Append(background, noon.Add(42*time.Hour), started(42)))
	if s := push(t, l); s.Unsent != 0 || s.Rewritten {
		t.Errorf("push says %+v", s)
	}
	if got := told(t, f.bare); len(got) != 42 {
		t.Errorf("the remote has %d entries", len(got))
	}
	git(t, f.bare, "fsck", "--strict")
}

func TestGitIsNotNeeded(t *testing.T) {
	dir := t.TempDir()
	bare := value[*repository](t)(openStore(filepath.Join(dir, "fleet.git")))
	bare.close()
	t.Setenv("PATH", dir)
	if _, err := exec.LookPath("git"); err == nil {
		t.Fatal("git is still found")
	}
	one, two := newLedger(t, "one", bare.dir), newLedger(t, "two", bare.dir)
	must(t, one.Append(background, noon, started(1)))
	push(t, one)
	must(t, two.Append(background, noon, started(2)))
	push(t, two)
	if got := told(t, bare.dir); len(got) != 2 {
		t.Errorf("the remote has %q", got)
	}
}

func TestATokenIsAskedForAgainEachTime(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	backend := value[*url.URL](t)(url.Parse(overHTTP(t, f, nil)))
	valid := "first"
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, token, _ := r.BasicAuth(); token != valid {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend.Host}).ServeHTTP(w, r)
	}))
	defer guard.Close()
	l := newLedger(t, "agent", guard.URL+backend.Path)
	l.Remote.Access.PasswordFile = file(t, "token", []byte("first\n"))
	must(t, l.Append(background, noon, f.started(0)))
	push(t, l)
	valid = "second"
	must(t, l.Append(background, noon, f.started(1)))
	if _, err := l.Push(background, noon); !errors.Is(err, ErrDenied) {
		t.Errorf("with an old token: %v", err)
	}
	must(t, os.WriteFile(l.Remote.Access.PasswordFile, []byte("second\n"), 0o600))
	if s := push(t, l); s.Unsent != 0 {
		t.Errorf("with the new one: %+v", s)
	}
}

func TestAStrangerIsRefusedOverSSH(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	l := newLedger(t, "agent", "")
	l.Remote = overSSH(t, f)
	right := l.Remote.Access.KeyFile
	l.Remote.Access.KeyFile = keyFile(t, newKey(t))
	must(t, l.Append(background, noon, f.started(0)))
	if _, err := l.Push(background, noon); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "none of the keys") {
		t.Errorf("with another key: %v", err)
	}
	l.Close()
	l.Remote.Access.KeyFile = right
	push(t, l)
}
