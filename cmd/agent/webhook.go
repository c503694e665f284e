package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"moult/gitsource/hint"
)

// webhook hears hooks, as agent.hcl says. They give hints.
type webhook struct {
	settings    webhookSettings
	listener    net.Listener
	certificate *hint.Certificate // nil: plain HTTP
	complaints  complaints
}

// openWebhook listens for hooks and reads the secrets, so that what is wrong
// with them is known before the agent starts. It is nil when no hooks are
// heard.
func openWebhook(ctx context.Context, s webhookSettings, log *slog.Logger) (*webhook, error) {
	if s.Listen == "" {
		return nil, nil
	}
	w := &webhook{settings: s, complaints: complaints{Log: log}}
	if _, err := w.secrets(); err != nil {
		return nil, advise(err, "write one with `openssl rand -hex 32`, and give the forge the same; docs/webhooks.md says more")
	}
	if s.CertificateFile != "" {
		w.certificate = &hint.Certificate{File: s.CertificateFile, KeyFile: s.KeyFile, Unread: w.complaints.certificate}
		if err := w.certificate.Load(); err != nil {
			return nil, advise(err, "name PEM files that belong together with certificate_file and key_file in agent.hcl")
		}
	}
	var err error
	if w.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen); err != nil {
		return nil, advise(fmt.Errorf("listen for webhooks: %w", err), "name a free address of this machine with listen in agent.hcl")
	}
	return w, nil
}

// secrets reads the file of secrets.
func (w *webhook) secrets() ([]hint.Secret, error) {
	text, err := os.ReadFile(w.settings.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("read the webhook secret: %w", err)
	}
	secrets, err := hint.ParseSecrets(text)
	if err != nil {
		return nil, fmt.Errorf("read the webhook secret in %s: %w", w.settings.SecretFile, err)
	}
	return secrets, nil
}

// serve hears hooks until ctx ends. A nil webhook hears none.
func (w *webhook) serve(ctx context.Context, h hints) {
	if w == nil {
		return
	}
	w.complaints.Log.Info("listening for webhooks", "address", w.listener.Addr().String(), "path", w.settings.Path, "tls", w.certificate != nil)
	hint.Serve(ctx, w.listener, &hint.Endpoint{
		Path: w.settings.Path, Secrets: w.secrets,
		Heard: func() { h.give("webhook") }, Refused: w.complaints.refused,
	}, w.certificate)
}

// complaints log what strangers can cause, a few lines at a time: who sends
// many bad hooks does not fill the disk.
type complaints struct {
	Log *slog.Logger

	mu   sync.Mutex
	pace *rate.Limiter
	left int // out of the log, since the last line
}

const (
	complaintsAtOnce = 5
	complaintsEvery  = 10 * time.Second
)

func (c *complaints) refused(remote, reason string) {
	c.say("webhook refused", "remote", remote, "reason", reason)
}

func (c *complaints) certificate(err error) {
	c.say("certificate not read, the last good one stays in use", "error", err)
}

func (c *complaints) say(message string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pace == nil {
		c.pace = rate.NewLimiter(rate.Every(complaintsEvery), complaintsAtOnce)
	}
	if !c.pace.Allow() {
		c.left++
		return
	}
	if c.left > 0 {
		args = append(args, "left_out", c.left)
	}
	c.Log.Warn(message, args...)
	c.left = 0
}
