package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestAProofIsOfTheWholeLine(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, e := range map[string]Entry{"rollout": started(1), "accepted": acceptedCommit(1)} {
		l := value[line](t)(e.written().provenBy(key))
		read := value[line](t)(parseLine(l.text))
		if got, err := read.prover(); err != nil || string(got.Marshal()) != string(key.PublicKey().Marshal()) {
			t.Fatalf("%s: what was proven is not: %v", name, err)
		}
		bare := strings.Index(l.text, proofMember)
		for what, bend := range map[string]func() string{
			"time":             func() string { return strings.Replace(l.text, "2026-03-03", "2026-03-04", 2) },
			"author":           func() string { return strings.ReplaceAll(l.text, "Ada", "Eve") },
			"another member":   func() string { return l.text[:bare] + `,"reason":"none"` + l.text[bare:] },
			"a member behind":  func() string { return strings.Replace(l.text, idMember, `,"reason":"none"`+idMember, 1) },
			"another id":       func() string { return strings.Replace(l.text, idMember, `,"id":"x"`+idMember, 1) },
			"no proof":         func() string { return l.text[:bare] + l.text[strings.Index(l.text, idMember):] },
			"another spelling": func() string { return strings.Replace(l.text, `"`+idMember, `\n"`+idMember, 1) },
		} {
			bent, err := parseLine(identified(bend()))
			if err != nil {
				t.Errorf("%s with %s: %v", name, what, err)
			}
			if _, err := bent.prover(); err == nil {
				t.Errorf("%s with %s is proven", name, what)
			}
		}
	}
}

// identified gives a line that was bent the id that it must have.
func identified(text string) string {
	said := text[:strings.LastIndex(text, idMember)]
	return said + idMember + idOf(said) + `"}`
}

func TestASignatureOfACommitIsNoProof(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	l := started(1).written()
	said := l.text[:strings.LastIndex(l.text, idMember)]
	l.Proof = proofText.EncodeToString(value[[]byte](t)(signIn(sigNamespace, key, []byte(said))))
	l.text = identified(said + proofMember + l.Proof + `"` + idMember + `"}`)
	if _, err := value[line](t)(parseLine(l.text)).prover(); err == nil {
		t.Error("it is proven")
	}
}

func TestAProofIsTheAgentsOwn(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	lent := started(1)
	lent.Proof = "U1NIU0lH"
	must(t, l.Append(background, noon, lent))
	l.Key = newKey(t)
	lent.Group = "api"
	must(t, l.Append(background, noon, lent))
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	for _, e := range allOf(t, book) {
		if proven := e.Group == "api"; proven != (e.Proof != "") || e.Proof == lent.Proof {
			t.Errorf("%s carries the proof %q", e.Group, e.Proof)
		}
	}
}

// trial is a ledger that two agents write, each with a key, and whoever else
// may write notes.
type trial struct {
	fleet
	url  string
	keys [2]ssh.Signer
}

func newTrial(t *testing.T) trial {
	f := newFleet(t, 3)
	return trial{fleet: f, url: overHTTP(t, f, nil), keys: [2]ssh.Signer{newKey(t), newKey(t)}}
}

// agent is one of the two, with a store of its own.
func (c trial) agent(t *testing.T, n int) *Ledger {
	l := newLedger(t, []string{"one", "two"}[n], c.url)
	l.Key = c.keys[n]
	return l
}

// tell writes and pushes.
func (c trial) tell(t *testing.T, l *Ledger, entries ...Entry) {
	t.Helper()
	must(t, l.Append(background, noon, entries...))
	push(t, l)
}

// forge puts a note of somebody's own making beside a commit, and pushes it.
func (c trial) forge(t *testing.T, commit string, content []byte) {
	t.Helper()
	person := c.cloneWithNotes(t)
	must(t, os.WriteFile(filepath.Join(person, "note"), content, 0o600))
	git(t, person, "notes", "--ref=moult", "add", "-f", "-F", "note", commit)
	git(t, person, "push", "-q", "origin", Ref)
}

// takeBack removes the newest commit of the shared ledger as if it had never been.
func (c trial) takeBack(t *testing.T) {
	t.Helper()
	git(t, c.bare, "update-ref", Ref, Ref+"~1")
	c.clearOut(t)
}

func (c trial) clearOut(t *testing.T) {
	t.Helper()
	git(t, c.bare, "-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now")
}

// verify verifies the shared ledger as an auditor does who trusts both agents.
func (c trial) verify(t *testing.T) Verified {
	t.Helper()
	book := value[*Book](t)(Open(c.bare))
	defer book.Close()
	v := value[Verified](t)(book.Verify(background, Trust{Keys: []ssh.PublicKey{c.keys[0].PublicKey(), c.keys[1].PublicKey()}}))
	git(t, c.bare, "fsck", "--strict")
	return v
}

// forged is an entry of nobody's, beside the second commit.
func (c trial) forged() Entry {
	e := became(c.started(1), Succeeded)
	e.Author, e.Agent = "Mallory <m@example.com>", "one"
	return e
}

