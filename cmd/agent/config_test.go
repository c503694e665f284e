package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/trust"
)

const exampleConfig = "../../systemd/agent.hcl"

// commented is a setting that the example shows in a comment.
var commented = regexp.MustCompile(`(?m)^(\s*)# (\w+ +=.*|(?:log|trust|ledger|webhook) \{|  scope "\w+" \{|(?:  |    )\w+ +=.*|(?:  )?\})$`)

func TestExampleConfigIsRead(t *testing.T) {
	t.Parallel()
	s, err := readConfig(exampleConfig, settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{repository: repositorySchema{URL: "https://git.example.com/fleet.git"}, socket: "/run/moult/agent.sock"}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(settings{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExampleConfigIsReadWithEverythingUncommented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	s, err := readConfig(written(t, commented.ReplaceAllString(string(text), "$1$2")), settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		repository: repositorySchema{
			URL: "https://git.example.com/fleet.git", Branch: "main", Username: "moult",
			PasswordFile:    "/run/credentials/moult.service/git-password",
			SSHKeyFile:      "/run/credentials/moult.service/git-ssh-key",
			KnownHostsFiles: []string{"/etc/moult/known_hosts"},
			Authorization:   "basic", CAFile: "/etc/moult/ca.pem",
			ClientCertificateFile: "/etc/moult/client.pem", ClientKeyFile: "/run/credentials/moult.service/git-client-key",
			Proxy: "http://moult@proxy.example.com:3128", ProxyPasswordFile: "/run/credentials/moult.service/proxy-password",
		},
		trust: trustSettings{
			Require: trust.Head, AllowedSigners: "/etc/moult/allowed_signers", RevokedKeys: "/etc/moult/revoked_keys",
			OpenPGPKeyring: "/etc/moult/keyring.asc", MergesVouch: true, Start: "4f2a91c2b7d05e8863f1a90c4d5e6b7a81920314",
			Scopes: []scopeSettings{{Name: "production", Paths: []string{"environments/production.hcl", "environments/payments/**"}, Signers: []string{"ops@example.com"}}},
		},
		webhook: webhookSettings{
			Listen: "127.0.0.1:8642", Path: "/hook", SecretFile: "/run/credentials/moult.service/webhook-secret",
			CertificateFile: "/etc/moult/tls/fullchain.pem", KeyFile: "/etc/moult/tls/key.pem",
		},
		ledger: ledgerSettings{
			SigningKeyFile: "/run/credentials/moult.service/ledger-key", Name: "moult on bastion-1", Email: "moult@bastion-1",
			Username: "moult", PasswordFile: "/run/credentials/moult.service/ledger-password", SSHKeyFile: "/run/credentials/moult.service/ledger-ssh-key",
		},
		stateDir: "/var/lib/moult", socket: "/run/moult/agent.sock",
		poll: 30 * time.Second, interval: time.Minute, logLevel: "info", logFormat: "json",
	}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(settings{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestConfigTellsEveryMistakeWithItsLine(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]struct{ text, says string }{
		"syntax":            {"repository {\n", "agent.hcl line 1"},
		"unknown block":     {"repositry {}\n", `Did you mean "repository"`},
		"unknown attribute": {"repository {\n  urll = \"x\"\n}\n", "agent.hcl line 2"},
		"wrong type":        {"repository {\n  url = [1]\n}\n", "string required"},
		"no unit":           {"poll = \"30\"\n", `"30" is not`},
		"too short":         {"poll = \"1ms\"\n", "at least one second"},
		"a number":          {"interval = 30\n", `"30" is not`},
		"unknown level":     {"log {\n  level = \"loud\"\n}\n", `"loud" is none of them`},
		"unknown format":    {"log {\n  format = \"xml\"\n}\n", `"xml" is none of them`},
		"unknown trust":     {"trust {\n  require = \"some\"\n}\n", `"some" is none of them`},
		"short start":       {"trust {\n  start = \"4f2a91c2\"\n}\n", "has 40 digits"},
		"scope of nobody":   {"trust {\n  scope \"a\" {\n    paths = [\"a\"]\n  }\n}\n", `"signers" is required`},
		"a variable":        {"state_dir = somewhere\n", "Variables not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readConfig(written(t, wrong.text), settings{})
			if err == nil || !strings.Contains(err.Error(), wrong.says) {
				t.Errorf("error is %v, want it to say %q", err, wrong.says)
			}
		})
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsWinOverTheFile(t *testing.T) {
	t.Parallel()
	config := written(t, `
repository {
  url    = "https://git.example.com/fleet.git"
  branch = "release"
  path   = "environments"
}
state_dir = "/var/lib/moult"
poll      = "10s"
`)
	f := runFlags{common: common{config: config, branch: "main", stateDir: "/tmp/moult"}, interval: waitFlag(5 * time.Second)}
	s, err := f.settings(surroundings{env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		repository: repositorySchema{URL: "https://git.example.com/fleet.git", Branch: "main", Path: "environments"},
		config:     config, stateDir: "/tmp/moult", poll: 10 * time.Second, interval: 5 * time.Second, logLevel: "info",
	}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(settings{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStateIsKeptWhereTheSystemSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"systemd":           {map[string]string{"STATE_DIRECTORY": "/var/lib/moult", "HOME": "/root"}, "/var/lib/moult"},
		"XDG":               {map[string]string{"XDG_STATE_HOME": "/srv/ada/state", "HOME": "/srv/ada"}, "/srv/ada/state/moult"},
		"XDG, not absolute": {map[string]string{"XDG_STATE_HOME": "state", "HOME": "/srv/ada"}, "/srv/ada/.local/state/moult"},
		"home":              {map[string]string{"HOME": "/srv/ada"}, "/srv/ada/.local/state/moult"},
		"nothing is known":  {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := usualStateDir(func(name string) string { return c.env[name] }); got != c.want {
				t.Errorf("state is kept in %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheSameFlagsNameTheRepositoryEverywhere(t *testing.T) {
	t.Parallel()
	root := rootCommand(surroundings{env: func(string) string { return "" }})
	for _, name := range []string{"run", "plan", "status", "explain", "history"} {
		c, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range []string{"repo", "branch", "path", "state-dir", "config"} {
			if f, plan := c.Flags().Lookup(flag), planCommand(surroundings{}).Flags().Lookup(flag); f == nil || f.Usage != plan.Usage {
				t.Errorf("moult %s --%s is %+v", name, flag, f)
			}
		}
	}
}
