package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"golang.org/x/crypto/ssh"

	"moult/gitsource/fault"
)

// Verify goes through the whole history of every ref of the ledger, from the
// first commit on, and looks for breaches: an object that is not what its name
// says, an entry that was removed or altered from one commit to the next or
// stands in a note that it does not belong to, a signature that is bad, an entry
// that nobody who is trusted answers for. What people write in notes is theirs to
// change. A breach is no error; an error means that it could not be verified.
func (b *Book) Verify(ctx context.Context, trust Trust) (Verified, error) {
	from, err := b.repository.proof()
	if err != nil {
		return Verified{}, theirs(err)
	}
	defer from.close()
	v := verifying{ctx: ctx, from: from, trust: trust}
	var heads []plumbing.Hash
	for _, head := range b.refs {
		heads = append(heads, head)
	}
	plumbing.HashesSort(heads)
	if err := v.all(heads); err != nil && !errors.Is(err, errEnough) {
		return v.result, err
	}
	if len(heads) > 0 {
		v.result.Head = heads[0].String()
		if main, ok := b.refs[Ref]; ok {
			v.result.Head = main.String()
		}
	}
	return v.result, nil
}

// verifying is a verification on its way.
type verifying struct {
	ctx    context.Context
	from   *proof
	trust  Trust
	result Verified
}

// errEnough: breaches were found that leave nothing to look at.
var errEnough = errors.New("the ledger cannot be judged any further")

// all goes through everything.
func (v *verifying) all(heads []plumbing.Hash) error {
	chain, err := v.history(heads)
	if err := v.blame(err); err != nil {
		return err
	}
	for _, name := range v.trust.Known {
		if err := v.blame(known(chain, name)); err != nil {
			return err
		}
	}
	for _, c := range chain {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if err := v.blame(v.commit(c)); err != nil {
			return err
		}
	}
	return v.blame(v.count(heads))
}

// blame takes a breach into the result, and returns any other error.
func (v *verifying) blame(err error) error {
	var found *Breach
	if !errors.As(err, &found) {
		return err
	}
	found.Excused = !found.lost && !found.Absent && slices.Contains(v.trust.Excused, found.Ledger)
	v.result.Breaches = append(v.result.Breaches, *found)
	if found.lost || len(v.result.Breaches) == MostBreaches {
		return errEnough
	}
	return nil
}

// history is every commit behind some heads, parents first.
func (v *verifying) history(heads []plumbing.Hash) ([]*object.Commit, error) {
	var chain []*object.Commit
	entered, left := map[plumbing.Hash]bool{}, map[plumbing.Hash]bool{}
	todo := slices.Clone(heads)
	for len(todo) > 0 {
		h := todo[len(todo)-1]
		if left[h] {
			todo = todo[:len(todo)-1]
			continue
		}
		c, err := v.from.commit(h)
		if err != nil {
			return nil, v.lost(h, err)
		}
		v.result.Partial = v.result.Partial || v.from.isShallow(h)
		if !entered[h] {
			entered[h] = true
			todo = append(todo, v.from.parents(c)...)
			continue
		}
		left[h] = true
		todo = todo[:len(todo)-1]
		chain = append(chain, c)
	}
	return chain, nil
}

// lost makes a breach of an object that is missing or is not what its name
// says.
func (v *verifying) lost(h plumbing.Hash, err error) error {
	if errors.Is(err, errLost) {
		return &Breach{Ledger: h.String(), What: err.Error(), lost: true}
	}
	return err
}

// known looks for a commit that must be there.
func known(chain []*object.Commit, name string) error {
	if slices.ContainsFunc(chain, func(c *object.Commit) bool { return c.Hash.String() == name }) {
		return nil
	}
	return &Breach{Ledger: name, Absent: true, What: "is not in this ledger: it was replaced, or the hash is wrong"}
}

// commit verifies one commit against each of its parents.
func (v *verifying) commit(c *object.Commit) error {
	v.result.Commits++
	parents := v.from.parents(c)
	fresh, err := v.changes(c, parents)
	if err != nil {
		return v.lost(c.Hash, err)
	}
	return v.signature(c, fresh)
}

// changes compares the notes of a commit with those of its parents, and
// returns the lines that none of them has. Of a commit whose parents are not
// there nobody knows.
func (v *verifying) changes(c *object.Commit, parents []plumbing.Hash) (map[string]line, error) {
	if len(parents) == 0 {
		fresh, err := v.against(c, plumbing.ZeroHash)
		if v.from.isShallow(c.Hash) {
			fresh = nil
		}
		return fresh, err
	}
	var fresh map[string]line
	for i, p := range parents {
		tree, err := v.from.treeOf(p)
		if err != nil {
			return nil, err
		}
		here, err := v.against(c, tree)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			fresh = here
		}
		maps.DeleteFunc(fresh, func(text string, _ line) bool { return here[text].text == "" })
	}
	return fresh, nil
}

