package gitsource

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
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

// bare is an error of net/http without the URL that it quotes.
func bare(err error) error {
	var quoted *url.Error
	if errors.As(err, &quoted) {
		return quoted.Err
	}
	return err
}

// plain is text from elsewhere, fit for one line of a log or a terminal:
// nothing that moves a cursor, and no more than most runes.
func plain(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if most--; most < 0 {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
