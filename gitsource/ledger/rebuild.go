package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"moult/gitsource/durable"
	"moult/gitsource/fault"
)

// A damaged store may hold entries that were never sent, and be all that tells
// of them. So the store that takes its place is made beside it, under a name of
// its own, and has every entry that can still be read before anything else is
// touched:
//
//	ledger.new       is made, or gone on with where a kill left it
//	ledger.damaged   of the time before is removed
//	ledger           becomes ledger.damaged
//	ledger.new       becomes ledger
//
// Wherever that ends, what is there leads on: a damaged store is found again,
// and where there is none the new one is whole. A store that was put aside is
// read, too, before it is removed, whoever put it there.

func (l *Ledger) aside() string { return l.Dir + ".damaged" }

func (l *Ledger) fresh() string { return l.Dir + ".new" }

// open opens the store, and brings to an end what a kill cut off.
func (l *Ledger) open() error {
	if !there(l.Dir) && there(l.fresh()) {
		if err := rename(l.fresh(), l.Dir); err != nil {
			return err
		}
	}
	store, err := openStore(l.Dir)
	if err != nil {
		return err
	}
	if err := l.takeOver(store); err != nil {
		store.close()
		return err
	}
	l.store = store
	return nil
}

// takeOver reads what was put aside into a store that has nothing: it was made
// by a moult that was killed before it did.
func (l *Ledger) takeOver(store *repository) error {
	head, err := store.ref(Ref)
	if err != nil || !head.IsZero() || !there(l.aside()) {
		return err
	}
	_, err = l.readInto(store, l.aside())
	return err
}

// rebuild makes the store again with the entries that can still be read in the
// damaged one, which is put aside. The rest comes from the remote, with the next
// Fetch or Push.
func (l *Ledger) rebuild(why error) error {
	if l.store != nil {
		l.store.close()
		l.store = nil
	}
	saved, err := l.prepare()
	if err == nil {
		err = l.swap()
	}
	if err != nil {
		return fmt.Errorf("make the damaged store of the ledger again: %w", err)
	}
	l.log().Warn("store of the ledger is damaged and was made again", "reason", why.Error(), "directory", l.Dir, "aside", l.aside(), "entries_saved", saved)
	return l.open()
}

// prepare makes the new store, and says how many entries were found for it. What
// a kill left of one is gone on with, unless it is damaged itself: it may have
// what the store that is put aside had.
func (l *Ledger) prepare() (int, error) {
	saved, err := l.makeFresh()
	if !errors.Is(err, errLost) {
		return saved, err
	}
	if err := os.RemoveAll(l.fresh()); err != nil {
		return 0, err
	}
	return l.makeFresh()
}

func (l *Ledger) makeFresh() (int, error) {
	store, err := openStore(l.fresh())
	if err != nil {
		return 0, err
	}
	defer store.close()
	return l.readInto(store, l.Dir, l.aside())
}

// readInto adds to a store the entries that can be read in others, and says how
// many there are.
func (l *Ledger) readInto(store *repository, dirs ...string) (int, error) {
	var lines []line
	for _, dir := range dirs {
		found, err := salvage(dir)
		if err != nil {
			return 0, fault.New(fault.ErrStorage, "mend "+dir+", or move it elsewhere if nothing in it is missed", "look for entries: %w", err)
		}
		lines = append(lines, found...)
	}
	lines = inOrder(lines)
	l.forget()
	defer l.forget()
	return len(lines), l.add(store, lines, asItIs, newest(lines))
}

// swap puts the new store in the place of the damaged one.
func (l *Ledger) swap() error {
	if err := durable.SyncFolder(filepath.Dir(l.Dir)); err != nil {
		return err
	}
	if err := os.RemoveAll(l.aside()); err != nil {
		return err
	}
	if there(l.Dir) { // somebody may have taken it away
		if err := rename(l.Dir, l.aside()); err != nil {
			return err
		}
	}
	return rename(l.fresh(), l.Dir)
}

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return storeTrouble(err)
	}
	return durable.SyncFolder(filepath.Dir(to))
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
