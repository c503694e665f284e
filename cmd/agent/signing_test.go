package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moult/gitsource/trust"
)

// pen signs commits of a shared repository with git and the keys that
// ssh-keygen and gpg have made.
type pen struct {
	shared
	dir string // keys, and gpg's home
}

func newPen(t *testing.T) pen {
	t.Helper()
	for _, tool := range []string{"ssh-keygen", "gpg", "gpgconf"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir, err := os.MkdirTemp("", "pen") // gpg's socket must have a short name
	must(t, err)
	p := pen{shared: newShared(t), dir: dir}
	t.Cleanup(func() {
		_ = p.tool("gpgconf", "--kill", "gpg-agent").Run()
		must(t, os.RemoveAll(dir))
	})
	must(t, os.Mkdir(p.path("gnupg"), 0o700))
	must(t, os.WriteFile(p.path("gpg"), []byte("#!/bin/sh\nGNUPGHOME="+p.path("gnupg")+" exec gpg --batch --pinentry-mode loopback --passphrase '' \"$@\"\n"), 0o700))
	return p
}

func (p pen) path(name string) string { return filepath.Join(p.dir, name) }

func (p pen) tool(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "HOME="+p.dir, "GNUPGHOME="+p.path("gnupg"), "LC_ALL=C")
	return c
}

func (p pen) run(name string, args ...string) string {
	p.t.Helper()
	out, err := p.tool(name, args...).Output()
	if err != nil {
		p.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// sshKey makes a key and returns its public line.
func (p pen) sshKey(name string) string {
	p.t.Helper()
	p.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", p.path(name))
	line, err := os.ReadFile(p.path(name + ".pub"))
	must(p.t, err)
	return string(line)
}

// pgpKey makes a key; its name is a mail address.
func (p pen) pgpKey(mail string) {
	p.t.Helper()
	p.run(p.path("gpg"), "--quiet", "--quick-gen-key", mail+" <"+mail+">", "ed25519", "sign", "never")
}

// sign declares an image in a commit that is signed with a key: a mail address
// for OpenPGP, else one of sshKey; unsigned without one.
func (p pen) sign(image, key string) {
	p.t.Helper()
	p.write("production.hcl", declaring(image))
	settings := []string{"-c", "gpg.format=ssh", "-c", "user.signingkey=" + p.path(key), "-c", "commit.gpgsign=true"}
	switch {
	case key == "":
		settings = nil
	case strings.Contains(key, "@"):
		settings = []string{"-c", "gpg.program=" + p.path("gpg"), "-c", "user.signingkey=" + key, "-c", "commit.gpgsign=true"}
	}
	p.git(append(settings, "commit", "-q", "--allow-empty", "-m", image+" signed with "+key)...)
}

// tamper puts another commit in the place of the newest: the same, signature
// and all, with another message.
func (p pen) tamper() {
	p.t.Helper()
	raw := p.git("cat-file", "commit", "HEAD")
	file := p.path("tampered")
	must(p.t, os.WriteFile(file, []byte(strings.Replace(raw, "signed with", "never signed with", 1)+"\n"), 0o600))
	p.git("reset", "-q", "--hard", p.git("hash-object", "-t", "commit", "-w", file))
}

// TestCommitsThatPeopleSign: keys and signatures are made as people make them,
// the agent follows over HTTP, and says of each commit that it holds why.
func TestCommitsThatPeopleSign(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: the tests of gitsource/trust read recorded commits")
	}
	p := newPen(t)
	state := p.trusted()
	for name, c := range map[string]struct {
		commits func()
		hold    string // empty: it is obeyed
	}{
		"signed with SSH":         {func() { p.sign(imageC, "ada") }, ""},
		"signed with OpenPGP":     {func() { p.sign(imageC, "grace@example.com") }, ""},
		"both in a range":         {func() { p.sign(imageA, "grace@example.com"); p.sign(imageC, "ada") }, ""},
		"unsigned":                {func() { p.sign(imageC, "") }, "is not signed"},
		"unsigned in the middle":  {func() { p.sign(imageB, "ada"); p.sign(imageA, ""); p.sign(imageC, "ada") }, "is not signed"},
		"SSH, unknown":            {func() { p.sign(imageC, "stranger") }, "is not among the allowed signers"},
		"SSH, expired":            {func() { p.sign(imageC, "old") }, "old@example.com, which expired 2020-01-01"},
		"SSH, revoked":            {func() { p.sign(imageC, "lost") }, "is revoked"},
		"SSH, tampered":           {func() { p.sign(imageC, "ada"); p.tamper() }, "does not fit"},
		"OpenPGP, unknown":        {func() { p.sign(imageC, "eve@example.com") }, "is not in the keyring"},
		"OpenPGP, revoked":        {func() { p.sign(imageC, "mallory@example.com") }, "is revoked"},
		"OpenPGP, tampered":       {func() { p.sign(imageC, "grace@example.com"); p.tamper() }, "does not fit"},
		"tampered, then signed":   {func() { p.sign(imageA, "ada"); p.tamper(); p.sign(imageC, "ada") }, "does not fit"},
		"unsigned, then reverted": {func() { p.sign(imageC, ""); p.sign(imageB, "ada") }, "is not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			p.git("reset", "-q", "--hard", state.trust.Start)
			p.push("HEAD:refs/heads/main")
			b := branch{t: t, state: state}
			b.state.stateDir = t.TempDir()
			agent := b.source(true)
			wantObeyed(t, agent, imageB)
			c.commits()
			p.push("HEAD:refs/heads/main")
			if c.hold == "" {
				wantObeyed(t, agent, imageC)
			} else {
				wantHeld(t, agent, imageB, c.hold)
			}
		})
	}
}

// trusted are the settings of an agent that trusts Ada and Grace.
func (p pen) trusted() settings {
	p.t.Helper()
	allowed := "ada@example.com " + p.sshKey("ada") + "old@example.com valid-before=\"20200101Z\" " + p.sshKey("old")
	lost := p.sshKey("lost")
	p.sshKey("stranger")
	must(p.t, os.WriteFile(p.path("allowed_signers"), []byte(allowed+"lost@example.com "+lost), 0o600))
	must(p.t, os.WriteFile(p.path("revoked_keys"), []byte(lost), 0o600))
	for _, mail := range []string{"grace@example.com", "mallory@example.com", "eve@example.com"} {
		p.pgpKey(mail)
	}
	keyring := p.run(p.path("gpg"), "--armor", "--export", "grace@example.com", "mallory@example.com") + p.revocation("mallory@example.com")
	must(p.t, os.WriteFile(p.path("keyring.asc"), []byte(keyring), 0o600))
	return settings{
		repository: repositorySchema{URL: p.served()},
		trust: trustSettings{
			Require: trust.All, Start: p.git("rev-parse", "HEAD"), AllowedSigners: p.path("allowed_signers"),
			RevokedKeys: p.path("revoked_keys"), OpenPGPKeyring: p.path("keyring.asc"),
		},
	}
}

// revocation is the certificate that gpg made with a key, ready to publish: it
// keeps them from being used by accident with a colon.
func (p pen) revocation(mail string) string {
	p.t.Helper()
	for _, line := range strings.Split(p.run(p.path("gpg"), "--list-keys", "--with-colons", mail), "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			text, err := os.ReadFile(p.path("gnupg/openpgp-revocs.d/" + fields[9] + ".rev"))
			must(p.t, err)
			_, block, _ := strings.Cut(string(text), "\n:")
			return block
		}
	}
	p.t.Fatalf("gpg made no key for %s", mail)
	return ""
}
