package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"

	"moult/gitsource/gittest"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitServe serves the repositories of a story over HTTP, with git's own server:
// nothing on the disk tells the agent of a new commit there. Each request is a
// line of a file.
func gitServe(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "git-serve VARIABLE FILE")
	log, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	backend, err := gittest.Server(ts.MkAbs("."))
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		fmt.Fprintln(log, req.Method, req.URL.Path)
		backend.ServeHTTP(w, req)
	}))
	ts.Defer(func() { server.CloseClientConnections(); server.Close(); log.Close() })
	ts.Setenv(args[0], server.URL)
}

// hook posts a hook as GitHub does, signed with a secret, and wants an answer.
func hook(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 3, "hook STATUS URL SECRET")
	const body = `{"ref": "refs/heads/main", "after": "0000000000000000000000000000000000000000"}`
	sum := hmac.New(sha256.New, []byte(args[2]))
	sum.Write([]byte(body))
	req, err := http.NewRequestWithContext(bounded(ts), http.MethodPost, args[1], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("X-Github-Event", "push")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	answer.Body.Close()
	if got := strconv.Itoa(answer.StatusCode); got != args[0] {
		ts.Fatalf("the agent answers %s, want %s", answer.Status, args[0])
	}
}

func sendHup(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 0, "hup")
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGHUP))
	}
}
