package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestAMistakeShowsNoSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`url = "https://bob:pw@git.example.com/fleet.git"`:        `url = "https://******@git.example.com/fleet.git"`,
		`url = "https://bob:p/w@x@git.example.com/fleet.git"`:     `url = "https://*********@git.example.com/fleet.git"`,
		`proxy = "http://bob:pw@proxy:3128`:                       `proxy = "http://******@proxy:3128`,
		`url = "https://git.example.com/fleet.git?token=abc" # x`: `url = "https://git.example.com/fleet.git?*********" # x`,
		`password = "hunter2"`:                                    `password = *********`,
		"access_token=hunter2\nurl = \"x\"":                       "access_token=*******\nurl = \"x\"",
		`PASSWORD = ["a", "b"]`:                                   `PASSWORD = **********`,
		`password_file = "/run/credentials/token"`:                `password_file = "/run/credentials/token"`,
		`url = "git@git.example.com:fleet.git"`:                   `url = "git@git.example.com:fleet.git"`,
		`allowed_signers = "a"`:                                   `allowed_signers = "a"`,
	} {
		before := text
		if got := string(masked([]byte(text))); got != want {
			t.Errorf("%s is shown as\n%s, want\n%s", before, got, want)
		}
	}
}

func TestAPasswordInTheArgumentsIsToldOf(t *testing.T) {
	t.Parallel()
	for url, told := range map[string]int{"https://bob:s3cr3t@git.example.com/fleet.git": 1, "https://git.example.com/fleet.git": 0, "": 0} {
		var log strings.Builder
		s := settings{shownURL: url, stateDir: t.TempDir(), repository: repositorySchema{URL: "https://git.example.com/fleet.git"}}
		if _, err := newAgent(s, surroundings{}, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "password in the command's arguments"); n != told || strings.Contains(log.String(), "s3cr3t") {
			t.Errorf("%q is told of %d times: %s", url, n, &log)
		}
	}
}

// TestSettingsOfARepositoryAreShownNowhere: neither verb of fmt shows what
// newRepository was given.
func TestSettingsOfARepositoryAreShownNowhere(t *testing.T) {
	t.Parallel()
	s := settings{repository: repositorySchema{URL: "https://bob:s3cr3t@git.example.com/fleet.git?q=s3cr3t", Proxy: "http://bob:s3cr3t@proxy:1"}}
	r := newRepository(s, slog.New(slog.DiscardHandler))
	if text := fmt.Sprintf("%v %+v %#v %v %+v %#v", r, r, r, r.Access, r.Access, r.Access); strings.Contains(text, "s3cr3t") {
		t.Errorf("the secret is shown: %s", text)
	}
}
