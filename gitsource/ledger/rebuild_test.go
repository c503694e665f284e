package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// damagedLedger is a ledger of two entries that were never sent, whose store has
// lost where it ends; beside it lies one that was put aside with a third.
func damagedLedger(t testing.TB) *Ledger {
	t.Helper()
	l := newLedger(t, "agent", "")
	must(t, l.Append(background, noon, started(0)))
	must(t, l.Close())
	must(t, os.Rename(l.Dir, l.aside()))
	old := &Ledger{Dir: l.Dir + ".other", Agent: l.Agent, Log: quiet()}
	must(t, old.Append(background, noon, started(1), started(2)))
	must(t, old.Close())
	must(t, os.Rename(old.Dir, l.Dir))
	must(t, os.Truncate(filepath.Join(l.Dir, filepath.FromSlash(Ref)), 0))
	return l
}

// TestAKillWhileTheStoreIsMadeAgainLosesNothing goes through what is on disk
// after each step, of this moult and of one that put the store aside first.
func TestAKillWhileTheStoreIsMadeAgainLosesNothing(t *testing.T) {
	t.Parallel()
	prepared := func(t testing.TB, l *Ledger) {
		value[int](t)(l.prepare())
	}
	away := func(t testing.TB, l *Ledger) {
		prepared(t, l)
		must(t, os.RemoveAll(l.aside()))
		must(t, os.Rename(l.Dir, l.aside()))
	}
	for name, step := range map[string]func(testing.TB, *Ledger){
		"before the first": func(testing.TB, *Ledger) {},
		"the new one has no objects": func(t testing.TB, l *Ledger) {
			must(t, os.MkdirAll(filepath.Join(l.fresh(), "refs"), 0o700))
		},
		"the new one has nothing": func(t testing.TB, l *Ledger) {
			value[*repository](t)(openStore(l.fresh())).close()
		},
		"the new one is damaged": func(t testing.TB, l *Ledger) {
			prepared(t, l)
			must(t, os.Truncate(filepath.Join(l.fresh(), filepath.FromSlash(Ref)), 0))
		},
		"the new one has all": prepared,
		"what was aside is removed in part": func(t testing.TB, l *Ledger) {
			prepared(t, l)
			must(t, os.RemoveAll(filepath.Join(l.aside(), "objects")))
		},
		"what was aside is removed": func(t testing.TB, l *Ledger) {
			prepared(t, l)
			must(t, os.RemoveAll(l.aside()))
		},
		"the damaged one is away": away,
		"the new one is in place": func(t testing.TB, l *Ledger) {
			away(t, l)
			must(t, os.Rename(l.fresh(), l.Dir))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := damagedLedger(t)
			step(t, l)
			wantAll(t, l, 0, 1, 2)
		})
	}
	for name, step := range map[string]func(testing.TB, *Ledger){
		"put aside": func(testing.TB, *Ledger) {},
		"put aside, and an empty one made": func(t testing.TB, l *Ledger) {
			value[*repository](t)(openStore(l.Dir)).close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := damagedLedger(t)
			must(t, os.RemoveAll(l.aside()))
			must(t, os.Rename(l.Dir, l.aside()))
			step(t, l)
			wantAll(t, l, 1, 2)
		})
	}
}

// wantAll fails unless a ledger goes on with some entries and a new one.
func wantAll(t testing.TB, l *Ledger, entries ...int) {
	t.Helper()
	l = again(t, l)
	must(t, l.Append(background, noon, started(3)))
	var want []string
	for _, n := range append(entries, 3) {
		want = append(want, ami(n)+" web started")
	}
	if diff := cmp.Diff(want, told(t, l.Dir)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if there(l.fresh()) {
		t.Error("a store that was begun is left")
	}
	git(t, l.Dir, "fsck", "--strict")
}

// TestAStoreThatCannotBeMadeAgainStaysWhereItIs: there may be no room for a new
// one.
func TestAStoreThatCannotBeMadeAgainStaysWhereItIs(t *testing.T) {
	t.Parallel()
	for name, inTheWay := range map[string]func(*Ledger) string{
		"no new one":         (*Ledger).fresh,
		"nothing can be put": func(l *Ledger) string { return filepath.Join(l.fresh(), "objects") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := damagedLedger(t)
			path := inTheWay(l)
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, nil, 0o600))
			for range 2 {
				if err := l.Append(background, noon, started(3)); err == nil {
					t.Fatal("it was made again")
				}
			}
			must(t, os.Remove(path))
			wantAll(t, l, 0, 1, 2)
		})
	}
}

// TestWhatWasPutAsideIsReadBeforeItIsRemoved: one that cannot be read is left
// for somebody to look at.
func TestWhatWasPutAsideIsReadBeforeItIsRemoved(t *testing.T) {
	t.Parallel()
	l := damagedLedger(t)
	config := filepath.Join(l.aside(), "config")
	text := value[[]byte](t)(os.ReadFile(config))
	must(t, os.WriteFile(config, []byte("[core\n"), 0o600))
	if err := l.Append(background, noon, started(3)); err == nil {
		t.Fatal("it was passed over")
	}
	must(t, os.WriteFile(config, text, 0o600))
	wantAll(t, l, 0, 1, 2)
}

func TestAStoreThatFailsToTakeOverIsNotUsed(t *testing.T) {
	t.Parallel()
	l := damagedLedger(t)
	must(t, os.RemoveAll(l.aside()))
	must(t, os.Rename(l.Dir, l.aside()))
	config := filepath.Join(l.aside(), "config")
	must(t, os.WriteFile(config, []byte("[core\n"), 0o600))
	for range 2 {
		if err := l.Append(background, noon, started(3)); err == nil {
			t.Fatal("it was passed over")
		}
	}
	must(t, os.WriteFile(config, []byte(storeFiles["config"]), 0o600))
	wantAll(t, l, 1, 2)
}
