package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/crypto/ssh"

	"moult/gitsource/fault"
	"moult/reconcile"
)

// Ledger writes the record of outcomes. Make it as a struct literal; Dir is
// needed, the zero value of the rest is sensible. Nothing happens before the
// first method is called. All methods may be called at once from several
// goroutines, and several processes may share a Dir.
type Ledger struct {
	// Dir is where the store lies. It is created if need be.
	Dir string
	// Remote is the repository that shares the ledger; without a URL it stays
	// on this machine.
	Remote Remote
	// Agent is who writes.
	Agent Agent
	// Key signs each entry that is written, and each commit of the ledger whose
	// entries all carry that signature; nil means that nothing is signed.
	Key ssh.Signer
	// Log is where rare events are told; nil means slog.Default().
	Log *slog.Logger

	turn sync.Mutex // held through a Fetch or Push: one at a time
	peer peer       // of the last one; guarded by turn
	held declined   // what the remote has and is too large; guarded by turn
	mu   sync.Mutex // guards the rest; never held while waiting for a server

	store   *repository
	told    map[event]bool            // what stands in the store, as far as it was read
	started map[rollout]Entry         // rollouts without an end, as far as that counts; nil: not read yet
	moves   map[reconcile.ID]lastMove // the newest of each group; nil: not read yet
}

// Append writes entries down, in one commit of the ledger, and returns when
// they would survive a crash. What a note tells already, it is not told
// again. An entry without a time gets now, one without an agent this one.
//
// ErrInvalid: an entry names no commit, group or outcome; nothing is written.
// ErrBusy: another process had the store until ctx ended.
func (l *Ledger) Append(ctx context.Context, now time.Time, entries ...Entry) error {
	lines, err := l.lines(now, entries)
	if err != nil || len(lines) == 0 {
		return err
	}
	return l.change(ctx, func(store *repository) error { return l.add(store, lines, l.prove, now) })
}

func (l *Ledger) lines(now time.Time, entries []Entry) ([]line, error) {
	lines := make([]line, len(entries))
	for i, e := range entries {
		if e.Time.IsZero() {
			e.Time = now
		}
		if e.Agent == "" {
			e.Agent, e.AgentVersion = l.Agent.signature(now).Name, l.Agent.Version
		}
		if !plumbing.IsHash(e.Commit) || !e.complete() {
			return nil, fault.New(ErrInvalid, "", "write down %s %q of commit %q", e.GroupID(), e.Outcome, e.Commit)
		}
		e.Proof = ""
		lines[i] = e.written()
		lines[i].own = true
		if e.Outcome != Accepted {
			continue // proven once it is known to be news: that takes time
		}
		var err error
		if lines[i], err = l.prove(lines[i]); err != nil {
			return nil, err
		}
	}
	return inOrder(lines), nil
}

// add puts lines into the store: notes, trees and a commit first, and the ref
// that names them last. What is news goes through finish before.
func (l *Ledger) add(store *repository, lines []line, finish func(line) (line, error), now time.Time) error {
	lines = l.untold(lines)
	if len(lines) == 0 {
		return nil
	}
	head, err := store.ref(Ref)
	if err != nil {
		return err
	}
	tree, err := store.treeOf(head)
	if err != nil {
		return err
	}
	var d draft
	files, fresh, err := addLines(store, &d, tree, lines, rules{finish, l.counts})
	if err != nil {
		return fmt.Errorf("write entries: %w", err)
	}
	if len(fresh) > 0 {
		next := link{message: message(fresh), by: l.Agent, key: l.seal(fresh), now: now, parents: parentsOf(head)}
		if next.tree, err = put(store, &d, tree, files); err != nil {
			return fmt.Errorf("write entries: %w", err)
		}
		if err := advance(store, &d, next); err != nil {
			return fmt.Errorf("write entries: %w", err)
		}
	}
	l.note(lines)
	return nil
}

func parentsOf(head plumbing.Hash) []plumbing.Hash {
	if head.IsZero() {
		return nil
	}
	return []plumbing.Hash{head}
}

// advance makes a commit and moves the store's ref to it.
func advance(store *repository, d *draft, next link) error {
	h, err := d.addLink(next)
	if err != nil {
		return err
	}
	if err := store.write(d); err != nil {
		return err
	}
	return moveOwn(store, Ref, h)
}

// rules are how lines are written down.
type rules struct {
	finish func(line) (line, error)        // what becomes of one that is news
	counts func(told line, news line) bool // whether what stands there can make another no news
}

// counts: with a key, only what that key says can make it needless that the agent
// says the same. Whoever may write notes could silence it otherwise, with a line
// that says what it is about to say.
func (l *Ledger) counts(told, news line) bool {
	return !news.own || l.word(told)
}

// addLines drafts the notes of the commits that lines belong to. It returns
// the files of the tree that change, and the lines that are new.
func addLines(store *repository, d *draft, tree plumbing.Hash, lines []line, by rules) (map[string]plumbing.Hash, []line, error) {
	files := map[string]plumbing.Hash{}
	var fresh []line
	for commit, wanted := range byCommit(lines) {
		n, places, err := store.note(tree, commit)
		if err != nil {
			return nil, nil, err
		}
		added := n.untold(wanted, by.counts)
		if len(added) == 0 {
			continue
		}
		for i := range added {
			if added[i], err = by.finish(added[i]); err != nil {
				return nil, nil, err
			}
		}
		for _, place := range places { // where another version of git put it
			files[place.name] = plumbing.ZeroHash
		}
		files[home(commit)] = d.add(plumbing.BlobObject, n.with(added...).fitting().content())
		fresh = append(fresh, added...)
	}
	return files, inOrder(fresh), nil
}

func byCommit(lines []line) map[plumbing.Hash][]line {
	sorted := map[plumbing.Hash][]line{}
	for _, l := range lines {
		commit := plumbing.NewHash(l.Commit)
		sorted[commit] = append(sorted[commit], l)
	}
	return sorted
}

// untold are the lines whose event the note does not tell yet, by a line that
// counts.
func (n note) untold(lines []line, counts func(told, news line) bool) []line {
	told := map[event][]line{}
	for _, l := range n.lines {
		told[l.event()] = append(told[l.event()], l)
		if found, ok := l.implies(); ok {
			told[found] = append(told[found], l)
		}
	}
	seen := map[event]bool{}
	var fresh []line
	for _, l := range lines {
		tells := func(there line) bool { return counts(there, l) }
		if e := l.event(); !seen[e] && !slices.ContainsFunc(told[e], tells) {
			seen[e] = true
			fresh = append(fresh, l)
		}
	}
	return fresh
}

// untold leaves out what is remembered to stand in the store, so that telling
// the same at each pass costs nothing.
func (l *Ledger) untold(lines []line) []line {
	var fresh []line
	for _, line := range lines {
		if !l.told[line.event()] {
			fresh = append(fresh, line)
		}
	}
	return fresh
}

// mostTold bounds what is remembered; what is forgotten is looked up.
const mostTold = 10_000

// note remembers what was written down.
func (l *Ledger) note(lines []line) {
	if l.told == nil || len(l.told) > mostTold {
		l.told = map[event]bool{}
	}
	for _, line := range lines {
		l.told[line.event()] = true
	}
	l.follow(lines)
}

// Close gives files back. The Ledger can be used again afterwards.
func (l *Ledger) Close() error {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.peer != nil {
		l.peer.close()
		l.peer = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store != nil {
		l.store.close()
		l.store = nil
	}
	l.forget()
	return nil
}

func (l *Ledger) log() *slog.Logger {
	if l.Log == nil {
		return slog.Default()
	}
	return l.Log
}
