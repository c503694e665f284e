package main

import (
	"net"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// notifyStart takes the part of systemd: it listens at NOTIFY_SOCKET and writes
// each message to a file, a line each.
func notifyStart(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "notify-start FILE")
	socket := ts.MkAbs("notify.sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	ts.Check(err)
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	written := make(chan struct{})
	go func() {
		defer close(written)
		message := make([]byte, 4096)
		for {
			n, err := conn.Read(message)
			if err != nil {
				return // closed below
			}
			_, _ = file.Write(append(message[:n:n], '\n'))
		}
	}()
	ts.Setenv("NOTIFY_SOCKET", socket)
	ts.Defer(func() {
		conn.Close()
		<-written
		file.Close()
	})
}
