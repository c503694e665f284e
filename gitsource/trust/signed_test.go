package trust

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// signedCommits are what git, ssh-keygen and gpg made, and what is to be found:
// a reason, or who signed.
var signedCommits = []struct {
	name   string
	reason Reason
	want   string // a part of the reason's text, or the principals
}{
	{"unsigned", Unsigned, "not signed"},
	{"ssh_ed25519", "", "ada@example.com"},
	{"ssh_ecdsa", "", "ada@example.com *@ops.example.com"},
	{"ssh_rsa", "", "ada@example.com"},
	{"ssh_merge_of_tag", "", "ada@example.com"},
	{"ssh_octopus", "", "ada@example.com"},
	{"ssh_unknown", UnknownKey, "not among the allowed signers"},
	{"ssh_expired", ExpiredKey, "old@example.com, which expired 2026-02-01 00:00:00 UTC"},
	{"ssh_before_it_expired", "", "old@example.com"},
	{"ssh_revoked", RevokedKey, "revoked"},
	{"ssh_namespace", WrongPurpose, `"file"`},
	{"pgp_ed25519", "", "grace@example.com"},
	{"pgp_rsa", "", "rsa@example.com"},
	{"pgp_subkey", "", "sub@example.com"},
	{"pgp_unknown", UnknownKey, "not in the keyring"},
	{"pgp_expired", ExpiredKey, "lapsed@example.com"},
	{"pgp_renewed", "", "renewed@example.com"},
	{"pgp_revoked", RevokedKey, "revoked@example.com"},
	{"pgp_revoked_by_certificate", RevokedKey, "certificate@example.com"},
	{"pgp_sha1", WeakAlgorithm, "SHA-1"},
}

const recorded = "testdata/signed"

func TestCommitsThatToolsSigned(t *testing.T) {
	if *update { // before the parallel tests go on, which read what it makes
		newWorkshop(t, recorded).make()
	}
	t.Parallel()
	checkSigned(t, recorded)
}

func TestCommitsThatToolsSignNow(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: only the recorded commits are checked")
	}
	dir := t.TempDir()
	w := newWorkshop(t, dir)
	w.make()
	checkSigned(t, dir)
	w.compareWithGit()
}

