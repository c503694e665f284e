package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/trust"
)

func newBook(t *testing.T) book {
	t.Helper()
	return bookOf(settings{stateDir: t.TempDir(), repository: repositorySchema{URL: "https://git.example.com/fleet.git"}})
}

func mustOpen(t *testing.T, b book) record {
	t.Helper()
	kept, _, err := b.read()
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

var accepted = record{
	Record: trust.Record{Commit: hashOf(1), At: time.Date(2026, 3, 3, 14, 0, 0, 0, time.UTC), Signer: trust.Signer{Kind: trust.SSH, Key: "SHA256:x"}},
	By:     "ada", Recalled: hashOf(3),
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBookIsEmptyAtFirst(t *testing.T) {
	t.Parallel()
	got, kept, err := newBook(t).read()
	if diff := cmp.Diff(record{}, got); diff != "" || kept || err != nil {
		t.Errorf("kept %v, error %v, record -want +got:\n%s", kept, err, diff)
	}
}

func TestBookKeepsTheRecord(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	must(t, b.keep(accepted))
	if diff := cmp.Diff(accepted, mustOpen(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	files, err := os.ReadDir(b.dir)
	if must(t, err); len(files) != 1 {
		t.Errorf("%d files are left, want the record only", len(files))
	}
}

func TestNamesHoldOnlyForAsLongAsTheirCommitIsInForce(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	must(t, b.keep(accepted))
	named, err := accepted.Accept(trust.Name{Commit: hashOf(2), By: "ada", At: accepted.At})
	must(t, err)
	must(t, b.leave(named))
	if diff := cmp.Diff(named, mustOpen(t, b).Record); diff != "" {
		t.Errorf("while it is in force -want +got:\n%s", diff)
	}
	later, again := accepted, accepted
	later.Commit = hashOf(2)
	again.At = again.At.Add(time.Hour)
	for _, after := range []record{later, again} {
		must(t, b.keep(after))
		if diff := cmp.Diff(after, mustOpen(t, b)); diff != "" {
			t.Errorf("afterwards -want +got:\n%s", diff)
		}
	}
}

func TestEachBranchHasABookOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	must(t, b.keep(accepted))
	for _, other := range []repositorySchema{
		{URL: "https://git.example.com/other.git"}, {URL: "https://git.example.com/fleet.git", Branch: "release"},
	} {
		if got := mustOpen(t, bookOf(settings{stateDir: b.dir, repository: other})); got.Commit != "" {
			t.Errorf("%s %s begins with commit %s", other.URL, other.Branch, got.Commit)
		}
	}
	same := bookOf(settings{stateDir: b.dir, repository: repositorySchema{URL: "https://ada:secret@git.example.com/fleet.git", Branch: "main"}})
	if got := mustOpen(t, same); got.Commit != accepted.Commit {
		t.Error("with another password, the same branch has another book")
	}
}

func TestABookThatCannotBeReadIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, file := range []func(book) string{book.recordFile, book.namesFile} {
		b := newBook(t)
		must(t, os.WriteFile(file(b), []byte("{"), 0o600))
		if got, _, err := b.read(); err == nil || got.Commit != "" || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("record %+v, error %v", got, err)
		}
	}
}
