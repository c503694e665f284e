package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"moult/gitsource/fault"
)

// sshLine runs git's services on the other side of an SSH connection. Each
// conversation has a connection of its own: forges close idle ones.
type sshLine struct {
	at     Location
	access Access
}

func (w *sshLine) close() {}

// converse connects and starts a service. The library's handshake knows
// no context, so the end of ctx closes the connection under it.
func (w *sshLine) converse(ctx context.Context, service service) (conversation, error) {
	conn, err := w.access.dial(ctx, w.at.host)
	if err != nil {
		return nil, err
	}
	c := &sshConversation{conn: conn}
	c.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := w.start(ctx, c, service); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (w *sshLine) start(ctx context.Context, c *sshConversation, service service) error {
	config, done, err := clientConfig(ctx, w.at, w.access)
	if err != nil {
		return err
	}
	defer done()
	link, channels, requests, err := ssh.NewClientConn(c.conn, w.at.host, config)
	if err != nil {
		return handshakeError(ctx, err)
	}
	session, err := ssh.NewClient(link, channels, requests).NewSession()
	if err != nil {
		return either(ctx, err)
	}
	return either(ctx, c.run(session, service, w.at.Path))
}

// either prefers the end of ctx to the error that it caused.
func either(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// handshakeError tells an unknown host and a refused key from a network that
// fails.
func handshakeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if known := fault.Known(err); known != nil {
		return known
	}
	if strings.Contains(err.Error(), "unable to authenticate") { // the library has no type for it
		return fault.New(fault.ErrDenied, "add the agent's public key to the repository, as a read-only deploy key",
			"the server accepts none of the keys offered")
	}
	return err
}

// sshConversation is one run of a service.
type sshConversation struct {
	conn  net.Conn
	stop  func() bool
	in    io.Writer
	out   io.Reader
	words *lastWords
}

// run starts the command. A server that does not pass on GIT_PROTOCOL speaks
// version 0.
func (c *sshConversation) run(session *ssh.Session, service service, path string) error {
	var err error
	if c.in, err = session.StdinPipe(); err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	c.words = &lastWords{}
	session.Stderr = c.words
	c.out = &saidReader{
		Reader: bufio.NewReaderSize(out, 64<<10), // else each length is a read of four bytes
		ended:  sync.OnceFunc(func() { _ = session.Wait() }),
		words:  c.words,
	}
	if err := session.Setenv("GIT_PROTOCOL", "version=2"); errors.Is(err, io.EOF) {
		return err
	}
	return session.Start(string(service) + " " + quoted(path))
}

// quoted is a word that a shell does not look into, as git quotes it.
func quoted(word string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(word) + "'"
}

func (c *sshConversation) standsAlone() bool { return false }

func (c *sshConversation) greeting(ctx context.Context) (io.Reader, error) {
	return ctxReader{ctx, c.out}, nil
}

func (c *sshConversation) ask(ctx context.Context, request *bytes.Buffer) (io.Reader, error) {
	if _, err := request.WriteTo(c.in); err != nil {
		return nil, either(ctx, fmt.Errorf("send request: %w", err))
	}
	return ctxReader{ctx, c.out}, nil
}

func (c *sshConversation) close() {
	c.stop()
	c.conn.Close()
}

// ctxReader gives the end of ctx as the reason when it closed the connection.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	return n, either(r.ctx, err)
}

// lastWords keeps the begin of what the server writes for people, and takes no
// more of it than may come beside a pack: then the flow control of SSH stops it.
type lastWords struct {
	mu    sync.Mutex
	text  []byte
	taken int
}

var errWordy = errors.New("the server says too much")

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p[:min(len(p), 512-len(w.text))]...)
	if w.taken += len(p); w.taken > mostBeside {
		return 0, errWordy
	}
	return len(p), nil
}

func (w *lastWords) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fault.Plain(string(w.text), 200)
}

// saidReader turns the end of the output into what the server said about it:
// forges refuse with a sentence on standard error and nothing else.
type saidReader struct {
	io.Reader
	ended func() // waits for the rest of it
	words *lastWords
}

func (r *saidReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	r.ended()
	if said := r.words.said(); said != "" {
		return 0, fault.New(fault.ErrNotFound, "check the path, and that the key may read it", "the server says: %s", said)
	}
	return 0, err
}