// What somebody forged and took back stands in a store that began with it, and
// nobody can tell any more where it came from.
func TestAForgeryThatIsPutBackIsNobodysWord(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, trial){
		"taken back": func(t *testing.T, c trial) { c.takeBack(t) },
		"with all the rest": func(t *testing.T, c trial) {
			git(t, c.bare, "update-ref", "-d", Ref)
			c.clearOut(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTrial(t)
			c.tell(t, c.agent(t, 0), c.started(0), became(c.started(0), Succeeded))
			c.forge(t, c.commits[1], Note(c.forged()))
			young := c.agent(t, 0) // a new machine, or a store that was compacted
			fetch(t, young)
			lose(t, c)
			c.tell(t, young, c.started(2))
			if got := told(t, c.bare); len(got) != 4 {
				t.Errorf("the ledger tells %q", got)
			}
			v := c.verify(t)
			found := oldest(t, v)
			if found.Entry == nil || found.Commit != c.commits[1] || found.Entry.Author != c.forged().Author {
				t.Fatalf("verify says %+v", v)
			}
			if want := "no trusted key answers for an entry that it adds: 2026-03-03T12:01:30Z production/web succeeded"; !strings.Contains(found.Error(), want) {
				t.Errorf("it says %s", found.Error())
			}
		})
	}
}

func TestWhatHonestAgentsPutBackIsSound(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, trial){
		"rewound": func(t *testing.T, c trial) { c.takeBack(t) },
		"deleted": func(t *testing.T, c trial) {
			git(t, c.bare, "update-ref", "-d", Ref)
			c.clearOut(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTrial(t)
			c.tell(t, c.agent(t, 0), c.started(0), acceptedOf(c.commits[0]))
			c.tell(t, c.agent(t, 1), c.started(1))
			young := c.agent(t, 0)
			fetch(t, young)
			lose(t, c)
			c.tell(t, young, c.started(2))
			other := c.agent(t, 1)
			must(t, other.Append(background, noon, became(c.started(1), Failed)))
			push(t, other)
			if v := c.verify(t); len(v.Breaches) > 0 || v.Entries != 5 || v.Proven == 0 {
				t.Errorf("verify says %+v", v)
			}
		})
	}
}

func acceptedOf(commit string) Entry {
	e := acceptedCommit(1)
	e.Commit = commit
	return e
}

// An agent that puts back its own words only signs for them.
func TestAnAgentSignsForItsOwnWords(t *testing.T) {
	t.Parallel()
	c := newTrial(t)
	c.tell(t, c.agent(t, 0), c.started(0))
	c.tell(t, c.agent(t, 0), c.started(1))
	young := c.agent(t, 0)
	fetch(t, young)
	c.takeBack(t)
	c.tell(t, young, c.started(2))
	if v := c.verify(t); len(v.Breaches) > 0 || v.Unsigned != 0 || v.Entries != 3 {
		t.Errorf("verify says %+v", v)
	}
}

func TestWhatIsFoldedIsSealedOnlyByWhoeverSaidIt(t *testing.T) {
	t.Parallel()
	for name, others := range map[string]bool{"its own": false, "another's too": true} {
		l := newLedger(t, "one", "")
		l.Key = newKey(t)
		must(t, l.Append(background, noon, started(0), started(1)))
		if others {
			own := l.Key
			l.Key = newKey(t)
			must(t, l.Append(background, noon, started(2)))
			l.Key = own
		}
		must(t, l.change(background, func(store *repository) error {
			head, err := store.ref(Ref)
			if err != nil {
				return err
			}
			tree, err := store.treeOf(head)
			if err != nil {
				return err
			}
			key, err := l.sealBetween(background, store, [20]byte{}, tree)
			if (key == nil) != others {
				t.Errorf("%s: it is sealed: %v", name, key != nil)
			}
			return err
		}))
	}
}

// What stood in the note of another commit is not filed by a store that is made
// again, and what nobody answers for is not signed by it.
func TestAStoreThatIsMadeAgainAnswersForNothingForged(t *testing.T) {
	t.Parallel()
	c := newTrial(t)
	one := c.agent(t, 0)
	c.tell(t, one, c.started(0))
	c.tell(t, c.agent(t, 1), c.started(1))
	misplaced := c.forged()
	misplaced.Group = "misplaced"
	c.forge(t, c.commits[2], Note(misplaced))
	c.forge(t, c.commits[1], append([]byte(git(t, c.bare, "notes", "--ref=moult", "show", c.commits[1])+"\n"), Note(c.forged())...))
	fetch(t, one)
	git(t, c.bare, "update-ref", Ref, Ref+"~2")
	c.clearOut(t)
	must(t, one.change(background, func(*repository) error { return one.rebuild(errLost) }))
	c.tell(t, one, c.started(2))
	got := strings.Join(told(t, c.bare), "\n")
	if strings.Contains(got, "misplaced") || strings.Count(got, "succeeded") != 1 || strings.Count(got, "started") != 3 {
		t.Errorf("the ledger tells %s", got)
	}
	if found := oldest(t, c.verify(t)); found.Entry == nil || found.Entry.Author != c.forged().Author {
		t.Errorf("verify says %+v", found)
	}
}

func TestANoteWhoseNameIsLostIsSavedIfItIsOfOneCommit(t *testing.T) {
	t.Parallel()
	one, two := started(1).written(), started(2).written()
	if got := linesFiled(note{lines: []line{one}}, nil); len(got) != 1 {
		t.Errorf("of one commit %d lines are saved", len(got))
	}
	if got := linesFiled(note{lines: []line{one, two}}, nil); len(got) != 0 {
		t.Errorf("of two commits %d lines are saved", len(got))
	}
}
