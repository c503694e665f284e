package hint

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// zeros is a body of so many bytes that is never in memory.
type zeros int64

func (z *zeros) Read(p []byte) (int, error) {
	if *z == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), int64(*z)))
	clear(p[:n])
	*z -= zeros(n)
	return n, nil
}

// large is a hook of so many bytes.
func large(bytes int64, length int64, sum string) *http.Request {
	body := zeros(bytes)
	req := httptest.NewRequest(http.MethodPost, "/hook", &body)
	req.ContentLength = length
	req.Header.Set("X-Signature-256", "sha256="+sum)
	return req
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	sum := hmac.New(sha256.New, []byte(githubSecret))
	whole := zeros(LargestBody)
	if _, err := io.Copy(sum, &whole); err != nil {
		t.Fatal(err)
	}
	right := hex.EncodeToString(sum.Sum(nil))
	e := listening(t, githubSecret)
	for _, c := range []struct {
		what          string
		bytes, length int64
		status        int
	}{
		{"the largest", LargestBody, LargestBody, http.StatusAccepted},
		{"too large, and says so", LargestBody + 1, LargestBody + 1, http.StatusRequestEntityTooLarge},
	} {
		if got := e.send(large(c.bytes, c.length, right)); got.Code != c.status {
			t.Errorf("%s: %d, want %d (%q)", c.what, got.Code, c.status, e.refused)
		}
	}
	another := listening(t, githubSecret)
	if got := another.send(large(LargestBody+1, -1, right)); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large, and does not say so: %d (%q)", got.Code, another.refused)
	}
}

// Not parallel: it counts what is allocated.
func TestBodiesAreNotKept(t *testing.T) {
	e := listening(t, githubSecret)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e.send(large(LargestBody, LargestBody, zeroes))
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > LargestBody/100 {
		t.Errorf("a hook of %d bytes allocates %d", LargestBody, got)
	}
}

func TestFloodsOfForgedHooksAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := listening(t, githubSecret)
		count := map[int]int{}
		for range 10 * unitsAtOnce {
			count[e.post("x", "X-Signature-256: sha256="+zeroes).Code]++
		}
		if count[http.StatusUnauthorized] != unitsAtOnce || count[http.StatusTooManyRequests] != 9*unitsAtOnce || e.heard != 0 {
			t.Errorf("answers %v, heard %d; want %d looked at", count, e.heard, unitsAtOnce)
		}
		time.Sleep(time.Second)
		clear(count)
		for range unitsAtOnce {
			count[e.post("x", "X-Signature-256: sha256="+zeroes).Code]++
		}
		if count[http.StatusUnauthorized] != unitsPerSecond {
			t.Errorf("a second later: answers %v, want %d looked at", count, unitsPerSecond)
		}
		time.Sleep(time.Second)
		if got := e.post(githubBody, "X-Signature-256: sha256="+githubSum); got.Code != http.StatusAccepted {
			t.Errorf("after the flood a right hook is answered %d", got.Code)
		}
	})
}

func TestFloodsOfBytesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := listening(t, githubSecret)
		var sent, read int64
		for range 10 {
			body := zeros(LargestBody)
			req := httptest.NewRequest(http.MethodPost, "/hook", &body)
			req.Header.Set("X-Signature-256", "sha256="+zeroes)
			e.send(req)
			sent, read = sent+LargestBody, read+LargestBody-int64(body)
		}
		if most := int64(unitsAtOnce*unitBytes) + 10*unitBytes; read > most {
			t.Errorf("of %d bytes %d were read, want at most %d", sent, read, most)
		}
	})
}

func TestEveryByteIsPaidFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		purse := rate.NewLimiter(unitsPerSecond, unitsAtOnce)
		m := &meter{to: io.Discard, purse: purse}
		for range 10 * unitBytes / 1000 { // a thousand bytes at a time
			if _, err := m.Write(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		if got := unitsAtOnce - purse.Tokens(); got != 9 {
			t.Errorf("%v units are paid for, want 9 and a rest", got)
		}
	})
}

func TestSmallBurstsOfRightHooksAreAllAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := listening(t, githubSecret)
		for range 500 {
			e.post(githubBody, "X-Signature-256: sha256="+githubSum)
		}
		if e.heard != 500 { // a forge that is refused a few times disables the hook
			t.Errorf("heard %d of 500: %q", e.heard, e.refused)
		}
	})
}

// pipes is a listener within a bubble.
type pipes struct {
	calls  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error { close(p.closed); return nil }

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// serving runs a server in a bubble until the test ends.
func serving(t *testing.T, e *ear) pipes {
	p := pipes{make(chan net.Conn), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); Serve(ctx, p, e.Endpoint, nil) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		time.Sleep(time.Second) // net/http takes a moment to let go of a connection
	})
	return p
}

