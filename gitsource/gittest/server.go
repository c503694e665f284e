package gittest

import (
	"fmt"
	"io"
	"net/http/cgi"
	"os"
	"path/filepath"
)

// Server is git's own server of smart HTTP (git-http-backend(1)), for the
// repositories in a folder. What it says of requests that it refuses is not
// shown. It is an error when that program is not installed.
func Server(folder string, env ...string) (*cgi.Handler, error) {
	where, err := Git(folder, "--exec-path")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(where, "git-http-backend")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("git http-backend is not installed: %w", err)
	}
	return &cgi.Handler{
		Path: path, Root: "/", Stderr: io.Discard,
		Env: append(Environment(env), "GIT_PROJECT_ROOT="+folder, "GIT_HTTP_EXPORT_ALL=1"),
	}, nil
}
