package ledger

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource/fault"
)

// noteTooLarge is somebody who writes a note that is larger than may be, and
// pushes it.
func noteTooLarge(t testing.TB, f fleet) (person string) {
	t.Helper()
	person = f.cloneWithNotes(t)
	addNote(t, person, f.commits[2], 34<<20)
	return person
}

// addNote writes a note of so many bytes, and pushes it.
func addNote(t testing.TB, person, commit string, size int) {
	t.Helper()
	content := bytes.Repeat([]byte("much\n"), size/5)
	blob := git(t, person, "hash-object", "-w", file(t, "large", content))
	git(t, person, "notes", "--ref=moult", "add", "-C", blob, commit)
	git(t, person, "push", "-q", "origin", Ref)
}

// takeOut is that somebody removing it.
func takeOut(t testing.TB, f fleet, person string) {
	t.Helper()
	git(t, person, "notes", "--ref=moult", "remove", f.commits[2])
	git(t, person, "push", "-q", "origin", Ref)
}

// TestANoteThatWasTooLargeAndIsGoneStopsNothing: it still stands in the steps in
// between, and all of them came in one pack.
func TestANoteThatWasTooLargeAndIsGoneStopsNothing(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(testing.TB, fleet) Remote{
		"http":   func(t testing.TB, f fleet) Remote { return Remote{URL: overHTTP(t, f, nil)} },
		"ssh":    overSSH,
		"a path": func(_ testing.TB, f fleet) Remote { return Remote{URL: f.bare} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 3)
			l := newLedger(t, "agent", "")
			l.Remote = reach(t, f)
			must(t, l.Append(background, noon, f.started(0)))
			push(t, l)
			other := newLedger(t, "other", f.bare)
			want := []string{ami(0) + " web started", ami(1) + " web started"}
			var more []Entry
			for n := range looseMost {
				more = append(more, started(n+2))
				want = append(want, ami(n+2)+" web started")
			}
			must(t, other.Append(background, noon, more...))
			push(t, other)
			takeOut(t, f, noteTooLarge(t, f))
			must(t, l.Append(background, noon, f.started(1)))
			if s := push(t, l); s.Unsent != 0 || !s.Rewritten {
				t.Errorf("push says %+v", s)
			}
			if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			must(t, l.Append(background, noon, became(f.started(1), Succeeded)))
			if s := push(t, again(t, l)); s.Unsent != 0 || s.Rewritten {
				t.Errorf("the next push says %+v", s)
			}
			if there(l.aside()) {
				t.Error("the store was made again")
			}
			git(t, f.bare, "fsck", "--strict")
		})
	}
}

// TestANoteThatIsTooLargeIsNotFetchedEachTime: what the agent writes is kept, and
// sent when it is gone.
func TestANoteThatIsTooLargeIsNotFetchedEachTime(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	var packs atomic.Int32
	l := newLedger(t, "agent", overHTTP(t, f, func(r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("command=fetch")) {
			packs.Add(1)
		}
	}))
	must(t, l.Append(background, noon, f.started(0)))
	push(t, l)
	person := noteTooLarge(t, f)
	for n := range 3 {
		must(t, l.Append(background, noon, f.started(1)))
		_, err := l.Push(background, noon.Add(time.Duration(n)*time.Minute))
		if !errors.Is(err, fault.ErrTooLarge) || !strings.Contains(err.Error(), "git ls-tree -rl") {
			t.Errorf("push says %v", err)
		}
	}
	if got := packs.Load(); got != 2 { // all that is new, and the newest step alone
		t.Errorf("%d packs were asked for", got)
	}
	if _, err := l.Push(background, noon.Add(2*time.Hour)); !errors.Is(err, fault.ErrTooLarge) || packs.Load() != 4 {
		t.Errorf("after two hours, %d packs were asked for in all: %v", packs.Load(), err)
	}
	takeOut(t, f, person)
	if s := push(t, l); s.Unsent != 0 {
		t.Errorf("push says %+v", s)
	}
	want := []string{ami(0) + " web started", ami(1) + " web started"}
	if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(l.Dir, "objects", "pack", "tmp_*")); len(left) != 0 {
		t.Errorf("half a pack is left: %q", left)
	}
}

// TestANoteDoesNotBecomeTooLargeByWhatTheAgentAdds: others could not fetch it.
func TestANoteDoesNotBecomeTooLargeByWhatTheAgentAdds(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	l := newLedger(t, "agent", overHTTP(t, f, nil))
	must(t, l.Append(background, noon, f.started(0)))
	push(t, l)
	addNote(t, f.cloneWithNotes(t), f.commits[2], 32<<20-100)
	fetch(t, l)
	must(t, l.Append(background, noon, f.started(2)))
	push(t, l)
	young := newLedger(t, "young", l.Remote.URL)
	fetch(t, young)
	want := []string{ami(0) + " web started", ami(2) + " web started"}
	if diff := cmp.Diff(want, told(t, young.Dir)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
