package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"moult/gitsource/trust"
)

// agentKeys reads the keys of agents: an allowed_signers file (ssh-keygen(1),
// ALLOWED SIGNERS), or public keys one a line, as ssh-keygen writes them.
func agentKeys(file string) ([]ssh.PublicKey, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, advise(fmt.Errorf("read keys: %w", err), "name a file that exists with --allowed-signers")
	}
	var keys []ssh.PublicKey
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, err := agentKey(file, number, line)
		if err != nil {
			return nil, advise(fmt.Errorf("read keys: %w", err), "write one key a line, as ssh-keygen writes it to a .pub file, or as in an allowed_signers file")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, advise(fmt.Errorf("read keys: %s holds none", file), "write the agents' public keys into it, one a line")
	}
	return keys, nil
}

// agentKey reads the line of this number. What it says of times is refused: the ledger knows
// no time but that of whoever wrote.
func agentKey(file string, number int, line string) (ssh.PublicKey, error) {
	if key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil && len(options) == 0 {
		return key, nil
	}
	signers, err := trust.ParseAllowedSigners(file, []byte(strings.Repeat("\n", number-1)+line))
	if err != nil {
		return nil, err
	}
	s := signers[0]
	if !s.After.IsZero() || !s.Before.IsZero() || !s.SignsCommits() {
		return nil, fmt.Errorf("%s:%d: a key with valid-after, valid-before or other namespaces than git cannot verify a ledger", file, number)
	}
	return s.Public(), nil
}
