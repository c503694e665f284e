package gitsource

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"moult/gitsource/wire"
)

// sshServer is an SSH server that runs `git upload-pack` for whoever has the
// client key, and nothing else.
type sshServer struct {
	t        *testing.T
	config   *ssh.ServerConfig
	listener net.Listener
	old      bool   // does not pass on that the client speaks version 2
	instead  string // what the shell runs instead of the command; empty: the command

	address   string
	knownLine string
	keyFile   string
}

func newSSHServer(t *testing.T, old bool, moreKeys ...ssh.Signer) *sshServer {
	t.Helper()
	needGit(t)
	s := &sshServer{t: t, old: old, keyFile: filepath.Join(t.TempDir(), "id_ed25519")}
	client := newKey(t, s.keyFile)
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	host := newKey(t, filepath.Join(t.TempDir(), "host"))
	for _, key := range append(moreKeys, host) {
		s.config.AddHostKey(key)
	}
	s.listener = value[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { s.listener.Close() })
	s.address = s.listener.Addr().String()
	s.knownLine = known(s.address, host)
	go s.accept()
	return s
}

// known is a line of known_hosts.
func known(address string, host ssh.Signer) string {
	_, port, _ := net.SplitHostPort(address)
	return "[127.0.0.1]:" + port + " " + string(ssh.MarshalAuthorizedKey(host.PublicKey()))
}

// newKey makes a key and writes it to a file.
func newKey(t *testing.T, file string) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	block := value[*pem.Block](t)(ssh.MarshalPrivateKey(private, ""))
	must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	return value[ssh.Signer](t)(ssh.NewSignerFromKey(private))
}

// repository reaches a fixture through the server.
func (s *sshServer) repository(f *fixture) *Repository {
	r := repository(s.t, "ssh://git@"+s.address+f.dir)
	r.Access = wire.Access{KeyFile: s.keyFile, KnownHosts: []string{s.knownHosts(s.knownLine)}}
	return r
}

func (s *sshServer) knownHosts(lines ...string) string {
	file := filepath.Join(s.t.TempDir(), "known_hosts")
	must(s.t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
	return file
}

func (s *sshServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.serve(conn)
	}
}

func (s *sshServer) serve(conn net.Conn) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, asked, err := c.Accept()
		if err != nil {
			return
		}
		go s.session(channel, asked)
	}
}

func (s *sshServer) session(channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	var env []string
	for r := range asked {
		switch r.Type {
		case "env":
			var v struct{ Name, Value string }
			_ = ssh.Unmarshal(r.Payload, &v)
			if !s.old {
				env = append(env, v.Name+"="+v.Value)
			}
			_ = r.Reply(!s.old, nil)
		case "exec":
			var v struct{ Command string }
			_ = ssh.Unmarshal(r.Payload, &v)
			_ = r.Reply(true, nil)
			s.run(channel, v.Command, env)
			return
		default:
			_ = r.Reply(false, nil)
		}
	}
}

// run runs the command as sshd does, in a shell.
func (s *sshServer) run(channel ssh.Channel, command string, env []string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-c", cmp.Or(s.instead, command))
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = channel, channel.Stderr()
	in, err := c.StdinPipe()
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(in, channel)
		in.Close()
	}()
	_ = c.Run()
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	return value[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
}
