package ledger

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlainGitShowsTheLedger(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	l := newLedger(t, "agent", f.bare)
	e := f.started(1)
	must(t, l.Append(background, noon, e))
	must(t, l.Append(background, noon, became(e, Succeeded)))
	if _, err := l.Push(context.Background(), noon); err != nil {
		t.Fatal(err)
	}
	shown := git(t, f.cloneWithNotes(t), "log", "-1", "--notes=moult", f.commits[1])
	for _, want := range []string{
		"Notes (moult):",
		"2026-03-03T12:01:00Z production/web started: " + ami(0) + " to " + ami(1) + ", by Ada <ada@example.com>",
		"2026-03-03T12:01:30Z production/web succeeded: " + ami(0) + " to " + ami(1) + ", 3 instances replaced in 30s",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("git log does not show %q:\n%s", want, shown)
		}
	}
	if got := git(t, f.bare, "fsck", "--strict"); got != "" {
		t.Errorf("git fsck: %s", got)
	}
}

func TestNotesOfGitAreReadWhateverTheirFanOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	l := newLedger(t, "agent", f.bare)
	for n := range 3 {
		must(t, l.Append(background, noon, f.started(n)))
	}
	value[Synced](t)(l.Push(context.Background(), noon))
	person := f.cloneWithNotes(t)
	git(t, person, "notes", "--ref=moult", "append", "-m", "Checked by hand.", f.commits[1])
	if tree := git(t, person, "ls-tree", "-r", "--name-only", Ref); strings.Contains(tree, "/") {
		t.Fatalf("git keeps few notes in one folder, here it did not:\n%s", tree)
	}
	git(t, person, "push", "-q", "origin", Ref)
	must(t, l.Append(background, noon, became(f.started(1), Failed)))
	value[Synced](t)(l.Push(context.Background(), noon))
	want := []string{ami(0) + " web started", ami(1) + " web started", ami(1) + " web failed", ami(2) + " web started"}
	if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	shown := git(t, f.cloneWithNotes(t), "notes", "--ref=moult", "show", f.commits[1])
	if !strings.HasSuffix(shown, "\n\nChecked by hand.") || strings.Count(shown, "\n") != 3 {
		t.Errorf("the note is not the entries and the text below:\n%s", shown)
	}
}
