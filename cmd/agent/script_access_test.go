package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"moult/gitsource/gittest"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitHTTPS serves a repository over HTTPS, to those who have the password that
// stands in a file now, and writes the certificate to trust for it. The variable
// gets the URL behind https://.
func gitHTTPS(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 4, "git-https VARIABLE BARE PASSWORD CA")
	bare, password := ts.MkAbs(args[1]), ts.MkAbs(args[2])
	backend, err := gittest.Server(filepath.Dir(bare))
	ts.Check(err)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, got, _ := r.BasicAuth(); got != firstLine(password) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of those who do not trust it
	server.StartTLS()
	ts.Defer(server.Close)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644))
	ts.Setenv(args[0], strings.TrimPrefix(server.URL, "https://")+"/"+filepath.Base(bare))
}

func firstLine(file string) string {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// proxyStart runs an HTTP proxy for a user with the password that stands in a
// file.
func proxyStart(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 3, "proxy-start VARIABLE USER PASSWORD")
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(args[1]+":"+firstLine(ts.MkAbs(args[2]))))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv(args[0], listener.Addr().String())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go passOn(conn, want)
		}
	}()
}

// passOn is one connection through the proxy.
func passOn(conn net.Conn, want string) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Header.Get("Proxy-Authorization") != want {
		fmt.Fprint(conn, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		return
	}
	to, err := net.Dial("tcp", r.Host)
	if err != nil {
		return
	}
	defer to.Close()
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(to, conn) }()
	_, _ = io.Copy(conn, to)
}

// hidden fails when a text stands in a file of the story outside of a folder, or
// can be seen of a process that runs in the background.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "hidden TEXT EXCEPT")
	seen := 0
	look := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			return // a socket, or gone
		}
		seen++
		if bytes.Contains(text, []byte(args[0])) {
			ts.Fatalf("%s shows %q", path, args[0])
		}
	}
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, d fs.DirEntry, err error) error {
		if err == nil && path == ts.MkAbs(args[1]) {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			look(path)
		}
		return nil
	}))
	for _, c := range ts.BackgroundCmds() {
		for _, what := range []string{"cmdline", "environ"} {
			look(fmt.Sprintf("/proc/%d/%s", c.Process.Pid, what))
		}
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.Process.Pid))
		if len(children) > 0 {
			ts.Fatalf("it runs other programs: %s", children)
		}
	}
	if seen < 10 {
		ts.Fatalf("%d files were looked at: hidden does not read them rightly", seen)
	}
}
