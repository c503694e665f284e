package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/crypto/ssh"
)

// An agent with a key answers for its entries one by one: each carries a
// signature over its whole line. The signature of a commit says who made the
// commit, and that is not enough. An agent whose store began with the newest
// commit of a ledger has lines whose origin it cannot know, and has to put them
// back when somebody takes them out. So it signs a commit only if each line
// that the commit adds carries its own proof. What others wrote goes into a
// commit without a signature, and stands or falls with its own proofs.

// proofNamespace keeps a proof from being taken for a signed commit.
const proofNamespace = "moult-entry"

// proofMember begins the last member but the id. A proof is made over all that
// stands before.
const proofMember = `,"proof":"`

var proofText = base64.StdEncoding.Strict()

// provenBy is the line with a proof.
func (l line) provenBy(key ssh.Signer) (line, error) {
	if l.Proof != "" {
		return l, nil
	}
	said := l.text[:strings.LastIndex(l.text, idMember)]
	signature, err := signIn(proofNamespace, key, []byte(said))
	if err != nil {
		return line{}, fmt.Errorf("prove an entry of commit %s: %w", l.Commit, err)
	}
	l.Proof = proofText.EncodeToString(signature)
	text := said + proofMember + l.Proof + `"`
	l.ID = idOf(text)
	l.text = text + idMember + l.ID + `"}`
	return l, nil
}

var errUnproven = errors.New("it carries no proof")

// prover is whose key says what the line says.
func (l line) prover() (ssh.PublicKey, error) {
	said, rest, ok := cutLast(l.text, proofMember)
	if !ok || rest != l.Proof+`"`+idMember+l.ID+`"}` {
		return nil, errUnproven
	}
	signature, err := proofText.DecodeString(l.Proof)
	if err != nil {
		return nil, errUnproven
	}
	return checkIn(proofNamespace, signature, []byte(said))
}

func cutLast(text, mark string) (before, after string, found bool) {
	if at := strings.LastIndex(text, mark); at >= 0 {
		return text[:at], text[at+len(mark):], true
	}
	return text, "", false
}

// prove is the line as the agent writes it itself.
func (l *Ledger) prove(own line) (line, error) {
	if l.Key == nil {
		return own, nil
	}
	return own.provenBy(l.Key)
}

// proven reports whether the ledger's own key says what a line says.
func (l *Ledger) proven(said line) bool {
	if l.Key == nil {
		return false
	}
	key, err := said.prover()
	return err == nil && string(key.Marshal()) == string(l.Key.PublicKey().Marshal())
}

// seal is the key for a commit that adds some lines; nil when one of them is
// not the agent's own word.
func (l *Ledger) seal(lines []line) ssh.Signer {
	for _, added := range lines {
		if !l.proven(added) {
			return nil
		}
	}
	return l.Key
}

// sealBetween is seal for a commit that puts a whole tree behind another commit,
// or behind none.
func (l *Ledger) sealBetween(ctx context.Context, store *repository, parent, tree plumbing.Hash) (ssh.Signer, error) {
	if l.Key == nil {
		return nil, nil
	}
	before, err := store.treeOf(parent)
	if err != nil {
		return nil, err
	}
	added, err := broughtIn(ctx, store, before, tree)
	if err != nil {
		return nil, err
	}
	return l.seal(added), nil
}

// broughtIn are the lines that one tree of notes has and another has not.
func broughtIn(ctx context.Context, store *repository, before, tree plumbing.Hash) ([]line, error) {
	d, err := compare(ctx, store, before, tree)
	if err != nil {
		return nil, err
	}
	var added []line
	for _, commit := range d.commits() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		old, _, err := store.note(before, commit)
		if err != nil {
			return nil, err
		}
		now, _, err := store.note(tree, commit)
		if err != nil {
			return nil, err
		}
		added = append(added, now.lacks(old)...)
	}
	return added, nil
}
