package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// liar is a server of version 2 that can say something else than what is true
// when it is asked for a pack.
type liar struct {
	fleet
	url string
	lie string // its answer; empty: the truth
}

func newLiar(t testing.TB, f fleet) *liar {
	t.Helper()
	l := &liar{fleet: f}
	honest := value[*url.URL](t)(url.Parse(overHTTP(t, f, nil)))
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: honest.Host})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if l.lie != "" && bytes.Contains(body, []byte("command=fetch")) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			io.WriteString(w, l.lie)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	l.url = s.URL + honest.Path
	return l
}

// answer is a pack with commits said to be cut off, as a server sends it.
func answer(pack []byte, cut ...string) string {
	var b strings.Builder
	packet := func(text string) { fmt.Fprintf(&b, "%04x%s", len(text)+4, text) }
	packet("shallow-info\n")
	for _, h := range cut {
		packet("shallow " + h + "\n")
	}
	b.WriteString("0001")
	packet("packfile\n")
	packet("\x01" + string(pack))
	return b.String() + "0000"
}

// objects are what a commit of the shared ledger needs and another has not, but
// for some.
func (l *liar) objects(t testing.TB, r *repository, old, head string, but ...string) []named {
	t.Helper()
	p := parcel{old: hashFrom(old), new: hashFrom(head), from: r}
	must(t, p.fill())
	return slices.DeleteFunc(p.objects, func(o named) bool { return slices.Contains(but, o.hash.String()) })
}

// news is a pack with such objects.
func (l *liar) news(t testing.TB, old, head string, but ...string) []byte {
	t.Helper()
	r := value[*repository](t)(openRepository(l.bare))
	defer r.close()
	var b bytes.Buffer
	must(t, r.writePack(background, &b, l.objects(t, r, old, head, but...)))
	return b.Bytes()
}

// grow is an honest agent that adds the nth rollout to the shared ledger.
func (l *liar) grow(t testing.TB, n int) string {
	t.Helper()
	other := newLedger(t, fmt.Sprintf("other-%d", n), l.bare)
	must(t, other.Append(background, noon, started(n)))
	push(t, other)
	return l.at(t, Ref)
}

func (l *liar) at(t testing.TB, what string) string {
	t.Helper()
	return git(t, l.bare, "rev-parse", what)
}

// shallowOf is what a store calls its boundary.
func shallowOf(t testing.TB, l *Ledger) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Dir, "shallow"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// wantSame fails unless a store holds what the server does, commit for commit.
func (l *liar) wantSame(t testing.TB, agent *Ledger) {
	t.Helper()
	if diff := cmp.Diff(git(t, l.bare, "rev-list", "--topo-order", Ref), git(t, agent.Dir, "rev-list", "--topo-order", Ref)); diff != "" {
		t.Errorf("commits (-server +store):\n%s", diff)
	}
	if text := shallowOf(t, agent); text != "" {
		t.Errorf("the store is cut at %s", text)
	}
	if _, err := os.Stat(agent.Dir + ".damaged"); err == nil {
		t.Error("the store was made again")
	}
	git(t, agent.Dir, "fsck", "--strict")
}

// writer is an agent that made the shared ledger, of two rollouts, and has all
// of its history.
func (l *liar) writer(t testing.TB) *Ledger {
	t.Helper()
	agent := newLedger(t, "agent", l.url)
	for n := range 2 {
		must(t, agent.Append(background, noon, started(n)))
		push(t, agent)
	}
	return agent
}

// TestAServerIsNotBelievedAboutWhereTheLedgerEnds: it sends what is new, and
// calls shallow what is not.
func TestAServerIsNotBelievedAboutWhereTheLedgerEnds(t *testing.T) {
	t.Parallel()
	var nowhere []string
	for n := range 1000 {
		nowhere = append(nowhere, fmt.Sprintf("%040x", n))
	}
	for name, cut := range map[string]func(t testing.TB, l *liar, head string) []string{
		"commits that are not there":           func(testing.TB, *liar, string) []string { return nowhere },
		"the commit that was seen last":        func(t testing.TB, l *liar, _ string) []string { return []string{l.at(t, Ref+"~1")} },
		"an older one":                         func(t testing.TB, l *liar, _ string) []string { return []string{l.at(t, Ref+"~2")} },
		"a new one whose parent is here":       func(_ testing.TB, _ *liar, head string) []string { return []string{head} },
		"a folder":                             func(t testing.TB, l *liar, _ string) []string { return []string{l.at(t, Ref+"^{tree}")} },
		"a commit of the declarations' branch": func(_ testing.TB, l *liar, _ string) []string { return l.commits },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, newFleet(t, 1))
			agent := l.writer(t)
			old := l.at(t, Ref)
			head := l.grow(t, 2)
			l.lie = answer(l.news(t, old, head), cut(t, l, head)...)
			if s := fetch(t, agent); s.Rewritten || s.Head != head || s.Unsent != 0 {
				t.Errorf("fetch says %+v", s)
			}
			l.wantSame(t, agent)
			l.lie = ""
			l.grow(t, 3)
			fetch(t, again(t, agent))
			l.wantSame(t, agent)
		})
	}
}

