package wire

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	sshagent "golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"moult/gitsource/fault"
)

// clientConfig is how to prove who asks, and who may answer. done gives the
// connection to the ssh-agent back, after the handshake.
func clientConfig(ctx context.Context, at Location, access Access) (config *ssh.ClientConfig, done func(), err error) {
	files := hostFiles(access.KnownHosts)
	trust, err := knownHosts(files)
	if err != nil {
		return nil, nil, err
	}
	proof, done, err := signers(ctx, access.KeyFile)
	if err != nil {
		return nil, nil, err
	}
	return &ssh.ClientConfig{
		User:              at.user,
		Auth:              []ssh.AuthMethod{proof},
		HostKeyCallback:   strict(trust, at, lookedIn(files)),
		HostKeyAlgorithms: algorithms(trust, at.host),
		ClientVersion:     "SSH-2.0-moult",
	}, done, nil
}

// hostFiles are the files to look for a host in: the usual ones where none are
// named.
func hostFiles(named []string) []string {
	if named != nil {
		return named
	}
	files := []string{"/etc/ssh/ssh_known_hosts"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
	}
	return files
}

// lookedIn says where a host was looked for: a file that is not there has a
// name that is wrong, or was never written.
func lookedIn(files []string) string {
	if len(files) == 0 {
		return "no file is named to look in"
	}
	said := make([]string, len(files))
	for i, file := range files {
		if said[i] = file; missing(file) {
			said[i] += " (does not exist)"
		}
	}
	return "looked in " + strings.Join(said, " and ")
}

// knownHosts reads those of the files that exist.
func knownHosts(files []string) (ssh.HostKeyCallback, error) {
	files = slices.DeleteFunc(slices.Clone(files), missing)
	trust, err := knownhosts.New(files...)
	if err != nil {
		return nil, fault.New(fault.ErrSettings, "correct the known_hosts file", "%s", strings.ReplaceAll(err.Error(), "knownhosts: ", ""))
	}
	return trust, nil
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// strict refuses a host that is unknown, or has another key than the known one.
func strict(trust ssh.HostKeyCallback, at Location, looked string) ssh.HostKeyCallback {
	return func(host string, address net.Addr, key ssh.PublicKey) error {
		err := trust(host, address, key)
		var mismatch *knownhosts.KeyError
		var revoked *knownhosts.RevokedError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &revoked):
			return fault.New(fault.ErrUntrusted, "find out who answers in its place", "the host key of %s is revoked", at.host)
		case errors.As(err, &mismatch) && len(mismatch.Want) > 0:
			return fault.New(fault.ErrUntrusted, "find out why: somebody may be listening in", "%s has another host key (%s) than the known one",
				at.host, ssh.FingerprintSHA256(key))
		}
		return fault.New(fault.ErrUntrusted, "compare the fingerprint with the published one and add the host to such a file (ssh-keyscan prints the line)",
			"%s is not a known host (it has %s): %s", at.host, ssh.FingerprintSHA256(key), looked)
	}
}

// algorithms are those of the known keys of a host. Without them a server that
// has more keys may show one that is not known, and be refused
// (golang/go#29286).
func algorithms(trust ssh.HostKeyCallback, host string) []string {
	var mismatch *knownhosts.KeyError
	if !errors.As(trust(host, &net.TCPAddr{}, nobodysKey()), &mismatch) {
		return nil
	}
	var names []string
	for _, known := range mismatch.Want {
		name := known.Key.Type()
		if name == ssh.KeyAlgoRSA {
			names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// nobodysKey is a key that no host has, to ask which ones it has.
func nobodysKey() ssh.PublicKey {
	key, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		panic(err) // the size is right
	}
	return key
}

// signers are the keys to offer. An agent may ask a person before it signs, so
// the end of ctx ends the connection to it.
func signers(ctx context.Context, keyFile string) (ssh.AuthMethod, func(), error) {
	none := func() {}
	if keyFile != "" {
		signer, err := readKey(keyFile)
		return ssh.PublicKeys(signer), none, err
	}
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		if conn, err := new(net.Dialer).DialContext(ctx, "unix", socket); err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			done := func() { stop(); conn.Close() }
			return ssh.PublicKeysCallback(sshagent.NewClient(conn).Signers), done, nil
		}
	}
	keys := homeKeys()
	if len(keys) == 0 {
		return nil, nil, fault.New(fault.ErrCredentials, "configure a key file, or start ssh-agent", "there is no SSH key to offer")
	}
	return ssh.PublicKeys(keys...), none, nil
}

// homeKeys are the usual keys in ~/.ssh that can be read.
func homeKeys() []ssh.Signer {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	var keys []ssh.Signer
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		if key, err := readKey(filepath.Join(home, ".ssh", name)); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

func readKey(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.ErrCredentials, "check the SSH key file", "%w", err)
	}
	signer, err := ssh.ParsePrivateKey(bytes.TrimSpace(append(text, '\n')))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fault.New(fault.ErrCredentials, "use a key without one, or ssh-agent", "SSH key %s has a passphrase", path)
	case err != nil:
		return nil, fault.New(fault.ErrCredentials, "check the SSH key file", "%s is not a private key", path)
	}
	return signer, nil
}
