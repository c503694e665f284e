package ledger

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// evidence is a ledger of three rollouts, and a person's words.
type evidence struct {
	fleet
	ledger *Ledger
	clone  string // of an auditor
}

func newEvidence(t testing.TB, key ssh.Signer) evidence {
	t.Helper()
	e := evidence{fleet: newFleet(t, 3)}
	e.ledger = newLedger(t, "agent", e.bare)
	e.ledger.Key = key
	for n := range 3 {
		must(t, e.ledger.Append(background, noon, e.started(n)))
		must(t, e.ledger.Append(background, noon, became(e.started(n), Succeeded)))
	}
	push(t, e.ledger)
	e.clone = e.cloneWithNotes(t)
	git(t, e.clone, "notes", "--ref=moult", "append", "-m", "Looked at by Eve.", e.commits[0])
	git(t, e.clone, "config", "user.name", "Eve")
	return e
}

// forge rewrites the note of a commit, and commits that as Eve does.
func (e evidence) forge(t testing.TB, commit string, edit func(string) string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "note")
	must(t, os.WriteFile(file, []byte(edit(git(t, e.clone, "notes", "--ref=moult", "show", commit))+"\n"), 0o600))
	git(t, e.clone, "notes", "--ref=moult", "add", "-f", "-F", file, commit)
}

func (e evidence) verify(t testing.TB, trust Trust) Verified {
	t.Helper()
	book := value[*Book](t)(Open(e.clone))
	defer book.Close()
	return value[Verified](t)(book.Verify(background, trust))
}

// oldest is the first breach.
func oldest(t testing.TB, v Verified) Breach {
	t.Helper()
	if v.Sound() {
		t.Fatalf("nothing is found: %+v", v)
	}
	return v.Breaches[0]
}

func TestALedgerAsItWasWrittenIsSound(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	e := newEvidence(t, key)
	v := e.verify(t, Trust{Keys: []ssh.PublicKey{key.PublicKey()}, Known: []string{git(t, e.clone, "rev-parse", Ref+"~3")}})
	if len(v.Breaches) > 0 || v.Commits != 7 || v.Signed != 6 || v.Unsigned != 1 || v.Entries != 6 || v.Notes != 3 || v.Partial {
		t.Errorf("verify says %+v", v)
	}
}

// forgery is something that Eve does, and what must be said of it.
type forgery struct {
	forge func(testing.TB, evidence)
	says  string // of the breach
	noted int    // in whose note; -1: none
}

func forgeries() map[string]forgery {
	return map[string]forgery{
		"an entry altered": {func(t testing.TB, e evidence) {
			e.forge(t, e.commits[1], func(text string) string { return strings.ReplaceAll(text, ami(1), ami(9)) })
		}, "removes or alters 2026-03-03T12:01:00Z production/web started: " + ami(0) + " to " + ami(1), 1},
		"an entry removed": {func(t testing.TB, e evidence) {
			e.forge(t, e.commits[2], func(text string) string { return text[strings.Index(text, "\n")+1:] })
		}, "removes 2026-03-03T12:02:00Z production/web started", 2},
		"a note removed": {func(t testing.TB, e evidence) {
			git(t, e.clone, "notes", "--ref=moult", "remove", e.commits[0])
		}, "removes 2026-03-03T12:00:00Z production/web started", 0},
		"an entry moved to another commit": {func(t testing.TB, e evidence) {
			line := strings.SplitN(git(t, e.clone, "notes", "--ref=moult", "show", e.commits[1]), "\n", 2)[0]
			git(t, e.clone, "notes", "--ref=moult", "append", "-m", line, e.commits[2])
		}, "brings in an entry of another commit", 2},
		"an entry that is not what it says": {func(t testing.TB, e evidence) {
			line := strings.SplitN(git(t, e.clone, "notes", "--ref=moult", "show", e.commits[1]), "\n", 2)[0]
			git(t, e.clone, "notes", "--ref=moult", "append", "-m", strings.ReplaceAll(line, ami(1), ami(7)), e.commits[1])
		}, "brings in an entry that is not what was written", 1},
		"a sound entry of somebody else": {func(t testing.TB, e evidence) {
			git(t, e.clone, "notes", "--ref=moult", "append", "-m", became(e.started(1), Failed).written().text, e.commits[1])
		}, "it is not signed", -1},
		"a signature of somebody else": {func(t testing.TB, e evidence) {
			eve := &Ledger{Dir: filepath.Join(t.TempDir(), "eve"), Remote: Remote{URL: e.bare}, Key: newKey(t), Agent: Agent{Name: "Eve"}, Log: quiet()}
			must(t, eve.Append(background, noon, became(e.started(1), Failed)))
			push(t, eve)
			git(t, e.clone, "fetch", "-q", "-f", "origin", Ref+":"+Ref)
		}, "it is signed with a key that is not trusted (SHA256:", -1},
		"a signature of another commit": {func(t testing.TB, e evidence) {
			commit := git(t, e.clone, "cat-file", "commit", Ref+"~1")
			file := filepath.Join(t.TempDir(), "commit")
			must(t, os.WriteFile(file, []byte(strings.Replace(commit, "production/web", "staging/web", 1)+"\n"), 0o600))
			git(t, e.clone, "update-ref", Ref, git(t, e.clone, "hash-object", "-w", "-t", "commit", file))
		}, "its signature is not of this commit", -1},
		"a history cut short": {func(t testing.TB, e evidence) {
			git(t, e.clone, "update-ref", Ref, Ref+"~3")
		}, "is not in this ledger: it was replaced, or the hash is wrong", -1},
		"a history made anew": {func(t testing.TB, e evidence) {
			git(t, e.clone, "update-ref", Ref, git(t, e.clone, "commit-tree", "-m", "All is well", Ref+"^{tree}"))
		}, "is not in this ledger: it was replaced, or the hash is wrong", -1},
	}
}

