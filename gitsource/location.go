package gitsource

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// location is a repository URL taken apart.
type location struct {
	scheme string   // "http", "https", "ssh" or "file"
	url    *url.URL // http and https, without user, password, query
	user   string
	pass   string
	host   string // ssh: "host:port"
	path   string // ssh: on the server; file: the directory
	shown  string // without secrets
}

// scpLike is git@host:path, in which no slash stands before the colon
// (git-clone(1), "GIT URLS").
var scpLike = regexp.MustCompile(`^(?:([^/@:]+)@)?([^/@:]+|\[[0-9a-fA-F:.]+\]):(.+)$`)

// parseLocation reads a URL as git does. Its errors do not quote the URL.
func parseLocation(raw string) (location, error) {
	if raw == "" {
		return location{}, errors.New("no repository URL is given")
	}
	if strings.Contains(raw, "://") {
		return parseURL(raw)
	}
	if m := scpLike.FindStringSubmatch(raw); m != nil {
		return scpLocation(m[1], m[2], m[3]), nil
	}
	return fileLocation(raw)
}

func parseURL(raw string) (location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return location{}, errors.New("repository URL cannot be parsed")
	}
	switch u.Scheme {
	case "http", "https":
		return httpLocation(u)
	case "ssh", "git+ssh", "ssh+git":
		return sshLocation(u)
	case "file":
		return fileLocation(u.Path)
	}
	return location{}, errors.New("repository URLs start with https, http, ssh or file, not with " + plain(u.Scheme, 20))
}

func httpLocation(u *url.URL) (location, error) {
	if u.Host == "" {
		return location{}, errors.New("repository URL has no host")
	}
	l := location{scheme: u.Scheme, shown: shownURL(u), user: u.User.Username()}
	l.pass, _ = u.User.Password()
	l.url = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}
	return l, nil
}

func sshLocation(u *url.URL) (location, error) {
	if u.Hostname() == "" || len(u.Path) < 2 {
		return location{}, errors.New("repository URL has no host or no path")
	}
	port := u.Port()
	if port == "" {
		port = "22"
	}
	u.Scheme = "ssh"
	path := u.Path
	if strings.HasPrefix(path, "/~") { // of a home directory
		path = path[1:]
	}
	l := location{scheme: "ssh", user: u.User.Username(), path: path, shown: shownURL(u)}
	l.host = net.JoinHostPort(u.Hostname(), port)
	return l.withUser(), nil
}

func scpLocation(user, host, path string) location {
	l := location{scheme: "ssh", user: user, path: path}
	l.host = net.JoinHostPort(strings.Trim(host, "[]"), "22")
	l = l.withUser()
	l.shown = l.user + "@" + host + ":" + path
	return l
}

// withUser is the location with the user that all forges expect, when the URL
// names none.
func (l location) withUser() location {
	if l.user == "" {
		l.user = "git"
	}
	return l
}

func fileLocation(path string) (location, error) {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return location{}, errors.New("repository path cannot be made absolute")
	}
	return location{scheme: "file", path: abs, shown: abs}, nil
}
