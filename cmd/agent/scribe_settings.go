package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"moult/gitsource/ledger"
	"moult/gitsource/wire"
)

// ledgerSchema is the block ledger of agent.hcl.
type ledgerSchema struct {
	Enabled        *bool  `hcl:"enabled,optional"`
	Push           *bool  `hcl:"push,optional"`
	SigningKeyFile string `hcl:"signing_key_file,optional"`
	Name           string `hcl:"name,optional"`
	Email          string `hcl:"email,optional"`
	Username       string `hcl:"username,optional"`
	PasswordFile   string `hcl:"password_file,optional"`
	SSHKeyFile     string `hcl:"ssh_key_file,optional"`
}

// ledgerSettings are what agent.hcl says about the ledger. The zero value writes
// it and sends it.
type ledgerSettings struct {
	Off            bool   // nothing is written
	Keep           bool   // it is not sent
	SigningKeyFile string // empty: it is not signed
	Name, Email    string // of the author of its commits
	// Username, PasswordFile and SSHKeyFile prove who writes. They are empty
	// when whoever reads the repository may write there too.
	Username, PasswordFile, SSHKeyFile string
}

func (f ledgerSchema) read() ledgerSettings {
	return ledgerSettings{
		Off: f.Enabled != nil && !*f.Enabled, Keep: f.Push != nil && !*f.Push, SigningKeyFile: f.SigningKeyFile,
		Name: f.Name, Email: f.Email, Username: f.Username, PasswordFile: f.PasswordFile, SSHKeyFile: f.SSHKeyFile,
	}
}

// newLedger is the ledger of the settings, with its store in the state
// directory; nil when none is written.
func newLedger(s settings, log *slog.Logger) (*ledger.Ledger, error) {
	if s.ledger.Off {
		return nil, nil
	}
	l := &ledger.Ledger{Dir: ledgerDir(s), Agent: s.ledger.agent(), Log: log}
	if !s.ledger.Keep {
		l.Remote = ledger.Remote{URL: s.repository.URL, Access: s.ledger.access(s.repository.access())}
	}
	if s.ledger.SigningKeyFile == "" {
		return l, nil
	}
	var err error
	if l.Key, err = signingKey(s.ledger.SigningKeyFile); err != nil {
		return nil, advise(fmt.Errorf("read the key that signs the ledger: %w", err), "correct signing_key_file in agent.hcl; docs/ledger.md says how to make a key")
	}
	return l, nil
}

// ledgerDir is where the store of the repository's ledger lies. An agent that is
// pointed at another repository must not send it what belongs to the first.
func ledgerDir(s settings) string {
	name := sha256.Sum256([]byte(newRepository(s, nil).String()))
	return filepath.Join(s.stateDir, fmt.Sprintf("ledger-%x", name[:4]))
}

// access is how to prove who writes: as whoever reads, where nothing else is
// said.
func (s ledgerSettings) access(reads wire.Access) wire.Access {
	reads.Username, reads.PasswordFile = or(s.Username, reads.Username), or(s.PasswordFile, reads.PasswordFile)
	reads.KeyFile = or(s.SSHKeyFile, reads.KeyFile)
	return reads
}

// agent is who writes: "moult on bastion-1", unless agent.hcl says otherwise.
func (s ledgerSettings) agent() ledger.Agent {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return ledger.Agent{
		Name: or(s.Name, "moult on "+host), Email: or(s.Email, "moult@"+host), Version: version().Version,
	}
}

// signingKey reads an SSH private key.
func signingKey(file string) (ssh.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("%s has a passphrase, and nobody is there to type it", file)
	}
	if _, _, _, _, public := ssh.ParseAuthorizedKey(text); err != nil && public == nil {
		return nil, fmt.Errorf("%s is a public key, and signing needs the private one", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}
