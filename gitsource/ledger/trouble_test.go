package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatAPersonTakesOutIsPutBackAndTold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	l := newLedger(t, "agent", f.bare)
	must(t, l.Append(background, noon, f.started(0), f.started(1)))
	push(t, l)
	person := f.cloneWithNotes(t)
	git(t, person, "notes", "--ref=moult", "remove", f.commits[0])
	git(t, person, "notes", "--ref=moult", "append", "-m", "Nothing to see.", f.commits[1])
	git(t, person, "push", "-q", "origin", Ref)
	s := fetch(t, l)
	if len(s.Missing) != 1 || s.Missing[0].Commit != f.commits[0] || s.Rewritten {
		t.Errorf("fetch says %+v", s)
	}
	push(t, l)
	if diff := cmp.Diff([]string{ami(0) + " web started", ami(1) + " web started"}, told(t, f.bare)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if shown := git(t, f.bare, "notes", "--ref=moult", "show", f.commits[1]); !strings.Contains(shown, "Nothing to see.") {
		t.Errorf("the person's words are gone:\n%s", shown)
	}
}

func TestARewrittenLedgerIsJoinedWithWhatWasThere(t *testing.T) {
	t.Parallel()
	rewrites := map[string]func(t testing.TB, f fleet, person string){
		"rewound": func(t testing.TB, f fleet, person string) {
			git(t, f.bare, "update-ref", Ref, Ref+"~1")
		},
		"deleted": func(t testing.TB, f fleet, person string) {
			git(t, f.bare, "update-ref", "-d", Ref)
		},
		"begun anew": func(t testing.TB, f fleet, person string) {
			git(t, person, "update-ref", "-d", Ref)
			git(t, person, "notes", "--ref=moult", "add", "-m", "All mine.", f.commits[1])
			git(t, person, "push", "-q", "-f", "origin", Ref)
		},
	}
	for name, rewrite := range rewrites {
		for _, young := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, shallow store %v", name, young), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, 3)
				l := newLedger(t, "agent", overHTTP(t, f, nil))
				for n := range 3 {
					must(t, l.Append(background, noon, f.started(n)))
					push(t, l)
				}
				if young { // knows the newest commit of the ledger only
					l = newLedger(t, "young", l.Remote.URL)
					fetch(t, l)
				}
				rewrite(t, f, f.cloneWithNotes(t))
				git(t, f.bare, "-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now")
				must(t, l.Append(background, noon, became(f.started(2), Succeeded)))
				if s := push(t, l); !s.Rewritten || s.Unsent != 0 {
					t.Errorf("push says %+v", s)
				}
				want := []string{ami(0) + " web started", ami(1) + " web started", ami(2) + " web started", ami(2) + " web succeeded"}
				if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
				git(t, f.bare, "fsck", "--strict")
			})
		}
	}
}

func TestADamagedStoreIsMadeAgain(t *testing.T) {
	t.Parallel()
	cut := func(t testing.TB, path string) {
		must(t, os.Chmod(path, 0o644))
		must(t, os.Truncate(path, 5))
	}
	head := func(t testing.TB, l *Ledger, what string) string {
		name := git(t, l.Dir, "rev-parse", Ref+what)
		return filepath.Join(l.Dir, "objects", name[:2], name[2:])
	}
	damages := map[string]func(testing.TB, *Ledger){
		"no ref content":   func(t testing.TB, l *Ledger) { cut(t, filepath.Join(l.Dir, filepath.FromSlash(Ref))) },
		"empty ref":        func(t testing.TB, l *Ledger) { must(t, os.Truncate(filepath.Join(l.Dir, filepath.FromSlash(Ref)), 0)) },
		"no commit":        func(t testing.TB, l *Ledger) { must(t, os.Remove(head(t, l, ""))) },
		"commit cut off":   func(t testing.TB, l *Ledger) { cut(t, head(t, l, "")) },
		"tree cut off":     func(t testing.TB, l *Ledger) { cut(t, head(t, l, "^{tree}")) },
		"no objects":       func(t testing.TB, l *Ledger) { must(t, os.RemoveAll(filepath.Join(l.Dir, "objects"))) },
		"another's object": func(t testing.TB, l *Ledger) { must(t, os.Rename(head(t, l, "^{tree}"), head(t, l, ""))) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 3)
			l := newLedger(t, "agent", f.bare)
			must(t, l.Append(background, noon, f.started(0)))
			push(t, l)
			must(t, l.Append(background, noon, f.started(1))) // not sent
			damage(t, l)
			l = again(t, l)
			must(t, l.Append(background, noon, f.started(2)))
			push(t, l)
			want := []string{ami(0) + " web started", ami(1) + " web started", ami(2) + " web started"}
			if name == "no objects" { // nothing was left of what was not sent
				want = []string{want[0], want[2]}
			}
			if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			git(t, f.bare, "fsck", "--strict")
		})
	}
}

func TestACrashLeavesTheOldLedgerOrTheNewOne(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	l := newLedger(t, "agent", f.bare)
	must(t, l.Append(background, noon, f.started(0)))
	before := git(t, l.Dir, "rev-parse", Ref)
	must(t, l.Append(background, noon, f.started(1)))
	after := git(t, l.Dir, "rev-parse", Ref)
	ref := filepath.Join(l.Dir, filepath.FromSlash(Ref))
	must(t, os.WriteFile(ref, []byte(before+"\n"), 0o644))        // as if it ended before the ref moved
	must(t, os.WriteFile(ref+".lock", []byte(after+"\n"), 0o644)) // with the lock in place
	must(t, os.WriteFile(filepath.Join(l.Dir, "objects", "17-is-no-folder"), nil, 0o644))
	l = again(t, l)
	must(t, l.Append(background, noon, f.started(1), f.started(2)))
	push(t, l)
	want := []string{ami(0) + " web started", ami(1) + " web started", ami(2) + " web started"}
	if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestALockLeftByTheAgentItselfIsTakenAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	l := newLedger(t, "agent", f.bare)
	must(t, l.Append(background, noon, f.started(0)))
	lock := filepath.Join(f.bare, filepath.FromSlash(Ref)+".lock")
	must(t, os.MkdirAll(filepath.Dir(lock), 0o755))
	must(t, os.WriteFile(lock, []byte(git(t, l.Dir, "rev-parse", Ref)+"\n"), 0o644))
	if s := push(t, l); s.Unsent != 0 {
		t.Errorf("push says %+v", s)
	}
}