func TestACommitCannotBeCutBeforeItComes(t *testing.T) {
	t.Parallel()
	l := newLiar(t, newFleet(t, 1))
	agent := l.writer(t)
	old := l.at(t, Ref)
	next := l.grow(t, 2)
	last := l.grow(t, 3)
	git(t, l.bare, "update-ref", Ref, next)
	l.lie = answer(l.news(t, old, next), last)
	fetch(t, agent)
	git(t, l.bare, "update-ref", Ref, last)
	l.lie = ""
	if s := fetch(t, agent); s.Rewritten {
		t.Errorf("fetch says %+v", s)
	}
	l.wantSame(t, agent)
}

// TestWhatWasNotSentCannotBeCut: a server knows the agent's own commits from a
// push that it refused.
func TestWhatWasNotSentCannotBeCut(t *testing.T) {
	t.Parallel()
	l := newLiar(t, newFleet(t, 1))
	agent := l.writer(t)
	agent.Key = newKey(t)
	old := l.at(t, Ref)
	must(t, agent.Append(background, noon, started(5)))
	own := git(t, agent.Dir, "rev-parse", Ref)
	head := l.grow(t, 2)
	l.lie = answer(l.news(t, old, head), own)
	fetch(t, agent)
	l.lie = ""
	if s := push(t, agent); s.Rewritten || s.Unsent != 0 {
		t.Errorf("push says %+v", s)
	}
	git(t, l.bare, "merge-base", "--is-ancestor", own, Ref)
	l.wantSame(t, agent)
}

// TestAnEntryTakenOutIsToldThoughTheServerCutsTheLedger: were the cut believed,
// the ledger would count as rewritten, and nobody could say what is missing.
func TestAnEntryTakenOutIsToldThoughTheServerCutsTheLedger(t *testing.T) {
	t.Parallel()
	l := newLiar(t, newFleet(t, 1))
	agent := l.writer(t)
	old := l.at(t, Ref)
	person := filepath.Join(t.TempDir(), "person")
	git(t, l.bare, "clone", "-q", "--bare", l.bare, person)
	git(t, person, "fetch", "-q", l.bare, Ref+":"+Ref)
	git(t, person, "notes", "--ref=moult", "remove", commitName(1))
	git(t, person, "push", "-q", l.bare, Ref)
	head := l.at(t, Ref)
	l.lie = answer(l.news(t, old, head), head, old)
	if s := fetch(t, agent); s.Rewritten || len(s.Missing) != 1 || s.Missing[0].Commit != commitName(1) {
		t.Errorf("fetch says %+v", s)
	}
}

// TestALedgerThatIsCutIsNotCalledWhole: a server may have no more, and what is
// behind is in nobody's hands here. It is told as rewritten, nothing is lost,
// and whoever verifies it learns that it is a part.
func TestALedgerThatIsCutIsNotCalledWhole(t *testing.T) {
	t.Parallel()
	l := newLiar(t, newFleet(t, 1))
	agent := l.writer(t)
	git(t, l.bare, "update-ref", "-d", Ref)
	l.grow(t, 2)
	behind := l.at(t, Ref)
	head := l.grow(t, 3)
	l.lie = answer(l.news(t, "", head, behind), head)
	if s := fetch(t, agent); !s.Rewritten {
		t.Errorf("fetch says %+v", s)
	}
	if got := shallowOf(t, agent); got != head+"\n" {
		t.Errorf("the store is cut at %q, not at %s", got, head)
	}
	if got := told(t, agent.Dir); len(got) != 4 {
		t.Errorf("it tells %q", got)
	}
	book := value[*Book](t)(Open(agent.Dir))
	defer book.Close()
	if v := value[Verified](t)(book.Verify(background, Trust{})); !v.Partial || len(v.Breaches) > 0 {
		t.Errorf("verify says %+v", v)
	}
}

