package trust

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "make testdata/signed again with git, ssh-keygen and gpg; read the diff before you commit it")

// The times of what the tools make. The PGP keys are older than the commits.
var (
	keysMade   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	keysLapsed = keysMade.AddDate(0, 1, 0)
	keysEdited = commitTime.AddDate(0, 1, 0) // after the commits
)

// workshop makes commits with the real git, ssh-keygen and gpg.
type workshop struct {
	t    testing.TB
	dir  string // repository, keys, gpg's home
	out  string // where the results go: files of raw commits, and of keys
	when time.Time
}

func newWorkshop(t testing.TB, out string) *workshop {
	t.Helper()
	for _, tool := range []string{"git", "ssh-keygen", "gpg", "gpgconf"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: only the recorded commits are checked", tool)
		}
	}
	dir, err := os.MkdirTemp("", "sign") // gpg's socket must have a short name
	must(t, err)
	w := &workshop{t: t, dir: dir, out: out, when: commitTime}
	must(t, os.Mkdir(w.path("gnupg"), 0o700))
	must(t, os.MkdirAll(w.out, 0o755))
	t.Cleanup(func() {
		w.run("gpgconf", "--kill", "gpg-agent")
		must(t, os.RemoveAll(dir))
	})
	w.git("init", "-q", "-b", "main", w.path("repo"))
	return w
}

func (w *workshop) path(name string) string { return filepath.Join(w.dir, name) }

// run runs a tool away from the settings of whoever runs the test.
func (w *workshop) run(name string, args ...string) string {
	w.t.Helper()
	out, err := w.command(name, args...).Output()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr(err))
	}
	return strings.TrimSpace(string(out))
}

func stderr(err error) []byte {
	if exit, is := err.(*exec.ExitError); is {
		return exit.Stderr
	}
	return nil
}

func (w *workshop) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	date := fmt.Sprintf("%d +0000", w.when.Unix())
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "GNUPGHOME="+w.path("gnupg"), "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+w.path("repo/.git"), "GIT_WORK_TREE="+w.path("repo"),
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE="+date)
	return cmd
}

func (w *workshop) git(args ...string) string {
	w.t.Helper()
	return w.run("git", args...)
}

// gpg runs gpg at a time of its own.
func (w *workshop) gpg(at time.Time, args ...string) string {
	w.t.Helper()
	clock := []string{"--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", "--faked-system-time", at.Format("20060102T150405!")}
	return w.run("gpg", append(clock, args...)...)
}

// save writes a result.
func (w *workshop) save(name, content string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(w.out, name), []byte(content), 0o644))
}

// keep saves the commit that HEAD is as a result.
func (w *workshop) keep(name string) {
	w.t.Helper()
	raw, err := w.command("git", "cat-file", "commit", "HEAD").Output()
	must(w.t, err)
	w.save(name, string(raw))
}

// commit makes a commit; what is in settings decides how it is signed.
func (w *workshop) commit(name string, settings ...string) {
	w.t.Helper()
	args := append(slices.Clone(settings), "commit", "-q", "--allow-empty", "-m", strings.ReplaceAll(name, "_", " "))
	w.git(args...)
	w.keep(name)
}

// sshKey makes an SSH key and returns its public line.
func (w *workshop) sshKey(name string, kind ...string) string {
	w.t.Helper()
	w.run("ssh-keygen", append([]string{"-q", "-N", "", "-C", name, "-f", w.path(name), "-t"}, kind...)...)
	line, err := os.ReadFile(w.path(name + ".pub"))
	must(w.t, err)
	return string(line)
}

// withSSH are the settings of git that sign with an SSH key.
func (w *workshop) withSSH(key string) []string {
	return []string{"-c", "gpg.format=ssh", "-c", "user.signingkey=" + w.path(key), "-c", "commit.gpgsign=true"}
}

// pgpKey makes an OpenPGP key and returns its fingerprint.
func (w *workshop) pgpKey(mail, algorithm, usage string) string {
	w.t.Helper()
	w.gpg(keysMade, "--quick-gen-key", mail+" <"+mail+">", algorithm, usage, "never")
	for _, line := range strings.Split(w.gpg(keysMade, "--list-keys", "--with-colons", mail), "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			return fields[9]
		}
	}
	w.t.Fatalf("gpg made no key for %s", mail)
	return ""
}

// withPGP are the settings of git that sign with an OpenPGP key, at the time of
// the commits.
func (w *workshop) withPGP(key string, options ...string) []string {
	w.t.Helper()
	program := w.path("gpg-then")
	script := fmt.Sprintf("#!/bin/sh\nexec gpg --batch --pinentry-mode loopback --passphrase '' --faked-system-time '%s!' %s \"$@\"\n",
		w.when.Format("20060102T150405"), strings.Join(options, " "))
	must(w.t, os.WriteFile(program, []byte(script), 0o755))
	return []string{"-c", "gpg.format=openpgp", "-c", "gpg.program=" + program, "-c", "user.signingkey=" + key, "-c", "commit.gpgsign=true"}
}

// revocation is the certificate that gpg made with a key, ready to import.
func (w *workshop) revocation(key string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path("gnupg/openpgp-revocs.d/" + key + ".rev"))
	must(w.t, err)
	_, block, _ := bytes.Cut(text, []byte("\n:"))
	return string(block)
}

