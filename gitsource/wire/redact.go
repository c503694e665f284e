package wire

import (
	"errors"
	"net/url"
)

// shownURL is a repository URL as people may see it. Over HTTP a token may
// stand in the place of the user, the password or a query parameter, so all
// three go; over SSH the user is no secret and helps.
func shownURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.Scheme == "ssh" && u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	return shown.String()
}

// Bare is an error of net/http without the URL that it quotes.
func Bare(err error) error {
	var quoted *url.Error
	if errors.As(err, &quoted) {
		return quoted.Err
	}
	return err
}