// TestWhatAServerKeepsBackIsNotTheStoresDamage: an object is missing, and the
// server does not say so.
func TestWhatAServerKeepsBackIsNotTheStoresDamage(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]string{
		"the commit": Ref, "one behind it": Ref + "~1", "its folders": Ref + "^{tree}",
		"the folders of one behind it": Ref + "~1^{tree}", "its note": Ref + ":" + home(hashFrom(commitName(3))),
	} {
		for _, young := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, new store %v", name, young), func(t *testing.T) {
				t.Parallel()
				l := newLiar(t, newFleet(t, 1))
				agent := l.writer(t)
				old := l.at(t, Ref)
				l.grow(t, 2)
				head := l.grow(t, 3)
				if young {
					agent, old = newLedger(t, "young", l.url), ""
				} else {
					must(t, agent.Append(background, noon, started(5)))
				}
				value[Synced](t)(agent.standing(background)) // makes the store
				before := git(t, agent.Dir, "for-each-ref")
				l.lie = answer(l.news(t, old, head, l.at(t, what)))
				for range 2 {
					_, err := agent.Fetch(background, noon)
					if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "what was sent is incomplete") {
						t.Fatalf("fetch says %v", err)
					}
				}
				if left, _ := filepath.Glob(filepath.Join(agent.Dir, "objects", "pack", "*")); len(left) != 0 {
					t.Errorf("something of it is left: %q", left)
				}
				if diff := cmp.Diff(before, git(t, agent.Dir, "for-each-ref")); diff != "" {
					t.Errorf("refs (-before +after):\n%s", diff)
				}
				l.lie = ""
				push(t, agent)
				fetch(t, agent)
				l.wantSameEntries(t, agent)
			})
		}
	}
}

func (l *liar) wantSameEntries(t testing.TB, agent *Ledger) {
	t.Helper()
	if diff := cmp.Diff(told(t, l.bare), told(t, agent.Dir)); diff != "" {
		t.Errorf("entries (-server +store):\n%s", diff)
	}
	if _, err := os.Stat(agent.Dir + ".damaged"); err == nil {
		t.Error("the store was made again")
	}
	git(t, agent.Dir, "fsck", "--strict")
}

// TestAFetchThatAKillCutOffIsMadeAgain: what it left is there, and no ref leads
// to it.
func TestAFetchThatAKillCutOffIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]string{"whole": "main", "without its folders": Ref + "^{tree}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, newFleet(t, 1))
			l.writer(t)
			head := l.at(t, Ref)
			young := newLedger(t, "young", l.url)
			r := value[*repository](t)(openRepository(l.bare))
			defer r.close()
			must(t, young.change(background, func(store *repository) error {
				_, err := store.receive(nil, r.filled(background, l.objects(t, r, "", head, l.at(t, what), l.at(t, Ref+"~1"))))
				return err
			}))
			must(t, os.WriteFile(filepath.Join(young.Dir, "shallow"), []byte(commitName(77)+"\n"), 0o600))
			young = again(t, young)
			fetch(t, young)
			if got := shallowOf(t, young); got != head+"\n" {
				t.Errorf("the store is cut at %q, not at %s", got, head)
			}
			l.wantSameEntries(t, young)
		})
	}
}

// TestWhatAKillLeftIsNotTheStoresDamage: a head without what is behind it, as a
// server keeps it back, is there when the agent is killed before it drops it.
func TestWhatAKillLeftIsNotTheStoresDamage(t *testing.T) {
	t.Parallel()
	l := newLiar(t, newFleet(t, 1))
	agent := l.writer(t)
	old := l.at(t, Ref)
	l.grow(t, 2)
	head := l.grow(t, 3)
	r := value[*repository](t)(openRepository(l.bare))
	defer r.close()
	must(t, agent.change(background, func(store *repository) error {
		_, err := store.receive(nil, r.filled(background, l.objects(t, r, old, head, l.at(t, Ref+"~1"))))
		return err
	}))
	agent = again(t, agent)
	fetch(t, agent)
	l.wantSame(t, agent)
}

// TestANeighbourThatIsAShallowCloneIsJoined: its ledger is cut, and is no
// continuation of what the agent has.
func TestANeighbourThatIsAShallowCloneIsJoined(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	l := &liar{fleet: f, url: f.bare}
	agent := l.writer(t)
	old := l.at(t, Ref)
	git(t, f.bare, "update-ref", "-d", Ref)
	l.grow(t, 2)
	l.grow(t, 3)
	for name, agent := range map[string]*Ledger{"with a ledger": agent, "new": newLedger(t, "young", "")} {
		clone := filepath.Join(t.TempDir(), "clone")
		git(t, f.bare, "clone", "-q", "--bare", "--depth=1", "file://"+f.bare, clone)
		git(t, clone, "fetch", "-q", "--depth=1", "file://"+f.bare, Ref+":"+Ref)
		agent.Remote.URL = clone
		agent = again(t, agent)
		fetch(t, agent)
		if got := shallowOf(t, agent); got != l.at(t, Ref)+"\n" {
			t.Errorf("%s: the store is cut at %q", name, got)
		}
		want := 2
		if name == "with a ledger" {
			want = 4
			git(t, agent.Dir, "merge-base", "--is-ancestor", old, Ref)
		}
		if got := told(t, agent.Dir); len(got) != want {
			t.Errorf("%s: it tells %q", name, got)
		}
		if _, err := os.Stat(agent.Dir + ".damaged"); err == nil {
			t.Errorf("%s: the store was made again", name)
		}
		git(t, agent.Dir, "fsck", "--strict")
	}
}