// make makes everything.
func (w *workshop) make() {
	w.t.Helper()
	w.commit("unsigned")
	w.makeSSH()
	w.makePGP()
	w.makeMerges()
}

func (w *workshop) makeSSH() {
	w.t.Helper()
	var allowed strings.Builder
	fmt.Fprintf(&allowed, "# who may sign\nada@example.com %s", w.sshKey("ed25519", "ed25519"))
	fmt.Fprintf(&allowed, "ada@example.com,*@ops.example.com namespaces=\"git\" %s", w.sshKey("ecdsa", "ecdsa"))
	fmt.Fprintf(&allowed, "ada@example.com %s", w.sshKey("rsa", "rsa", "-b", "2048"))
	fmt.Fprintf(&allowed, "old@example.com valid-before=\"20260201Z\" %s", w.sshKey("expired", "ed25519"))
	revoked := w.sshKey("revoked", "ed25519")
	fmt.Fprintf(&allowed, "lost@example.com %s", revoked)
	w.sshKey("unknown", "ed25519")
	w.save("allowed_signers", allowed.String())
	w.save("revoked_keys", revoked)
	for _, key := range []string{"ed25519", "ecdsa", "rsa", "expired", "revoked", "unknown"} {
		w.commit("ssh_"+key, w.withSSH(key)...)
	}
	w.when = keysMade.AddDate(0, 0, 1)
	w.commit("ssh_before_it_expired", w.withSSH("expired")...)
	w.when = commitTime
	w.commitForFiles()
}

// commitForFiles signs a commit with ssh-keygen in another namespace.
func (w *workshop) commitForFiles() {
	w.t.Helper()
	raw := unsigned("signed for files")
	must(w.t, os.WriteFile(w.path("payload"), raw, 0o600))
	w.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", w.path("ed25519"), w.path("payload"))
	signature, err := os.ReadFile(w.path("payload.sig"))
	must(w.t, err)
	w.save("ssh_namespace", string(withSignature(raw, strings.TrimSpace(string(signature)))))
}

func (w *workshop) makePGP() {
	w.t.Helper()
	primary := w.pgpKey("grace@example.com", "ed25519", "sign")
	rsa := w.pgpKey("rsa@example.com", "rsa2048", "sign")
	withSub := w.pgpKey("sub@example.com", "ed25519", "cert")
	w.gpg(keysMade, "--quick-add-key", withSub, "ed25519", "sign", "never")
	lapsed := w.pgpKey("lapsed@example.com", "ed25519", "sign")
	renewed := w.pgpKey("renewed@example.com", "ed25519", "sign")
	revoked := w.pgpKey("revoked@example.com", "ed25519", "sign")
	byCertificate := w.pgpKey("certificate@example.com", "ed25519", "sign")
	unknown := w.pgpKey("unknown@example.com", "ed25519", "sign")
	for name, key := range map[string]string{
		"pgp_ed25519": primary, "pgp_rsa": rsa, "pgp_subkey": withSub, "pgp_expired": lapsed, "pgp_renewed": renewed,
		"pgp_revoked": revoked, "pgp_revoked_by_certificate": byCertificate, "pgp_unknown": unknown,
	} {
		w.commit(name, w.withPGP(key)...)
	}
	w.commit("pgp_sha1", w.withPGP(primary, "--digest-algo", "SHA1", "--weak-digest", "MD5")...)

	w.gpg(keysMade.Add(time.Hour), "--quick-set-expire", lapsed, keysLapsed.Format("2006-01-02"))
	w.gpg(keysMade.Add(time.Hour), "--quick-set-expire", renewed, keysLapsed.Format("2006-01-02"))
	w.gpg(keysEdited, "--quick-set-expire", renewed, "2030-01-01")
	must(w.t, os.WriteFile(w.path("rev"), []byte(w.revocation(revoked)), 0o600))
	w.gpg(keysEdited, "--import", w.path("rev"))
	ring := w.gpg(keysEdited, "--armor", "--export", primary, rsa, withSub, lapsed, renewed, revoked)
	ring += "\n\n" + w.gpg(keysEdited, "--armor", "--export", byCertificate)
	w.save("keyring.asc", ring+"\n\n"+w.revocation(byCertificate))
}

// makeMerges makes a merge of a signed tag, an octopus, and a range with an
// unsigned commit in the middle.
func (w *workshop) makeMerges() {
	w.t.Helper()
	signed := w.withSSH("ed25519")
	for _, branch := range []string{"one", "two"} {
		w.git("checkout", "-q", "-b", branch, "main")
		w.git(append(slices.Clone(signed), "commit", "-q", "--allow-empty", "-m", branch)...)
	}
	w.git(append(slices.Clone(signed), "tag", "-s", "-m", "A tag.", "v1", "one")...)
	w.git("checkout", "-q", "main")
	w.git(append(slices.Clone(signed), "merge", "-q", "--no-ff", "-m", "merge tag", "v1")...)
	w.keep("ssh_merge_of_tag")
	w.git("checkout", "-q", "-B", "main", "main~")
	w.git(append(slices.Clone(signed), "commit", "-q", "--allow-empty", "-m", "main goes on")...)
	w.git(append(slices.Clone(signed), "merge", "-q", "--no-ff", "-m", "octopus", "one", "two")...)
	w.keep("ssh_octopus")
	w.commit("range_1", signed...)
	w.commit("range_2")
	w.commit("range_3", signed...)
}
