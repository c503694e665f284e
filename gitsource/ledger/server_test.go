package ledger

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moult/gitsource/gittest"
	"moult/gitsource/wire"

	"golang.org/x/crypto/ssh"
)

// overHTTP serves a fleet with git's own smart HTTP server, and lets pushes
// in. each sees every request first.
func overHTTP(t testing.TB, f fleet, each func(*http.Request)) string {
	t.Helper()
	git(t, f.bare, "config", "http.receivepack", "true")
	return overHTTPAsItIs(t, f, each)
}

func overHTTPAsItIs(t testing.TB, f fleet, each func(*http.Request)) string {
	t.Helper()
	backend, err := gittest.Server(filepath.Dir(f.bare))
	if err != nil {
		t.Skip(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if each != nil {
			each(r)
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL + "/" + filepath.Base(f.bare)
}

// overSSH serves a fleet to whoever has the key that the Remote proves.
func overSSH(t testing.TB, f fleet) Remote {
	t.Helper()
	needGit(t)
	host, client := newKey(t), newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener := value[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSH(conn, config)
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	known := file(t, "known_hosts", []byte("[127.0.0.1]:"+port+" "+string(ssh.MarshalAuthorizedKey(host.PublicKey()))))
	return Remote{
		URL:    "ssh://git@" + listener.Addr().String() + f.bare,
		Access: wire.Access{KeyFile: keyFile(t, client), KnownHosts: []string{known}},
	}
}

// file is a file with some content.
func file(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, content, 0o600))
	return path
}

// testKey is a key that can be written to a file.
type testKey struct {
	ssh.Signer
	private ed25519.PrivateKey
}

func keyFile(t testing.TB, key testKey) string {
	t.Helper()
	block := value[*pem.Block](t)(ssh.MarshalPrivateKey(key.private, ""))
	return file(t, "key", pem.EncodeToMemory(block))
}

func newKey(t testing.TB) testKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	return testKey{value[ssh.Signer](t)(ssh.NewSignerFromKey(private)), private}
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, asked, err := c.Accept()
		if err != nil {
			return
		}
		go runSSH(channel, asked)
	}
}

func runSSH(channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	for r := range asked {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var v struct{ Command string }
		_ = ssh.Unmarshal(r.Payload, &v)
		_ = r.Reply(true, nil)
		c := exec.CommandContext(context.Background(), "sh", "-c", v.Command)
		in, err := c.StdinPipe()
		if err != nil {
			return
		}
		c.Stdout, c.Stderr = channel, channel.Stderr()
		go func() {
			_, _ = io.Copy(in, channel)
			in.Close()
		}()
		_ = c.Run()
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
		return
	}
}