func TestEveryForgeryIsFoundWhereItHappened(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, f := range forgeries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEvidence(t, key)
			known := git(t, e.clone, "rev-parse", Ref+"~2")
			f.forge(t, e)
			v := e.verify(t, Trust{Keys: []ssh.PublicKey{key.PublicKey()}, Known: []string{known}})
			found := oldest(t, v)
			if !strings.Contains(found.Error(), f.says) {
				t.Errorf("it says %s", found.Error())
			}
			if f.noted >= 0 && found.Commit != e.commits[f.noted] {
				t.Errorf("it names the note of %s, not of %s", found.Commit, e.commits[f.noted])
			}
			if want := git(t, e.clone, "rev-parse", Ref); f.noted >= 0 && found.Ledger != want {
				t.Errorf("it names commit %s of the ledger, not %s", found.Ledger, want)
			}
		})
	}
}

// A breach stays in the record for ever. Who has looked into it wants to hear of
// the next one all the same.
func TestABreachThatIsKnownCanBeExcused(t *testing.T) {
	t.Parallel()
	e := newEvidence(t, nil)
	head := func() string { return git(t, e.clone, "rev-parse", Ref) }
	e.forge(t, e.commits[1], func(text string) string { return strings.ReplaceAll(text, ami(1), ami(9)) })
	altered := head()
	if v := e.verify(t, Trust{Excused: []string{altered}}); !v.Sound() || len(v.Breaches) != 1 || !v.Breaches[0].Excused || v.Entries != 4 {
		t.Errorf("with the one excused, verify says %+v", v)
	}
	git(t, e.clone, "notes", "--ref=moult", "remove", e.commits[0])
	removed := head()
	v := e.verify(t, Trust{Excused: []string{altered}})
	if v.Sound() || len(v.Breaches) != 2 || v.Breaches[0].Ledger != altered || v.Breaches[1].Ledger != removed || v.Breaches[1].Excused {
		t.Errorf("with one of two excused, verify says %+v", v)
	}
	if v := e.verify(t, Trust{Excused: []string{altered, removed}, Known: []string{altered, strings.Repeat("1", 40)}}); v.Sound() || len(v.Breaches) != 3 || !v.Breaches[0].Absent {
		t.Errorf("with a commit that is not there, verify says %+v", v)
	}
}

// Whatever stands behind an object that is lost would look like a breach too.
func TestBehindALostObjectNothingIsJudged(t *testing.T) {
	t.Parallel()
	e := newEvidence(t, nil)
	store := e.ledger.Dir
	lost, tree := git(t, store, "rev-parse", Ref+"~3"), git(t, store, "rev-parse", Ref+"~3^{tree}")
	must(t, os.Remove(filepath.Join(store, "objects", tree[:2], tree[2:])))
	book := value[*Book](t)(Open(store))
	defer book.Close()
	v := value[Verified](t)(book.Verify(background, Trust{Excused: []string{lost}}))
	if v.Sound() || len(v.Breaches) != 1 || v.Breaches[0].Ledger != lost || !strings.Contains(v.Breaches[0].What, tree) {
		t.Errorf("verify says %+v", v)
	}
}

