package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"moult/gitsource"
	"moult/gitsource/ledger"
)

// archive is where the past is read: a clone with what was declared, and a
// ledger with what came of it. Nothing in it is written.
type archive struct {
	clone        string // directory
	branch, path string
	book         *ledger.Book // nil: there is none, and noLedger says why
	noLedger     error
	remove       string // directory to remove when it is closed
}

func (a *archive) close() {
	if a.book != nil {
		a.book.Close()
	}
	if a.remove != "" {
		os.RemoveAll(a.remove)
	}
}

// openArchive finds what is to be read: the clone that is named or that the
// current directory is in, else what the agent keeps of its repository, else
// what can be fetched of it.
func openArchive(ctx context.Context, at surroundings, flags common) (*archive, error) {
	if flags.repo == "" && flags.config == "" && flags.stateDir == "" {
		if dir, err := gitsource.FindClone("."); err == nil {
			return cloneArchive(dir, flags.branch, flags.path)
		}
	}
	s, err := flags.settings(at)
	if err != nil {
		return nil, err
	}
	if s.repository.URL == "" {
		return nil, advise(errors.New("find the repository: none is named, and the current directory is in no clone"),
			"change to a clone of it, or name one with --repo")
	}
	if dir, ok := localClone(s.repository.URL); ok {
		return cloneArchive(dir, s.repository.Branch, s.repository.Path)
	}
	if a, ok := keptArchive(s); ok {
		return a, nil
	}
	return fetchedArchive(ctx, s)
}

// localClone is the clone on this machine that a repository URL names.
func localClone(url string) (string, bool) {
	path := strings.TrimPrefix(url, "file://")
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return "", false
	}
	dir, err := gitsource.FindClone(path)
	return dir, err == nil
}

func cloneArchive(dir, branch, path string) (*archive, error) {
	a := &archive{clone: dir, branch: branch, path: path}
	return a, a.open(dir, "fetch it: git fetch origin "+ledger.Ref+":"+ledger.Ref+"; where there is none to fetch, no agent has written yet or may push")
}

// open opens the ledger. That there is none is no error yet: git alone can
// still say what was declared.
func (a *archive) open(dir, hint string) (err error) {
	a.book, err = ledger.Open(dir)
	if errors.Is(err, ledger.ErrNotFound) {
		a.noLedger = advise(fmt.Errorf("there is no ledger (%s) in %s", ledger.Ref, dir), "%s", hint)
		return nil
	}
	return err
}

// keptArchive is what an agent on this machine keeps of the repository.
func keptArchive(s settings) (*archive, bool) {
	if s.stateDir == "" {
		return nil, false
	}
	mirror := newRepository(s, quietLog()).MirrorDir()
	if mirror == "" {
		return nil, false
	}
	a := &archive{clone: mirror, branch: s.repository.Branch, path: s.repository.Path}
	if a.open(ledgerDir(s), "") != nil || a.book == nil {
		return nil, false
	}
	return a, true
}

// fetchedArchive is what the repository itself has, fetched for this one
// question.
func fetchedArchive(ctx context.Context, s settings) (*archive, error) {
	dir, err := os.MkdirTemp("", "moult-history-")
	if err != nil {
		return nil, err
	}
	s.stateDir = dir
	a := &archive{branch: s.repository.Branch, path: s.repository.Path, remove: dir}
	if a.clone, err = fetchAll(ctx, s); err == nil {
		err = a.open(ledgerDir(s), "the repository has none: the agent has done nothing yet, or may not push it")
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// fetchAll brings the repository and its ledger into the state directory, and
// returns where the mirror is.
func fetchAll(ctx context.Context, s settings) (mirror string, err error) {
	repository := newRepository(s, quietLog())
	defer repository.Close()
	if _, err := repository.Fetch(ctx); err != nil {
		return "", err
	}
	for whole := false; !whole; {
		if whole, err = repository.Deepen(ctx); err != nil {
			return "", err
		}
	}
	if err := bringLedger(ctx, s); err != nil {
		return "", err
	}
	return repository.MirrorDir(), nil
}

// bringLedger brings the ledger into the state directory.
func bringLedger(ctx context.Context, s settings) error {
	l := &ledger.Ledger{Dir: ledgerDir(s), Remote: ledger.Remote{URL: s.repository.URL, Access: s.repository.access()}, Log: quietLog()}
	defer l.Close()
	return fetchLedger(ctx, l)
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
