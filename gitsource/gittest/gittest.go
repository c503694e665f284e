// Package gittest makes up repositories with long histories, for tests and
// benchmarks. It needs the git command.
package gittest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Environment is an environment for the git command in which this machine's own
// settings do not count.
func Environment(env []string) []string {
	return append(slices.Clone(env), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ann Author", "GIT_AUTHOR_EMAIL=ann@example.com",
		"GIT_COMMITTER_NAME=Ann Author", "GIT_COMMITTER_EMAIL=ann@example.com")
}

// Git runs the git command in a folder, and returns what it prints, without the
// line feed at its end.
func Git(dir string, args ...string) (string, error) {
	c := exec.Command("git", args...)
	c.Dir, c.Env = dir, Environment(os.Environ())
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// Import has `git fast-import` read what write writes.
func Import(dir string, write func(io.Writer)) error {
	c := exec.Command("git", "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force")
	c.Dir, c.Env = dir, Environment(os.Environ())
	read, in := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(in, 64<<10)
		write(out)
		in.CloseWithError(out.Flush())
	}()
	c.Stdin = read
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("git fast-import: %w: %s", err, out)
	}
	return nil
}

// Make makes a bare repository with a history on main.
func Make(dir string, h History) error {
	if _, err := Git(filepath.Dir(dir), "init", "--quiet", "--bare", "--initial-branch=main", dir); err != nil {
		return err
	}
	return Import(dir, h.write)
}

// AddRefs adds branches that nobody asks for.
func AddRefs(dir string, n int) error {
	head, err := Git(dir, "rev-parse", "main")
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for i := range n {
		fmt.Fprintf(&b, "%s refs/heads/other-%06d\n", head, i)
	}
	return os.WriteFile(filepath.Join(dir, "packed-refs"), []byte(b.String()), 0o644)
}

// Change adds a commit to main that sets the images of the first file.
func Change(dir, subject string) error {
	now := time.Now()
	path := Path(0)
	return Import(dir, func(w io.Writer) {
		c := commit{subject: subject, at: now, from: "refs/heads/main^0"}
		c.write(w, contents{path: {fmt.Sprintf("ami-%017x", now.UnixNano())}})
	})
}