// against compares a commit with one tree before it, and returns the lines
// that are new.
func (v *verifying) against(c *object.Commit, before plumbing.Hash) (map[string]line, error) {
	d, err := compare(v.ctx, v.from, before, c.TreeHash)
	if err != nil {
		return nil, err
	}
	fresh := map[string]line{}
	for _, commit := range d.commits() {
		old, err := v.from.note(before, commit)
		if err != nil {
			return nil, err
		}
		now, err := v.from.note(c.TreeHash, commit)
		if err != nil {
			return nil, err
		}
		if err := judge(c, commit, old, now); err != nil {
			return nil, err
		}
		for _, l := range now.lacks(old) {
			fresh[l.text] = l
		}
	}
	return fresh, nil
}

// judge compares one note before and after.
func judge(c *object.Commit, commit plumbing.Hash, old, now note) error {
	if gone := old.lacks(now); len(gone) > 0 {
		what := "it removes " + gone[0].sentence()
		if now.altered() > old.altered() {
			what = "it removes or alters " + gone[0].sentence()
		}
		return breach(c, commit, &gone[0].Entry, what)
	}
	if now.altered() > old.altered() {
		return breach(c, commit, nil, "it brings in an entry that is not what was written")
	}
	for _, fresh := range now.lacks(old) {
		if fresh.Commit != commit.String() {
			return breach(c, commit, &fresh.Entry, "it brings in an entry of another commit: "+fresh.sentence())
		}
	}
	return nil
}

func breach(c *object.Commit, commit plumbing.Hash, e *Entry, what string) *Breach {
	found := unsound(c, what)
	found.Commit, found.Entry = commit.String(), e
	return found
}

var errUntrusted = errors.New("it is signed with a key that is not trusted")

// signature checks who made a commit, and so who answers for the lines that it
// adds.
func (v *verifying) signature(c *object.Commit, fresh map[string]line) error {
	text, err := signedText(c)
	if err != nil {
		return err
	}
	key, err := checkSignature(c.PGPSignature, text)
	asked := len(v.trust.Keys) > 0
	switch {
	case err == nil && (!asked || v.trusts(key)):
		v.result.Signed++
		return nil
	case err == nil:
		err = fmt.Errorf("%w (%s)", errUntrusted, ssh.FingerprintSHA256(key))
	case errors.Is(err, errUnsigned):
		v.result.Unsigned++
	}
	switch {
	case asked && len(fresh) == 0, !asked && errors.Is(err, errUnsigned):
		return nil
	case asked && (errors.Is(err, errUnsigned) || errors.Is(err, errUntrusted)):
		return v.proofs(c, fresh, err)
	}
	return unsound(c, err.Error())
}

// proofs checks that each line that a commit adds carries a proof by a trusted
// key; why says what is wrong with the commit's own signature.
func (v *verifying) proofs(c *object.Commit, fresh map[string]line, why error) error {
	var bare []line
	for _, l := range fresh {
		if key, err := l.prover(); err != nil || !v.trusts(key) {
			bare = append(bare, l)
		}
	}
	v.result.Proven += len(fresh) - len(bare)
	if len(bare) == 0 {
		return nil
	}
	first := inOrder(bare)[0]
	what := "an entry that it adds: "
	if len(bare) > 1 {
		what = fmt.Sprintf("%d entries that it adds, the first: ", len(bare))
	}
	found := unsound(c, why.Error()+", and no trusted key answers for "+what+first.sentence())
	found.Commit, found.Entry = first.Commit, &first.Entry
	return found
}

func unsound(c *object.Commit, what string) *Breach {
	return &Breach{Ledger: c.Hash.String(), Author: fault.Plain(c.Author.String(), 200), Time: c.Committer.When.UTC(), What: what}
}

func (v *verifying) trusts(key ssh.PublicKey) bool {
	return slices.ContainsFunc(v.trust.Keys, func(k ssh.PublicKey) bool {
		return string(k.Marshal()) == string(key.Marshal())
	})
}

// count counts what stands there in the end.
func (v *verifying) count(heads []plumbing.Hash) error {
	entries := map[string]bool{}
	noted := map[plumbing.Hash]bool{}
	for _, head := range heads {
		tree, err := v.from.treeOf(head)
		if err != nil {
			return err
		}
		all, err := notes(v.ctx, v.from, tree)
		if err != nil {
			return err
		}
		for commit := range all {
			noted[commit] = true
		}
		found, err := entriesOf(v.from.repository, head, every)
		if err != nil {
			return err
		}
		for _, e := range found {
			entries[e.Commit+e.ID] = true
		}
	}
	v.result.Notes, v.result.Entries = len(noted), len(entries)
	return nil
}