func TestAnObjectThatIsNotWhatItsNameSaysIsFound(t *testing.T) {
	t.Parallel()
	e := newEvidence(t, nil)
	store := e.ledger.Dir
	blob := git(t, store, "rev-parse", Ref+":"+home(hashFrom(e.commits[1])))
	forged := value[[]byte](t)(os.ReadFile(filepath.Join(store, "objects", blob[:2], blob[2:])))
	commit := git(t, store, "rev-parse", Ref)
	path := filepath.Join(store, "objects", commit[:2], commit[2:])
	must(t, os.Chmod(path, 0o600))
	must(t, os.WriteFile(path, forged, 0o600))
	book := value[*Book](t)(Open(store))
	defer book.Close()
	if _, err := book.History(Filter{}); err == nil || !strings.Contains(err.Error(), "git fsck") {
		t.Errorf("it says %v", err)
	}
}

func TestGitItselfAcceptsTheSignature(t *testing.T) {
	t.Parallel()
	needGit(t)
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	keys := map[string]ssh.Signer{
		"ed25519": newKey(t),
		"rsa":     value[ssh.Signer](t)(ssh.NewSignerFromKey(value[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048)))),
	}
	for name, key := range keys {
		l := newLedger(t, "agent", "")
		l.Key = key
		must(t, l.Append(background, noon, started(1)))
		signers := filepath.Join(t.TempDir(), "signers")
		must(t, os.WriteFile(signers, append([]byte("agent@example.com "), ssh.MarshalAuthorizedKey(key.PublicKey())...), 0o600))
		out := git(t, l.Dir, "-c", "gpg.ssh.allowedSignersFile="+signers, "verify-commit", "-v", Ref)
		if !strings.Contains(out, `Good "git" signature for agent@example.com`) {
			t.Errorf("%s: git says\n%s", name, out)
		}
	}
}

func TestASignatureOfGitIsAccepted(t *testing.T) {
	t.Parallel()
	needGit(t)
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	l := newLedger(t, "agent", "")
	must(t, l.Append(background, noon, started(1)))
	signed := git(t, l.Dir, "-c", "gpg.format=ssh", "-c", "user.signingkey="+key, "commit-tree", "-S", "-p", Ref, "-m", "Signed by git", Ref+"^{tree}")
	git(t, l.Dir, "update-ref", Ref, signed)
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	if v := value[Verified](t)(book.Verify(background, Trust{})); len(v.Breaches) > 0 || v.Signed != 1 || v.Unsigned != 1 {
		t.Errorf("verify says %+v", v)
	}
}

func TestAShallowCloneIsVerifiedAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	e := newEvidence(t, key)
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, e.clone, "clone", "-q", "--depth=1", "file://"+e.bare, shallow)
	git(t, shallow, "fetch", "-q", "--depth=2", "origin", Ref+":"+Ref)
	book := value[*Book](t)(Open(shallow))
	defer book.Close()
	v := value[Verified](t)(book.Verify(background, Trust{Keys: []ssh.PublicKey{key.PublicKey()}}))
	if !v.Partial || len(v.Breaches) > 0 || v.Commits != 2 || v.Entries != 6 {
		t.Errorf("verify says %+v", v)
	}
}

// TestACloneThatIsCutSomewhereIsNeverWhole: also where what is behind the cut
// happens to be there.
func TestACloneThatIsCutSomewhereIsNeverWhole(t *testing.T) {
	t.Parallel()
	e := newEvidence(t, nil)
	for n, cut := range strings.Fields(git(t, e.clone, "rev-list", Ref)) {
		must(t, os.WriteFile(filepath.Join(e.clone, ".git", "shallow"), []byte(cut+"\n"), 0o600))
		if v := e.verify(t, Trust{}); !v.Partial || len(v.Breaches) > 0 || v.Commits != n+1 {
			t.Errorf("cut at %s: verify says %+v", cut, v)
		}
	}
}
