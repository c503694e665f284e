package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"moult/gitsource/ledger"
	"moult/gitsource/trust"
	"moult/reconcile"
)

// poll is an agent that starts, reads once, and ends with everything written
// and sent.
func (b branch) poll() (reconcile.Declared, error) {
	b.t.Helper()
	a, err := newAgent(b.state, surroundings{}, slog.New(slog.DiscardHandler))
	must(b.t, err)
	must(b.t, a.remember(watchedPatience))
	defer a.repository.Close()
	defer a.scribe.begin(context.Background())()
	return a.last.Read(context.Background())
}

func (b branch) wantPolled(image string) {
	b.t.Helper()
	d, err := b.poll()
	must(b.t, err)
	wantImage(b.t, d, image)
	if d.Stale != nil {
		b.t.Errorf("stale is %+v", d.Stale)
	}
}

// wantNothing polls, and expects that nothing is in force and why.
func (b branch) wantNothing(says string) {
	b.t.Helper()
	d, err := b.poll()
	must(b.t, err)
	if len(d.Groups) > 0 || d.Stale == nil || !d.Stale.Held || !strings.Contains(d.Stale.Reason, says) {
		b.t.Errorf("in force is %+v, stale is %+v, want nothing in force and %q", d.Groups, d.Stale, says)
	}
}

// forget loses the state directory.
func (b branch) forget() {
	b.t.Helper()
	must(b.t, os.RemoveAll(b.state.stateDir))
}

// rewrite replaces the branch by another root.
func (b branch) rewrite(image string) string {
	b.t.Helper()
	must(b.t, os.Remove(filepath.Join(b.dir, ".git", "refs", "heads", "main")))
	return b.commit(image)
}

// sealed makes the agent sign its ledger.
func (b *branch) sealed() {
	b.t.Helper()
	b.state.ledger.SigningKeyFile = filepath.Join(b.t.TempDir(), "ledger-key")
	writeKey(b.t, b.state.ledger.SigningKeyFile)
}

func writeKey(t *testing.T, file string) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	return signer
}

// forge writes entries into the ledger of the repository, as somebody can who
// may write notes.
func (b branch) forge(key ssh.Signer, entries ...ledger.Entry) {
	b.t.Helper()
	l := &ledger.Ledger{Dir: filepath.Join(b.t.TempDir(), "forger"), Remote: ledger.Remote{URL: b.dir}, Key: key, Log: slog.New(slog.DiscardHandler)}
	defer l.Close()
	must(b.t, l.Append(context.Background(), time.Now(), entries...))
	_, err := l.Push(context.Background(), time.Now())
	must(b.t, err)
}

func accepts(commit string, at time.Time) ledger.Entry {
	return ledger.Entry{Time: at, Branch: "main", Outcome: ledger.Accepted, Commit: commit, Agent: "moult"}
}

// toldAccepted are the accepted entries of the repository, newest first.
func (b branch) toldAccepted() []ledger.Entry {
	b.t.Helper()
	book, err := ledger.Open(b.dir)
	must(b.t, err)
	defer book.Close()
	entries, err := book.History(ledger.Filter{Outcome: ledger.Accepted})
	must(b.t, err)
	return entries
}

func TestALostStateDirectoryIsRecalledFromTheLedger(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	b.wantPolled(imageA)
	b.forget()
	b.commit(imageB)
	b.wantPolled(imageB) // nobody rewrote anything: it goes on
	b.forget()
	other := b.rewrite(imageA)
	b.wantNothing("known from the ledger alone, so nothing is in force")
	b.wantNothing("moult trust " + other) // by its own record now
	b.accept(other)
	b.wantPolled(imageA)
}

func TestWithoutALedgerALostStateDirectoryIsAFirstStart(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.state.ledger.Off = true
	b.commit(imageA)
	b.wantPolled(imageA)
	b.forget()
	b.rewrite(imageB)
	b.wantPolled(imageB)
	if _, err := os.Stat(ledgerDir(b.state)); !os.IsNotExist(err) {
		t.Errorf("a ledger that is off has a store: %v", err)
	}
}

func TestEachAcceptedCommitIsToldOnce(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.sealed()
	signer := b.signed(trust.Head)
	first := b.commit(imageA, signer)
	b.wantPolled(imageA)
	b.wantPolled(imageA)
	second := b.commit(imageB)
	if d, err := b.poll(); err != nil || d.Stale == nil {
		t.Fatalf("stale is %+v, %v", d.Stale, err)
	}
	b.accept(second)
	b.wantPolled(imageB)
	b.forget()
	b.wantPolled(imageB)
	told := b.toldAccepted()
	if len(told) != 2 || told[0].Commit != second || told[1].Commit != first {
		t.Fatalf("told: %+v", told)
	}
	if told[0].AcceptedBy != "grace" || told[0].Signer != "" {
		t.Errorf("accepted by name: %+v", told[0])
	}
	if !strings.HasPrefix(told[1].Signer, "ada@example.com (ssh key SHA256:") || told[1].Author != "Ada Lovelace <ada@example.com>" {
		t.Errorf("signed: %+v", told[1])
	}
}

func TestOnlyTheAgentsOwnWordIsAStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sealed bool
		says   string
	}{"signed ledger": {true, ""}, "unsigned ledger": {false, "judges only what comes after an accepted commit"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBranch(t)
			if c.sealed {
				b.sealed()
			}
			signer := b.signed(trust.All)
			b.state.trust.Start = b.commit(imageA)
			b.commit(imageB, signer)
			b.wantPolled(imageB)
			b.forget()
			b.state.trust.Start = ""
			if !c.sealed {
				b.wantNothing(c.says)
				return
			}
			b.wantPolled(imageB)
			b.commit(imageA)
			if d, err := b.poll(); err != nil || d.Stale == nil || !strings.Contains(d.Stale.Reason, "is not signed") {
				t.Errorf("an unsigned commit is obeyed: %+v, %v", d, err)
			}
		})
	}
}

