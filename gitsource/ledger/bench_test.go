package ledger

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"

	"moult/gitsource/packs"
)

// bigLedger is a store with notes on so many commits, as git packs it.
func bigLedger(b *testing.B, commits int) *Ledger {
	b.Helper()
	l := newLedger(b, "agent", "")
	entries := make([]Entry, 0, 2*commits)
	for n := range commits {
		e := started(n)
		e.Group = fmt.Sprintf("group-%d", n%200)
		entries = append(entries, e, became(e, Succeeded))
	}
	must(b, l.fill(noon, entries))
	return l
}

// fill writes many entries in one pack instead of file by file.
func (l *Ledger) fill(now time.Time, entries []Entry) error {
	lines, err := l.lines(now, entries)
	if err != nil {
		return err
	}
	return l.change(background, func(store *repository) error {
		var d draft
		files, fresh, err := addLines(store, &d, [20]byte{}, lines, rules{asItIs, func(line, line) bool { return true }})
		if err != nil {
			return err
		}
		next := link{message: fmt.Sprintf("%d outcomes\n", len(fresh)), by: l.Agent, now: now}
		if next.tree, err = put(store, &d, [20]byte{}, files); err != nil {
			return err
		}
		head, err := d.addLink(next)
		if err != nil {
			return err
		}
		_, err = store.receive(nil, func(f *os.File) (*idxfile.MemoryIndex, error) {
			if err := packDraft(f, d); err != nil {
				return nil, err
			}
			return packs.Index(context.Background(), f, limits)
		})
		if err != nil {
			return err
		}
		return moveOwn(store, Ref, head)
	})
}

// packDraft packs objects that are on no disk yet.
func packDraft(w io.Writer, d draft) error {
	memory := memory.NewStorage()
	hashes := make([]plumbing.Hash, len(d.objects))
	for i, o := range d.objects {
		m := &plumbing.MemoryObject{}
		m.SetType(o.kind)
		m.Write(o.content)
		var err error
		if hashes[i], err = memory.SetEncodedObject(m); err != nil {
			return err
		}
	}
	_, err := packfile.NewEncoder(w, memory, false).Encode(hashes, 0)
	return err
}

// One note, in a ledger of 5,000.
func BenchmarkAppend(b *testing.B) {
	l := bigLedger(b, 5000)
	n := 10_000
	for b.Loop() {
		n++
		must(b, l.Append(background, noon, started(n)))
	}
}

// One note, from an agent to a server on this machine that is git itself.
func BenchmarkAppendAndPush(b *testing.B) {
	f := newFleet(b, 1)
	l := newLedger(b, "agent", overHTTP(b, f, nil))
	must(b, l.Append(background, noon, started(0)))
	push(b, l)
	n := 0
	for b.Loop() {
		n++
		must(b, l.Append(background, noon, started(n)))
		push(b, l)
	}
}

// What moult history does: from nothing to the newest entries of one group,
// in a ledger of 50,000 noted commits and 100,000 entries that git packed.
func BenchmarkHistoryOf50000Commits(b *testing.B) {
	l := bigLedger(b, 50_000)
	needGit(b)
	git(b, l.Dir, "repack", "-q", "-a", "-d", "-f")
	b.ReportAllocs()
	for b.Loop() {
		book, err := Open(l.Dir)
		must(b, err)
		if got := value[[]Entry](b)(book.History(Filter{Environment: "production", Group: "group-7", Limit: 20})); len(got) != 20 {
			b.Fatalf("%d entries", len(got))
		}
		book.Close()
	}
}
