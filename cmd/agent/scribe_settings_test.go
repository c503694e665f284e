package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/wire"
)

func TestWhoWritesIsWhoReadsUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	reads := repositorySchema{URL: "https://git.example.com/fleet.git", Username: "reader", PasswordFile: "read", SSHKeyFile: "read-key", KnownHostsFiles: []string{"hosts"}}
	for name, c := range map[string]struct {
		ledger ledgerSettings
		want   wire.Access
	}{
		"nothing is said": {ledgerSettings{}, reads.access()},
		"a token":         {ledgerSettings{Username: "writer", PasswordFile: "write"}, wire.Access{Username: "writer", PasswordFile: "write", KeyFile: "read-key", KnownHosts: []string{"hosts"}}},
		"a key":           {ledgerSettings{SSHKeyFile: "write-key"}, wire.Access{Username: "reader", PasswordFile: "read", KeyFile: "write-key", KnownHosts: []string{"hosts"}}},
	} {
		l, err := newLedger(settings{repository: reads, stateDir: t.TempDir(), ledger: c.ledger}, slog.New(slog.DiscardHandler))
		must(t, err)
		if diff := cmp.Diff(c.want, l.Remote.Access); diff != "" || l.Remote.URL != reads.URL || l.Key != nil {
			t.Errorf("%s: %v, key %v (-want +got):\n%s", name, l.Remote, l.Key, diff)
		}
	}
}

func TestWhoWritesHasANameAndAVersion(t *testing.T) {
	t.Parallel()
	if a := (ledgerSettings{}).agent(); !strings.HasPrefix(a.Name, "moult on ") || !strings.HasPrefix(a.Email, "moult@") || a.Version == "" {
		t.Errorf("the agent is %+v", a)
	}
	if a := (ledgerSettings{Name: "Moult", Email: "moult@example.com"}).agent(); a.Name != "Moult" || a.Email != "moult@example.com" {
		t.Errorf("the agent is %+v", a)
	}
}

func TestALedgerThatIsKeptHasNowhereToGo(t *testing.T) {
	t.Parallel()
	s := settings{repository: repositorySchema{URL: "https://git.example.com/fleet.git"}, stateDir: t.TempDir(), ledger: ledgerSettings{Keep: true}}
	if l, err := newLedger(s, nil); err != nil || l.Remote.URL != "" {
		t.Errorf("it goes to %v, %v", l.Remote, err)
	}
	s.ledger = ledgerSettings{Off: true}
	if l, err := newLedger(s, nil); l != nil || err != nil {
		t.Errorf("a ledger that is off is %v, %v", l, err)
	}
}

func TestASecretOfTheURLIsNotInTheNameOfTheStore(t *testing.T) {
	t.Parallel()
	dir := func(url string) string {
		return filepath.Base(ledgerDir(settings{stateDir: "state", repository: repositorySchema{URL: url}}))
	}
	if dir("https://git.example.com/fleet.git") != dir("https://ada:secret@git.example.com/fleet.git") {
		t.Error("with another password, the same repository has another store")
	}
	if dir("https://git.example.com/fleet.git") == dir("https://git.example.com/other.git") {
		t.Error("two repositories have one store")
	}
}