func TestAForgedNoteLoosensNothing(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(time.Hour)
	forgeries := map[string]func(b branch, head string){
		"unsigned": func(b branch, head string) { b.forge(nil, accepts(head, later)) },
		"wrong key": func(b branch, head string) {
			b.forge(writeKey(b.t, filepath.Join(b.t.TempDir(), "other")), accepts(head, later))
		},
		"with the proof of another commit": func(b branch, head string) {
			stolen := b.toldAccepted()[0]
			stolen.Commit = head
			b.forge(nil, stolen)
		},
		"with the proof of another time": func(b branch, head string) {
			stolen := b.toldAccepted()[0]
			stolen.Time = later
			b.forge(nil, stolen, accepts(head, later.Add(time.Second)))
		},
		"by an operator": func(b branch, head string) {
			e := accepts(head, later)
			e.AcceptedBy = "ada"
			b.forge(nil, e)
		},
	}
	for name, forge := range forgeries {
		for _, require := range []trust.Require{trust.Head, trust.All} {
			t.Run(name+", "+string(require), func(t *testing.T) {
				t.Parallel()
				b := newBranch(t)
				b.sealed()
				signer := b.signed(require)
				b.state.trust.Start = b.commit(imageA, signer)
				b.commit(imageA, signer)
				b.wantPolled(imageA)
				head := b.commit(imageB)
				b.forget()
				forge(b, head)
				d, err := b.poll()
				must(t, err)
				wantImage(t, d, imageA)
				if d.Stale == nil || !strings.Contains(d.Stale.Reason, "is not signed") {
					t.Errorf("stale is %+v", d.Stale)
				}
			})
		}
	}
}

func TestAForgedNoteMayHoldABranchBackAndNoMore(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	old := b.commit(imageA)
	b.commit(imageB)
	b.wantPolled(imageB)
	b.forget()
	b.forge(nil, accepts(old, time.Now().Add(-time.Hour))) // back-dated: the newer one counts
	b.wantPolled(imageB)
	b.forget()
	b.forge(nil, accepts(hashOf(5), time.Now().Add(time.Hour))) // of no branch
	b.wantNothing("is not in the repository any more")
}

// Somebody forges an entry, waits until the agent has fetched it, and removes
// the ledger. The agent puts all that it has back, under its own signature.
func TestAForgedNoteIsNotProvenByPuttingItBack(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.sealed()
	signer := b.signed(trust.All)
	b.state.trust.Start = b.commit(imageA, signer)
	b.commit(imageA, signer)
	b.wantPolled(imageA)
	head := b.commit(imageB)
	b.forge(nil, accepts(head, time.Now().Add(time.Hour)))
	if _, err := b.poll(); err != nil {
		t.Fatal(err)
	}
	must(t, os.Remove(filepath.Join(b.dir, ".git", "refs", "notes", "moult")))
	if _, err := b.poll(); err != nil {
		t.Fatal(err)
	}
	if told := b.toldAccepted(); told[0].Commit != head {
		t.Fatalf("the agent has put back %+v", told)
	}
	b.forget()
	d, err := b.poll()
	must(t, err)
	wantImage(t, d, imageA)
}

func TestNothingGoesBackBehindWhatWasInForce(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.Head)
	b.commit(imageA, signer)
	head := b.commit(imageB)
	if _, err := b.poll(); err != nil {
		t.Fatal(err)
	}
	b.accept(head)
	b.wantPolled(imageB)
	b.forget()
	b.wantNothing("no commit is in force")
	b.accept(head)
	b.wantPolled(imageB)
}

func TestNothingNewIsObeyedWhileTheLedgerCannotBeAsked(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	ref := filepath.Join(b.dir, ".git", "refs", "notes", "moult")
	must(t, os.MkdirAll(filepath.Dir(ref), 0o755))
	must(t, os.WriteFile(ref, []byte(hashOf(9)+"\n"), 0o644))
	d, err := b.poll()
	if err == nil || len(d.Groups) > 0 || !strings.Contains(err.Error(), "find what was accepted last, which the state directory does not tell") {
		t.Errorf("declared %+v, %v", d, err)
	}
	must(t, os.Remove(ref))
	b.wantPolled(imageA)
	must(t, os.WriteFile(ref, []byte(hashOf(9)+"\n"), 0o644))
	b.wantPolled(imageA) // it knows by itself what it has accepted
}

// An agent that was killed between the book and the ledger tells at its next
// start what it has accepted.
func TestWhatTheBookHasIsToldAfterAStart(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	head := b.commit(imageA)
	b.wantPolled(imageA)
	must(t, os.RemoveAll(ledgerDir(b.state)))
	must(t, os.Remove(filepath.Join(b.dir, ".git", "refs", "notes", "moult")))
	b.wantPolled(imageA)
	if told := b.toldAccepted(); len(told) != 1 || told[0].Commit != head {
		t.Errorf("told: %+v", told)
	}
}

func TestEachRepositoryHasALedgerOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	b.commit(imageA)
	b.wantPolled(imageA)
	other := newBranch(t)
	other.state.stateDir = b.state.stateDir
	head := other.commit(imageB)
	other.wantPolled(imageB)
	if told := other.toldAccepted(); len(told) != 1 || told[0].Commit != head {
		t.Errorf("the other repository is told %+v", told)
	}
}
