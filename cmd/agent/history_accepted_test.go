package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// hour is a moment of the day of these tests.
func hour(n int, minutes ...int) time.Time {
	at := time.Date(2026, 3, 3, n, 0, 0, 0, time.UTC)
	for _, m := range minutes {
		at = at.Add(time.Duration(m) * time.Minute)
	}
	return at
}

// acceptedFleet is a clone whose branch got a commit each hour, of which the
// second, at 2:00, set the image that web ran from 5:30 on.
type acceptedFleet struct {
	dir     string
	commits []string
	notes   map[string][]ledger.Entry
}

func newAcceptedFleet(t *testing.T) acceptedFleet {
	t.Helper()
	var b strings.Builder
	for n := range 6 {
		text := declaring(imageA)
		if n > 0 {
			text = declaring(imageB)
		}
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 2\nc%d\n", hour(n+1).Unix(), n)
		fmt.Fprintf(&b, "M 100644 inline production.hcl\ndata %d\n%s\nM 100644 inline n\ndata 1\n%d\n", len(text), text, n)
	}
	f := acceptedFleet{dir: imported(t, b.String()), notes: map[string][]ledger.Entry{}}
	out, err := exec.Command("git", "-C", f.dir, "rev-list", "--reverse", "main").Output()
	must(t, err)
	f.commits = strings.Fields(string(out))
	f.note(ledger.Entry{
		Time: hour(5, 30), Environment: "production", Group: "web", Outcome: ledger.Succeeded, Commit: f.commits[1],
		Author: "Ada <ada@example.com>", Verb: reconcile.Roll, From: imageA, To: imageB,
	})
	return f
}

func (f acceptedFleet) note(e ledger.Entry) { f.notes[e.Commit] = append(f.notes[e.Commit], e) }

// accepted is an acceptance of the nth commit.
func (f acceptedFleet) accepted(n int, at time.Time, branch, by string) {
	e := ledger.Entry{Time: at, Branch: branch, Outcome: ledger.Accepted, Commit: f.commits[n], AcceptedBy: by}
	if by == "" {
		e.Signer = "ada@example.com"
	}
	f.note(e)
}

// tell writes the notes.
func (f acceptedFleet) tell(t *testing.T) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "commit refs/notes/moult\ncommitter moult <moult@example.com> %d +0000\ndata 1\nn\ndeleteall\n", hour(9).Unix())
	for commit, entries := range f.notes {
		text := ledger.Note(entries...)
		fmt.Fprintf(&b, "M 100644 inline %s/%s\ndata %d\n%s\n", commit[:2], commit[2:], len(text), text)
	}
	c := exec.Command("git", "-C", f.dir, "fast-import", "--quiet", "--force")
	c.Stdin, c.Stderr = strings.NewReader(b.String()), os.Stderr
	must(t, c.Run())
}

// approved is what is said of who let it through.
func (f acceptedFleet) approved(t *testing.T, at time.Time) string {
	t.Helper()
	f.tell(t)
	told := askOf(t, f.dir, []string{"production/web", "--at", at.Format(time.RFC3339)})
	_, rest, ok := strings.Cut(told, "  approved  ")
	if !ok {
		t.Fatalf("it does not say who approved it:\n%s", told)
	}
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func TestWhoAcceptedTheHistoryThatACommitBelongsToIsTold(t *testing.T) {
	t.Parallel()
	const nobody = "the ledger names no signer, and nobody who merged it"
	with := func(f acceptedFleet, n int, words string) string {
		return words + ", with the later commit " + f.commits[n][:8]
	}
	for name, c := range map[string]struct {
		says func(acceptedFleet)
		at   time.Time
		want func(acceptedFleet) string
	}{
		"nothing": {func(acceptedFleet) {}, hour(7), func(acceptedFleet) string { return nobody }},
		"the head, by name": {func(f acceptedFleet) { f.accepted(3, hour(5), "main", "grace") }, hour(7),
			func(f acceptedFleet) string {
				return with(f, 3, "accepted by name, by grace") + ", 2026-03-03 05:00 UTC"
			}},
		"the head, signed": {func(f acceptedFleet) { f.accepted(3, hour(5), "main", "") }, hour(7),
			func(f acceptedFleet) string {
				return with(f, 3, "accepted: signed by ada@example.com") + ", 2026-03-03 05:00 UTC"
			}},
		"the first one after it": {func(f acceptedFleet) {
			f.accepted(5, hour(6), "main", "late")
			f.accepted(2, hour(5), "main", "grace")
			f.accepted(0, hour(4), "main", "early")
		}, hour(7), func(f acceptedFleet) string {
			return with(f, 2, "accepted by name, by grace") + ", 2026-03-03 05:00 UTC"
		}},
		"another branch": {func(f acceptedFleet) {
			f.accepted(2, hour(5), "release", "eve")
			f.accepted(4, hour(5), "main", "grace")
		}, hour(7), func(f acceptedFleet) string {
			return with(f, 4, "accepted by name, by grace") + ", 2026-03-03 05:00 UTC"
		}},
		"only one before it": {func(f acceptedFleet) { f.accepted(0, hour(5), "main", "grace") }, hour(7), func(acceptedFleet) string { return nobody }},
		"after the moment":   {func(f acceptedFleet) { f.accepted(3, hour(8), "main", "grace") }, hour(7), func(acceptedFleet) string { return nobody }},
		"the commit itself": {func(f acceptedFleet) {
			f.accepted(1, hour(6), "main", "")
			f.accepted(2, hour(5), "main", "grace")
		}, hour(7), func(acceptedFleet) string { return "accepted: signed by ada@example.com" }},
		"the commit itself, after the moment": {func(f acceptedFleet) {
			f.accepted(1, hour(8), "main", "")
			f.accepted(2, hour(5), "main", "grace")
		}, hour(7), func(f acceptedFleet) string {
			return with(f, 2, "accepted by name, by grace") + ", 2026-03-03 05:00 UTC"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAcceptedFleet(t)
			c.says(f)
			if got, want := f.approved(t, c.at), c.want(f); got != want {
				t.Errorf("it says %q, not %q", got, want)
			}
		})
	}
}

// TestANoteIsReadOnceForAllGroupsOfItsCommit: most of thousands obey the same few
// commits, and each reading goes through a list of all notes.
// Not parallel: testing.AllocsPerRun counts what every goroutine allocates.
func TestANoteIsReadOnceForAllGroupsOfItsCommit(t *testing.T) {
	f := newAcceptedFleet(t)
	f.accepted(1, hour(5), "main", "grace")
	f.approved(t, hour(7)) // writes the notes
	a, err := cloneArchive(f.dir, "main", "")
	must(t, err)
	defer a.close()
	commit := f.commits[1]
	cost := func(groups int) float64 {
		told := momentThen{Branch: "refs/heads/main", At: hour(7)}
		for range groups {
			told.Groups = append(told.Groups, groupThen{Last: &ledger.Entry{Commit: commit}})
		}
		return testing.AllocsPerRun(10, func() {
			must(t, a.acceptances(t.Context(), &told, ledger.Past{Accepted: map[string]bool{commit: true}}))
		})
	}
	if one, many := cost(1), cost(100); many > 3*one {
		t.Errorf("one group takes %v allocations, a hundred take %v", one, many)
	}
}