// dial is one more connection, or none when nobody takes it up.
func (p pipes) dial() net.Conn {
	here, there := net.Pipe()
	select {
	case p.calls <- there:
		return here
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}

func TestSlowSendersAreLetGo(t *testing.T) {
	t.Parallel()
	head := "POST /hook HTTP/1.1\r\nHost: x\r\nX-Signature-256: sha256=" + zeroes + "\r\n"
	for _, c := range []struct {
		what, sent string
		within     time.Duration
		answer     string
	}{
		{"says nothing", "", headerTime, ""},
		{"never ends its headers", head, headerTime, ""},
		{"never sends its body", head + "Content-Length: 10\r\n\r\n", hookTime, "HTTP/1.1 400 Bad Request"},
		{"stops in the middle", head + "Content-Length: 10\r\n\r\nabc", hookTime, "HTTP/1.1 400 Bad Request"},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := listening(t, githubSecret)
			conn := serving(t, e).dial()
			start := time.Now()
			go io.WriteString(conn, c.sent)
			answer, _ := io.ReadAll(conn)
			conn.Close()
			if took := time.Since(start); took > c.within+time.Second {
				t.Errorf("one that %s is kept for %s, want at most %s", c.what, took, c.within)
			}
			if line, _, _ := strings.Cut(string(answer), "\r\n"); line != c.answer || e.heard != 0 {
				t.Errorf("one that %s is answered %q, heard %d; want %q", c.what, line, e.heard, c.answer)
			}
		})
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := listening(t, githubSecret)
		p := serving(t, e)
		taken := 0
		for range 2 * connectionsAtOnce {
			if conn := p.dial(); conn != nil {
				taken++
				go io.Copy(io.Discard, conn)
			}
		}
		if taken != connectionsAtOnce {
			t.Errorf("%d connections are taken up at once, want %d", taken, connectionsAtOnce)
		}
		time.Sleep(headerTime + time.Second) // those that said nothing are let go
		conn := p.dial()
		if conn == nil {
			t.Fatal("nobody else is heard afterwards")
		}
		defer conn.Close()
		go fmt.Fprintf(conn, "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Signature-256: sha256=%s\r\n\r\n%s", len(githubBody), githubSum, githubBody)
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || got.StatusCode != http.StatusAccepted || e.heard != 1 {
			t.Errorf("answered %v, %v; heard %d", got, err, e.heard)
		}
	})
}

func TestConnectionsOfASecondAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(t, listening(t, githubSecret))
		taken := 0
		for start := time.Now(); time.Since(start) < 10*time.Second && taken < 1000; {
			if conn := p.dial(); conn != nil {
				taken++
				conn.Close()
				synctest.Wait()
			}
		}
		if most := connectionsAtOnce + 10*connectionsPerSecond + 1; taken > most || taken < most-2 {
			t.Errorf("%d connections are taken up in ten seconds, want %d", taken, most)
		}
	})
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := serving(t, listening(t, githubSecret)).dial()
		defer conn.Close()
		var sent atomic.Int64
		go func() {
			_, err := io.WriteString(conn, "POST /hook HTTP/1.1\r\nHost: x\r\n")
			for ; err == nil; sent.Add(1 << 10) {
				_, err = io.WriteString(conn, "X-Much: "+strings.Repeat("x", 1<<10)+"\r\n")
			}
		}()
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || got.StatusCode != http.StatusRequestHeaderFieldsTooLarge || sent.Load() > 2*largestHeader {
			t.Errorf("after %d bytes answered %v, %v", sent.Load(), got, err)
		}
	})
}

// certify writes a new certificate for this machine, with its key.
func certify(t *testing.T, serial int64, file, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{file: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if name == "" {
			continue
		}
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRenewedCertificatesAreUsedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	var unread atomic.Int32
	certificate := &Certificate{File: file, KeyFile: keyFile, Unread: func(error) { unread.Add(1) }}
	if certificate.Load() == nil {
		t.Error("files that are not there can be read")
	}
	certify(t, 1, file, keyFile)
	if err := certificate.Load(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); Serve(ctx, l, listening(t, githubSecret).Endpoint, certificate) }()
	defer func() { cancel(); <-ended }()

	shown := func(want int64, unreadSoFar int32) {
		t.Helper()
		// The test looks at the serial number, so it need not trust the certificate.
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		state := conn.ConnectionState()
		if got := state.PeerCertificates[0].SerialNumber.Int64(); got != want || unread.Load() != unreadSoFar {
			t.Errorf("certificate %d is shown, %d times unread; want %d, %d", got, unread.Load(), want, unreadSoFar)
		}
	}
	shown(1, 0)
	certify(t, 2, file, keyFile)
	shown(2, 0)
	certify(t, 3, file, "") // half of a renewal
	shown(2, 1)
	certify(t, 4, file, keyFile)
	shown(4, 1)
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	shown(4, 2)
}
