package wire

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"moult/gitsource/fault"
)

// Location is a repository URL taken apart. Its String shows no secrets.
type Location struct {
	Scheme string   // "http", "https", "ssh" or "file"
	Path   string   // ssh: on the server; file: the directory
	url    *url.URL // http and https, without user, password, query
	user   string
	pass   string
	host   string // ssh: "host:port"
	shown  string
}

// String is the URL without secrets.
func (l Location) String() string { return l.shown }

// GoString is String, so that no verb of fmt shows more.
func (l Location) GoString() string { return l.shown }

// Local reports whether the repository is a directory on this machine.
func (l Location) Local() bool { return l.Scheme == "file" }

// HoldsSecret reports whether a URL holds what may be a password or a token: it
// should stand in a file, and not where the URL does.
func HoldsSecret(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return strings.Contains(raw, "://") && strings.Contains(raw, "@") // what is in front of it is not known
	}
	_, password := u.User.Password()
	return password || u.RawQuery != "" || u.User.Username() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// scpLike is git@host:path, in which no slash stands before the colon
// (git-clone(1), "GIT URLS").
var scpLike = regexp.MustCompile(`^(?:([^/@:]+)@)?([^/@:]+|\[[0-9a-fA-F:.]+\]):(.+)$`)

// ParseLocation reads a URL as git does. Its errors do not quote the URL.
func ParseLocation(raw string) (Location, error) {
	if raw == "" {
		return Location{}, errors.New("no repository URL is given")
	}
	if strings.Contains(raw, "://") {
		return parseURL(raw)
	}
	if m := scpLike.FindStringSubmatch(raw); m != nil {
		return scpLocation(m[1], m[2], m[3]), nil
	}
	return fileLocation(raw)
}

func parseURL(raw string) (Location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Location{}, errors.New("repository URL cannot be parsed")
	}
	switch u.Scheme {
	case "http", "https":
		return httpLocation(u)
	case "ssh", "git+ssh", "ssh+git":
		return sshLocation(u)
	case "file":
		return fileLocation(u.Path)
	}
	return Location{}, errors.New("repository URLs start with https, http, ssh or file, not with " + fault.Plain(u.Scheme, 20))
}

func httpLocation(u *url.URL) (Location, error) {
	if u.Host == "" {
		return Location{}, errors.New("repository URL has no host")
	}
	l := Location{Scheme: u.Scheme, shown: shownURL(u), user: u.User.Username()}
	l.pass, _ = u.User.Password()
	l.url = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}
	return l, nil
}

func sshLocation(u *url.URL) (Location, error) {
	if u.Hostname() == "" || len(u.Path) < 2 {
		return Location{}, errors.New("repository URL has no host or no path")
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
	l := Location{Scheme: "ssh", user: u.User.Username(), Path: path, shown: shownURL(u)}
	l.host = net.JoinHostPort(u.Hostname(), port)
	return l.withUser(), nil
}

func scpLocation(user, host, path string) Location {
	l := Location{Scheme: "ssh", user: user, Path: path}
	l.host = net.JoinHostPort(strings.Trim(host, "[]"), "22")
	l = l.withUser()
	l.shown = l.user + "@" + host + ":" + path
	return l
}

// withUser is the location with the user that all forges expect, when the URL
// names none.
func (l Location) withUser() Location {
	if l.user == "" {
		l.user = "git"
	}
	return l
}

func fileLocation(path string) (Location, error) {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return Location{}, errors.New("repository path cannot be made absolute")
	}
	return Location{Scheme: "file", Path: abs, shown: abs}, nil
}
