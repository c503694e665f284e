package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/ledger"
	"moult/gitsource/trust"
)

// rawCommit is a commit object with some parents.
func rawCommit(parents int, author, committer string) []byte {
	text := "tree " + hashOf(1) + "\n"
	for n := range parents {
		text += "parent " + hashOf(2+n) + "\n"
	}
	return fmt.Appendf(nil, "%sauthor %s 1772546400 +0000\ncommitter %s 1772546400 +0000\n\nMove web\n", text, author, committer)
}

func TestWhoBroughtACommitOntoTheBranch(t *testing.T) {
	t.Parallel()
	const ada, grace = "Ada <ada@example.com>", "Grace <grace@example.com>"
	for name, c := range map[string]struct {
		raw  []byte
		want ledger.Who
	}{
		"pushed by its author":              {rawCommit(1, ada, ada), ledger.Who{Author: ada}},
		"committed by another":              {rawCommit(1, ada, grace), ledger.Who{Author: ada, MergedBy: grace}},
		"a merge":                           {rawCommit(2, grace, grace), ledger.Who{Author: grace, MergedBy: grace}},
		"a merge that the forge committed":  {rawCommit(2, grace, "GitHub <noreply@github.com>"), ledger.Who{Author: grace, MergedBy: grace}},
		"a squash that the forge committed": {rawCommit(1, ada, "GitHub <noreply@github.com>"), ledger.Who{Author: ada}},
		"no commit":                         {[]byte("nonsense"), ledger.Who{}},
		"a name that would move the cursor": {rawCommit(0, "A\x1b[2Jda <a@b>", "A <a@b>"), ledger.Who{Author: "A [2Jda <a@b>"}},
	} {
		if diff := cmp.Diff(c.want, writers(c.raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// countedObjects counts how often commits are asked for.
type countedObjects struct {
	asked int
	fails bool
	raw   []byte
}

func (o *countedObjects) Object(string) ([]byte, error) {
	o.asked++
	if o.fails {
		return nil, errors.New("mirror is being made again")
	}
	return o.raw, nil
}

func TestACommitIsLookedAtOnceItCanBeRead(t *testing.T) {
	t.Parallel()
	objects := &countedObjects{fails: true, raw: rawCommit(1, "Ada <ada@example.com>", "Ada <ada@example.com>")}
	h := &hands{Objects: objects}
	for range 3 {
		if who := h.who(hashOf(1)); who != (ledger.Who{}) {
			t.Errorf("who is %+v", who)
		}
	}
	objects.fails, objects.asked = false, 0
	for range 3 {
		if who := h.who(hashOf(1)); who.Author != "Ada <ada@example.com>" || who.Signer != "" {
			t.Errorf("who is %+v", who)
		}
	}
	if objects.asked != 1 {
		t.Errorf("it was read %d times", objects.asked)
	}
}

func TestOnlyKeysThatAreKnownNameASigner(t *testing.T) {
	t.Parallel()
	b := newBranch(t)
	signer := b.signed(trust.None)
	signed := b.commit(imageA, signer)
	unsigned := b.commit(imageB)
	b.wantPolled(imageB)
	repository := newRepository(b.state, nil)
	defer repository.Close()
	known := (&hands{Objects: repository, Trust: b.state.trust}).who
	if who := known(signed); who.Signer == "" || who.Author != "Ada Lovelace <ada@example.com>" {
		t.Errorf("signed: %+v", who)
	}
	if who := known(unsigned); who.Signer != "" {
		t.Errorf("not signed: %+v", who)
	}
	if who := (&hands{Objects: repository}).who(signed); who.Signer != "" {
		t.Errorf("signed with a key that nobody knows: %+v", who)
	}
}
