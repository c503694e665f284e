package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWebhookSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want webhookSettings
		said string // of a mistake
	}{
		{"", webhookSettings{}, ""},
		{`listen = "127.0.0.1:8642"
		  secret_file = "s"`, webhookSettings{Listen: "127.0.0.1:8642", Path: "/hook", SecretFile: "s"}, ""},
		{`listen = ":8642"
		  secret_file = "s"
		  path = "/a/b"
		  certificate_file = "c"
		  key_file = "k"`, webhookSettings{":8642", "/a/b", "s", "c", "k"}, ""},
		{`listen = "127.0.0.1:8642"`, webhookSettings{}, `The argument "secret_file" is required`},
		{`secret_file = "s"`, webhookSettings{}, `The argument "listen" is required`},
		{`listen = "8642"
		  secret_file = "s"`, webhookSettings{}, `listen is a host and a port`},
		{`listen = ":1"
		  secret_file = "s"
		  path = "hook"`, webhookSettings{}, `path begins with a slash`},
		{`listen = ":1"
		  secret_file = "s"
		  path = "/hook?x=1"`, webhookSettings{}, `path begins with a slash`},
		{`listen = ":1"
		  secret_file = "s"
		  key_file = "k"`, webhookSettings{}, `certificate_file and key_file belong together`},
		{`listen = ":1"
		  secret_file = "s"
		  certificate_file = "c"`, webhookSettings{}, `certificate_file and key_file belong together`},
	} {
		file := ""
		if c.text != "" {
			file = "webhook {\n" + c.text + "\n}\n"
		}
		s, err := readConfig(written(t, file), settings{})
		if c.said == "" && err != nil || c.said != "" && (err == nil || !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), c.said)) {
			t.Errorf("%s: %v, want %q", c.text, err, c.said)
		}
		if diff := cmp.Diff(c.want, s.webhook); c.said == "" && diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.text, diff)
		}
	}
}

func TestWebhookRefusesToStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "0123456789abcdef\n")
	for _, c := range []struct {
		settings     webhookSettings
		said, advice string
	}{
		{webhookSettings{Listen: "127.0.0.1:0", SecretFile: filepath.Join(dir, "none")}, "none: no such file", "openssl rand -hex 32"},
		{webhookSettings{Listen: "127.0.0.1:0", SecretFile: file("empty", "\n")}, "empty: no secret is there", "openssl rand -hex 32"},
		{webhookSettings{Listen: "127.0.0.1:0", SecretFile: file("short", "hunter2")}, "short: a secret of 7 bytes is too short, it must have 16", "openssl rand -hex 32"},
		{webhookSettings{Listen: "127.0.0.1:0", SecretFile: good, CertificateFile: good, KeyFile: good}, "read certificate", "PEM files"},
		{webhookSettings{Listen: "192.0.2.1:1", SecretFile: good}, "listen for webhooks", "a free address of this machine"}, // RFC 5737: nobody's
	} {
		_, err := openWebhook(t.Context(), c.settings, slog.New(slog.DiscardHandler))
		var said bytes.Buffer
		surroundings{err: &said, env: func(string) string { return "" }}.conclude(err)
		if err == nil || !strings.Contains(said.String(), c.said) || !strings.Contains(said.String(), c.advice) || strings.Contains(said.String(), "hunter2") {
			t.Errorf("%+v: %s, want %q and %q", c.settings, &said, c.said, c.advice)
		}
	}
}

func TestWithoutTheBlockNobodyListens(t *testing.T) {
	t.Parallel()
	w, err := openWebhook(t.Context(), webhookSettings{}, nil)
	if w != nil || err != nil {
		t.Errorf("%v, %v", w, err)
	}
	w.serve(t.Context(), nil) // returns at once
}

func TestComplaintsAreFewLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := &complaints{Log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 1000 {
			c.refused("192.0.2.1:4711", "there is no signature")
		}
		if got := strings.Count(log.String(), "webhook refused"); got != complaintsAtOnce {
			t.Errorf("%d lines, want %d", got, complaintsAtOnce)
		}
		for _, want := range []string{" left_out=995\n", "\n"} {
			log.Reset()
			time.Sleep(complaintsEvery)
			c.refused("192.0.2.1:4711", "there is no signature")
			if want := `msg="webhook refused" remote=192.0.2.1:4711 reason="there is no signature"` + want; !strings.Contains(log.String(), want) {
				t.Errorf("the log says %s, want %s", &log, want)
			}
		}
	})
}

// The page says how a script of one's own calls; what it says is run here.
func TestCallInThePageIsHeard(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := openWebhook(t.Context(), webhookSettings{Listen: "127.0.0.1:0", Path: usualHookPath, SecretFile: secret}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h, ended := newHints(), make(chan struct{})
	go func() { defer close(ended); w.serve(ctx, h) }()
	defer func() { cancel(); <-ended }()

	script := shownScript(t, "../../docs/webhooks.md", "openssl dgst")
	for shown, here := range map[string]string{"sudo cat": "cat", "/etc/moult/webhook-secret": secret, "127.0.0.1:8642": w.listener.Addr().String()} {
		if !strings.Contains(script, shown) {
			t.Fatalf("the page does not say %q:\n%s", shown, script)
		}
		script = strings.ReplaceAll(script, shown, here)
	}
	out, err := exec.CommandContext(ctx, "sh", "-c", strings.Replace(script, "curl ", "curl --noproxy '*' -sS ", 1)).CombinedOutput()
	if err != nil || string(out) != "accepted\n" {
		t.Errorf("%v: %s", err, out)
	}
	select {
	case by := <-h:
		if by != "webhook" {
			t.Errorf("the hint is by %q", by)
		}
	default:
		t.Error("no hint is given")
	}
}

// shownScript is the block of a page that holds a text.
func shownScript(t *testing.T, page, text string) string {
	t.Helper()
	blocks, _ := readPage(t, page)
	for _, b := range blocks {
		if b.language == "sh" && strings.Contains(b.text, text) {
			return b.text
		}
	}
	t.Fatalf("%s: no block holds %q", page, text)
	return ""
}
