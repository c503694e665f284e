package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo-terminal (pty(7)): what is written to one end is
// what somebody sees at the other.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

// readUntil reads what a program shows until it shows a text.
func readUntil(t *testing.T, person *os.File, text string) {
	t.Helper()
	var shown bytes.Buffer
	part := make([]byte, 4096)
	for !bytes.Contains(shown.Bytes(), []byte(text)) {
		n, err := person.Read(part)
		if err != nil {
			t.Fatalf("%q is not shown: %v\n%s", text, err, &shown)
		}
		shown.Write(part[:n])
	}
}

// On a terminal SIGHUP polls like anywhere else, until the terminal is gone:
// then nobody is left to see the agent, and it ends.
func TestAgentEndsWithItsTerminal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the real program on the wall clock; the tests without -short do")
	}
	dir := t.TempDir()
	if err := commitAll(filepath.Join(dir, "repo"), "nothing is declared", time.Now()); err != nil {
		t.Fatal(err)
	}
	person, program := openTerminal(t)
	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	defer cancel()
	c := exec.CommandContext(ctx, "moult", "run", "--repo", "repo", "--state-dir", "state", "--poll", "24h")
	c.Dir, c.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	c.Stdin, c.Stdout, c.Stderr = program, program, program
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	readUntil(t, person, "agent started")
	if err := c.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	readUntil(t, person, "by=SIGHUP")
	person.Close()
	if err := c.Wait(); err != nil { // killed, when it does not end
		t.Errorf("the agent ends with %v", err)
	}
}
