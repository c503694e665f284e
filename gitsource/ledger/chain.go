package ledger

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"golang.org/x/crypto/ssh"

	"moult/gitsource/fault"
)

// Agent is who writes: it stands in the entries and as the author of the
// commits of the ledger.
type Agent struct {
	Name    string // "moult on bastion-1"; empty means "moult"
	Email   string // empty means "moult@localhost"
	Version string
}

func (a Agent) signature(now time.Time) object.Signature {
	return object.Signature{
		Name:  cmp.Or(fault.Plain(a.Name, 100), "moult"),
		Email: cmp.Or(fault.Plain(a.Email, 100), "moult@localhost"),
		When:  now.UTC().Truncate(time.Second),
	}
}

// link is one commit of the ledger to be made.
type link struct {
	tree    plumbing.Hash
	parents []plumbing.Hash
	message string
	by      Agent
	key     ssh.Signer // nil: not signed
	now     time.Time
}

// addLink adds the commit to a draft.
func (d *draft) addLink(l link) (plumbing.Hash, error) {
	who := l.by.signature(l.now)
	c := object.Commit{Author: who, Committer: who, Message: l.message, TreeHash: l.tree, ParentHashes: l.parents}
	if l.key != nil {
		text, err := signedText(&c)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		if c.PGPSignature, err = sign(l.key, text); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	content, err := encoded(c.Encode)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return d.add(plumbing.CommitObject, content), nil
}

// signedText is what the signature of a commit is made over: the commit
// without it, byte for byte as it was read.
func signedText(c *object.Commit) ([]byte, error) { return encoded(c.EncodeWithoutSignature) }

func encoded(encode func(plumbing.EncodedObject) error) ([]byte, error) {
	var o plumbing.MemoryObject
	if err := encode(&o); err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	r, err := o.Reader()
	if err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	return io.ReadAll(r)
}

// message is that of a commit that adds entries.
func message(entries []line) string {
	if len(entries) == 1 {
		return entries[0].title() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d outcomes\n\n", len(entries))
	for _, e := range entries {
		b.WriteString(e.title() + "\n")
	}
	return b.String()
}

// title is the entry in the fewest words.
func (e Entry) title() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.subject(), e.Outcome, e.To))
}

// parents are the parents of a commit that are there to be read.
func (r *repository) parents(c *object.Commit) []plumbing.Hash {
	if r.isShallow(c.Hash) {
		return nil
	}
	return c.ParentHashes
}

func (r *repository) isShallow(h plumbing.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shallow[h]
}

// clockSlack is how far apart the clocks of those who write may be. Where they
// are further apart, more is read, sent or merged than need be, and no more.
const clockSlack = time.Hour

// between lists the commits that tip has behind it and base does not, newest
// first. It takes commits by their time, and is done once all that are left
// are behind base and older than what it found.
func (r *repository) between(base, tip plumbing.Hash) ([]*object.Commit, error) {
	w := walk{from: r, behindBase: map[plumbing.Hash]bool{}, seen: map[plumbing.Hash]bool{}}
	if err := errors.Join(w.push(base, true), w.push(tip, false)); err != nil {
		return nil, err
	}
	var found []*object.Commit
	for w.open > 0 || len(found) > 0 && w.mayReach(found[len(found)-1]) {
		c := heap.Pop(&w.queue).(*object.Commit)
		old := w.behindBase[c.Hash]
		if !old {
			w.open--
			found = append(found, c)
		}
		for _, p := range r.parents(c) {
			if err := w.push(p, old); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(found, func(c *object.Commit) bool { return w.behindBase[c.Hash] }), nil
}

// descends reports whether tip has base behind it.
func (r *repository) descends(tip, base plumbing.Hash) (bool, error) {
	if base.IsZero() || tip == base {
		return true, nil
	}
	if tip.IsZero() || !r.has(base) {
		return false, nil
	}
	missing, err := r.between(tip, base)
	return err == nil && len(missing) == 0, err
}

// walk goes through commits from two sides at once.
type walk struct {
	from       *repository
	queue      byTime
	seen       map[plumbing.Hash]bool
	behindBase map[plumbing.Hash]bool
	open       int // commits in the queue that are not known to be behind base
}

// mayReach reports whether what is left in the queue is young enough to have
// the commit behind it.
func (w *walk) mayReach(c *object.Commit) bool {
	return len(w.queue) > 0 && w.queue[0].Committer.When.After(c.Committer.When.Add(-clockSlack))
}

func (w *walk) push(h plumbing.Hash, behindBase bool) error {
	if h.IsZero() {
		return nil
	}
	if w.seen[h] {
		return w.repaint(h, behindBase)
	}
	c, err := w.from.commit(h)
	if err != nil {
		return err
	}
	w.seen[h] = true
	w.behindBase[h] = behindBase
	if !behindBase {
		w.open++
	}
	heap.Push(&w.queue, c)
	return nil
}

// repaint learns that a commit met before is behind base after all.
func (w *walk) repaint(h plumbing.Hash, behindBase bool) error {
	if !behindBase || w.behindBase[h] {
		return nil
	}
	w.behindBase[h] = true
	for _, c := range w.queue {
		if c.Hash == h {
			w.open--
			return nil
		}
	}
	// It was taken from the queue too early, because clocks differ: whatever
	// is behind it has to be learnt again.
	c, err := w.from.commit(h)
	if err != nil {
		return err
	}
	for _, p := range w.from.parents(c) {
		if err := w.push(p, true); err != nil {
			return err
		}
	}
	return nil
}

// byTime is a queue of commits, the newest first.
type byTime []*object.Commit

func (q byTime) Len() int           { return len(q) }
func (q byTime) Less(i, j int) bool { return q[i].Committer.When.After(q[j].Committer.When) }
func (q byTime) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byTime) Push(c any)        { *q = append(*q, c.(*object.Commit)) }

func (q *byTime) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