func checkSigned(t *testing.T, dir string) {
	t.Helper()
	keys := readKeys(t, dir)
	for _, test := range signedCommits {
		who, err := verify(keys, readFile(t, dir, test.name))
		if test.reason != "" {
			checkDistrust(t, err, test.reason, test.want)
		} else if got := strings.Join(who.Principals, " "); err != nil || got != test.want {
			t.Errorf("%s: signed by %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return text
}

func readKeys(t testing.TB, dir string) Keys {
	t.Helper()
	allowed, err := ParseAllowedSigners("allowed_signers", readFile(t, dir, "allowed_signers"))
	must(t, err)
	revoked, err := ParseRevokedKeys("revoked_keys", readFile(t, dir, "revoked_keys"))
	must(t, err)
	ring, err := ParseKeyring("keyring.asc", readFile(t, dir, "keyring.asc"))
	must(t, err)
	return Keys{AllowedSigners: allowed, Revoked: revoked, OpenPGP: ring}
}

// compareWithGit holds what is expected against what git verify-commit says
// with the same keys.
func (w *workshop) compareWithGit() {
	w.t.Helper()
	must(w.t, os.Mkdir(w.path("reader"), 0o700))
	settings := append(w.withPGP("", "--homedir", w.path("reader")),
		"-c", "gpg.ssh.allowedSignersFile="+filepath.Join(w.out, "allowed_signers"),
		"-c", "gpg.ssh.revocationFile="+filepath.Join(w.out, "revoked_keys"))
	w.run("gpg", "--homedir", w.path("reader"), "--batch", "--quiet", "--import", filepath.Join(w.out, "keyring.asc"))
	for _, test := range signedCommits {
		if test.name == "pgp_sha1" { // gpg 2.2 takes it; this package is meant to be stricter
			continue
		}
		hash := w.git("hash-object", "-t", "commit", "-w", filepath.Join(w.out, test.name))
		out, err := w.command("git", append(settings, "verify-commit", "-v", hash)...).CombinedOutput()
		if trusted := err == nil; trusted != (test.reason == "") {
			w.t.Errorf("%s: git says %v, expected %q\n%s", test.name, err, test.reason, out)
		}
	}
}

func TestNothingOfASignedCommitCanBeChanged(t *testing.T) {
	t.Parallel()
	keys := readKeys(t, recorded)
	for _, name := range []string{"ssh_ed25519", "ssh_octopus", "pgp_ed25519", "pgp_subkey"} {
		raw := readFile(t, recorded, name)
		other := hashOf(raw).String()
		for what, changed := range map[string][]byte{
			"message":           append(bytes.Clone(raw), '\n'),
			"tree":              replaceLine(raw, "tree ", "tree "+other),
			"first parent":      replaceLine(raw, "parent ", "parent "+other),
			"another parent":    replaceLine(raw, "author ", "parent "+other+"\nauthor Ada <ada@example.com> 1772546400 +0000"),
			"author":            replaceLine(raw, "author ", "author Eve <eve@example.com> 1772546400 +0000"),
			"committer's time":  replaceLine(raw, "committer ", "committer Ada <ada@example.com> 1772546401 +0000"),
			"header behind":     withHeader(raw, "encoding UTF-7"),
			"header in front":   replaceLine(raw, "gpgsig ", "x y\n"+lineOf(raw, "gpgsig ")),
			"spaces in message": bytes.Replace(raw, []byte("\n\n"), []byte("\n\n "), 1),
		} {
			if bytes.Equal(raw, changed) {
				t.Errorf("%s: %s was not changed", name, what)
			}
			_, err := verify(keys, changed)
			checkDistrust(t, err, BadSignature, "does not fit")
		}
	}
}

// lineOf is the line that begins with a prefix.
func lineOf(raw []byte, prefix string) string {
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, prefix) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return ""
}

func replaceLine(raw []byte, prefix, with string) []byte {
	return bytes.Replace(raw, []byte(lineOf(raw, prefix)), []byte(with), 1)
}

func TestASignatureOfAnotherCommitDoesNotCount(t *testing.T) {
	t.Parallel()
	keys := readKeys(t, recorded)
	for _, name := range []string{"ssh_ed25519", "ssh_rsa", "pgp_ed25519", "pgp_rsa", "pgp_subkey"} {
		c, err := Parse(readFile(t, recorded, name))
		must(t, err)
		_, err = verify(keys, withSignature(unsigned("another"), c.Signature))
		checkDistrust(t, err, BadSignature, "does not fit")
	}
}

func TestTwoSignaturesDoNotCount(t *testing.T) {
	t.Parallel()
	keys := readKeys(t, recorded)
	ssh, err := Parse(readFile(t, recorded, "ssh_ed25519"))
	must(t, err)
	pgp, err := Parse(readFile(t, recorded, "pgp_ed25519"))
	must(t, err)
	_, err = verify(keys, withSignature(readFile(t, recorded, "ssh_ed25519"), pgp.Signature))
	checkDistrust(t, err, Malformed, "two")
	for _, both := range []string{ssh.Signature + "\n" + pgp.Signature, pgp.Signature + "\n" + ssh.Signature, pgp.Signature + "\n" + pgp.Signature} {
		_, err = verify(keys, withSignature(unsigned("x"), both))
		checkDistrust(t, err, Malformed, "one armored block")
	}
}

func TestASubkeySignsInTheNameOfItsPrimaryKey(t *testing.T) {
	t.Parallel()
	who, err := verify(readKeys(t, recorded), readFile(t, recorded, "pgp_subkey"))
	must(t, err)
	if who.Subkey == "" || who.Subkey == who.Key || !who.called(who.Subkey) || !who.called(strings.ToLower(who.Key)) {
		t.Errorf("signed by %+v", who)
	}
}

func TestAnUnsignedCommitInTheMiddleOfARealRange(t *testing.T) {
	t.Parallel()
	var changes []Change
	var hashes []plumbing.Hash
	for _, name := range []string{"range_3", "range_2", "range_1"} {
		raw := readFile(t, recorded, name)
		changes = append(changes, Change{Raw: raw})
		hashes = append(hashes, hashOf(raw))
	}
	first, err := Parse(changes[2].Raw)
	must(t, err)
	r := Range{From: first.Parents[0], Changes: changes}
	for require, want := range map[Require]plumbing.Hash{None: hashes[0], Head: hashes[0], All: hashes[2]} {
		verdict, err := Policy{Require: require, Keys: readKeys(t, recorded)}.Judge(r)
		must(t, err)
		if diff := cmp.Diff(want, verdict.Obey); diff != "" {
			t.Errorf("%s (-want +got):\n%s", require, diff)
		}
	}
}

func BenchmarkVerifyOpenPGP(b *testing.B) {
	keys, raw := readKeys(b, recorded), readFile(b, recorded, "pgp_ed25519")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(keys, raw); err != nil {
			b.Fatal(err)
		}
	}
}
