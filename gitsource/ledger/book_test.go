package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// diary is a ledger of two groups over a day, told in hours after noon:
//
//	web  1: a0 -> a1, done 2 | 3: a1 -> a2, rolled back 4 | 5: a1 -> a3 cancelled 6 | 7: a1 -> a4, going on
//	db   2: a1 -> a2, failed 3 | held 4
func diary(t testing.TB) *Book {
	t.Helper()
	l := newLedger(t, "agent", "")
	tell := func(group string, from, to, begin, end int, o Outcome) {
		e := started(to)
		e.Group, e.From, e.RefreshID = group, ami(from), fmt.Sprintf("%s-%d", group, begin)
		e.Commit = commitName(100*len(group) + begin)
		e.Time = noon.Add(time.Duration(begin) * time.Hour)
		e.Started = e.Time
		if group == "db" {
			e.Author = "Grace <grace@example.com>"
		}
		must(t, l.Append(background, noon, e))
		if o != "" {
			e.Outcome, e.Time = o, noon.Add(time.Duration(end)*time.Hour)
			e.Finished = e.Time
			must(t, l.Append(background, noon, e))
		}
	}
	tell("web", 0, 1, 1, 2, Succeeded)
	tell("db", 1, 2, 2, 3, Failed)
	tell("web", 1, 2, 3, 4, RolledBack)
	tell("web", 1, 3, 5, 6, Cancelled)
	tell("web", 1, 4, 7, 0, "")
	held := Entry{Time: noon.Add(4 * time.Hour), Environment: "production", Group: "db", Outcome: Held, Commit: commitName(1), To: ami(5), Reason: "no such image"}
	must(t, l.Append(background, noon, held))
	book := value[*Book](t)(Open(l.Dir))
	t.Cleanup(func() { book.Close() })
	return book
}

// brief is an entry in a few words.
func brief(e Entry) string {
	return fmt.Sprintf("%d %s %s %s", int(e.Time.Sub(noon).Hours()), e.Group, number(e.To), e.Outcome)
}

func TestHistoryPicksAndPutsTheNewestFirst(t *testing.T) {
	t.Parallel()
	book := diary(t)
	cases := []struct {
		filter Filter
		want   []string
	}{
		{Filter{Limit: 3}, []string{"7 web 4 started", "6 web 3 cancelled", "5 web 3 started"}},
		{Filter{Group: "db"}, []string{"4 db 5 held", "3 db 2 failed", "2 db 2 started"}},
		{Filter{Environment: "staging"}, nil},
		{Filter{Image: ami(2)}, []string{"4 web 2 rolled_back", "3 db 2 failed", "3 web 2 started", "2 db 2 started"}},
		{Filter{Author: "GRACE"}, []string{"3 db 2 failed", "2 db 2 started"}},
		{Filter{Since: noon.Add(6 * time.Hour)}, []string{"7 web 4 started", "6 web 3 cancelled"}},
		{Filter{Until: noon.Add(2 * time.Hour)}, []string{"1 web 1 started"}},
		{Filter{Commit: commitName(301)}, []string{"2 web 1 succeeded", "1 web 1 started"}},
	}
	for _, c := range cases {
		var got []string
		for _, e := range value[[]Entry](t)(book.History(c.filter)) {
			got = append(got, brief(e))
		}
		// Two of the same moment stand in the order of their ids.
		if diff := cmp.Diff(sorted(c.want), sorted(got)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.filter, diff)
		}
	}
}

// sorted is the lines with those of one hour in a fixed order.
func sorted(lines []string) []string {
	for i := 1; i < len(lines); i++ {
		if lines[i][0] == lines[i-1][0] && lines[i] < lines[i-1] {
			lines[i], lines[i-1] = lines[i-1], lines[i]
		}
	}
	return lines
}

func TestAtTellsWhatRanAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	book := diary(t)
	cases := []struct {
		hours float64
		want  []string
	}{
		{0, nil},
		{1.5, []string{"web: 0, partly 1, started, became succeeded"}},
		{2.5, []string{"db: 1, partly 2, started, became failed", "web: 1, succeeded"}},
		{3.5, []string{"db: 1, partly 2, failed", "web: 1, partly 2, started, became rolled_back"}},
		{4.5, []string{"db: 1, partly 2, held", "web: 1, rolled_back"}},
		{6.5, []string{"db: 1, partly 2, held", "web: 1, partly 3, cancelled"}},
		{9, []string{"db: 1, partly 2, held", "web: 1, partly 4, started"}},
	}
	for _, c := range cases {
		at := noon.Add(time.Duration(c.hours * float64(time.Hour)))
		var got []string
		for _, m := range value[[]Moment](t)(book.At(background, at, "production", nil)) {
			got = append(got, inWords(m))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("at %v hours (-want +got):\n%s", c.hours, diff)
		}
	}
}

func inWords(m Moment) string {
	text := m.Group.Group + ": " + number(m.Image)
	if m.Partly != "" {
		text += ", partly " + number(m.Partly)
	}
	if m.Last != nil {
		text += ", " + string(m.Last.Outcome)
	}
	if m.Became != nil {
		text += ", became " + string(m.Became.Outcome)
	}
	return text
}

func number(image string) string {
	if image == "" {
		return "unknown"
	}
	return image[len(image)-1:]
}

// inForce is declarations as a test has them.
type inForce struct {
	groups []reconcile.Declaration
	err    error
}

func (d inForce) DeclaredAt(context.Context, time.Time, string) ([]reconcile.Declaration, error) {
	return d.groups, d.err
}

func TestAtSetsWhatWasDeclaredBesideWhatRan(t *testing.T) {
	t.Parallel()
	book := diary(t)
	declared := inForce{groups: []reconcile.Declaration{
		{ID: reconcile.ID{Environment: "production", Group: "web"}, Image: ami(1)},
		{ID: reconcile.ID{Environment: "production", Group: "cache"}, Image: ami(9)},
	}}
	var got []string
	for _, m := range value[[]Moment](t)(book.At(background, noon.Add(150*time.Minute), "production", declared)) {
		text := inWords(m)
		if m.Declared != nil {
			text += ", declared " + number(m.Declared.Image)
		}
		got = append(got, text)
	}
	want := []string{"cache: unknown, declared 9", "db: 1, partly 2, started, became failed", "web: 1, succeeded, declared 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := book.At(background, noon, "production", inForce{err: os.ErrPermission}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("declarations that cannot be read: %v", err)
	}
}

func TestImageTellsWhereAndWhenItRan(t *testing.T) {
	t.Parallel()
	book := diary(t)
	cases := map[int][]string{
		0: {"web from before to 2, known as "},
		1: {"web from 1 complete 2, known as succeeded", "db from before, known as "},
		2: {"web from 3 to 4, known as rolled_back", "db from 2, known as failed"},
		3: {"web from 5, known as cancelled"},
		4: {"web from 7, known as started"},
		5: nil, // held: it never ran
	}
	for image, want := range cases {
		var got []string
		for _, r := range value[[]Run](t)(book.Image(ami(image))) {
			text := r.Group.Group + " from " + hour(r.Since, "before")
			if !r.Complete.IsZero() {
				text += " complete " + hour(r.Complete, "")
			}
			if !r.Until.IsZero() {
				text += " to " + hour(r.Until, "")
			}
			got = append(got, text+", known as "+string(r.Outcome))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("image %d (-want +got):\n%s", image, diff)
		}
	}
}

func TestARunIsCompleteTheFirstTime(t *testing.T) {
	t.Parallel()
	var entries []*Entry
	for n, o := range []Outcome{Started, Succeeded, Started, Succeeded} { // a rollout, then drift that was healed
		entries = append(entries, &Entry{Time: noon.Add(time.Duration(n) * time.Hour), Environment: "production", Group: "web", Outcome: o, From: ami(0), To: ami(1)})
	}
	runs := runsOf(entries, ami(1))
	if len(runs) != 1 || hour(runs[0].Since, "") != "0" || hour(runs[0].Complete, "") != "1" || !runs[0].Until.IsZero() {
		t.Errorf("got %+v", runs)
	}
}

func hour(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return fmt.Sprint(int(at.Sub(noon).Hours()))
}

func TestALedgerIsReadFromEveryKindOfClone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	l := newLedger(t, "agent", f.bare)
	for n := range 3 {
		must(t, l.Append(background, noon, f.started(n)))
		push(t, l)
	}
	want := told(t, f.bare)
	clone := f.cloneWithNotes(t)
	beside := filepath.Join(t.TempDir(), "worktree")
	git(t, clone, "worktree", "add", "-q", beside)
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, clone, "clone", "-q", "--depth=1", "file://"+f.bare, shallow)
	git(t, shallow, "fetch", "-q", "--depth=1", "origin", Ref+":refs/notes/origin/moult")
	borrowing := filepath.Join(t.TempDir(), "borrowing")
	git(t, clone, "clone", "-q", "--shared", f.bare, borrowing)
	git(t, borrowing, "fetch", "-q", "origin", Ref+":"+Ref)
	packed := f.cloneWithNotes(t)
	git(t, packed, "gc", "-q", "--aggressive", "--prune=now")
	for name, dir := range map[string]string{"clone": clone, "work tree": beside, "shallow": shallow, "alternates": borrowing, "packed": packed} {
		if diff := cmp.Diff(want, told(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := Open(f.clone(t)); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "git fetch origin refs/notes/moult:refs/notes/moult") {
		t.Errorf("a clone without the ledger: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNotFound) {
		t.Errorf("no repository: %v", err)
	}
}

func TestManyNotesAreReadAsGitPacksThem(t *testing.T) {
	t.Parallel()
	needGit(t)
	l := newLedger(t, "agent", "")
	var entries []Entry
	for n := range 700 {
		entries = append(entries, started(n))
	}
	must(t, l.fill(noon, entries))
	git(t, l.Dir, "repack", "-q", "-a", "-d", "-f", "--depth=50")
	person := l.Dir
	git(t, person, "notes", "--ref=moult", "append", "-m", "By hand.", git(t, l.Dir, "rev-parse", Ref)) // makes git write its own fan-out
	if tree := git(t, l.Dir, "ls-tree", "--name-only", Ref); len(strings.Split(tree, "\n")) > 256 {
		t.Fatalf("git did not fan out:\n%.200s", tree)
	}
	got := told(t, l.Dir)
	if len(got) != 700 || got[0] != ami(0)+" web started" || got[699] != ami(699)+" web started" {
		t.Errorf("%d entries are read, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

func TestTheFieldsKeepTheirNames(t *testing.T) {
	t.Parallel()
	full := became(started(1), Failed)
	full.Signer, full.MergedBy, full.Reason = "Ada", "Grace", "no"
	full.Agent, full.AgentVersion, full.ID = "moult", "1", "0123456789abcdef"
	text := string(value[[]byte](t)(json.Marshal(full)))
	want := `{"time":"2026-03-03T12:01:30Z","environment":"production","group":"web","outcome":"failed","commit":"` + commitName(1) +
		`","author":"Ada \u003cada@example.com\u003e","signer":"Ada","merged_by":"Grace","verb":"roll","ami_from":"` + ami(0) + `","ami_to":"` + ami(1) +
		`","plan":"replacing 3 of 3 instances with ` + ami(1) + `","template":"lt-1","template_version":2,"refresh_id":"refresh-1",` +
		`"started":"2026-03-03T12:01:00Z","finished":"2026-03-03T12:01:30Z","reason":"no","instances_planned":3,"instances_replaced":3,` +
		`"agent":"moult","agent_version":"1","id":"0123456789abcdef"}`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// An entry may be about a commit as a whole. It is told, and no group ran it.
func TestWhatIsAboutNoGroupIsKeptOutOfWhatRan(t *testing.T) {
	t.Parallel()
	accepted := Entry{Time: noon, Outcome: "accepted", Commit: commitName(1)}
	e := started(1)
	groups := about([]*Entry{&e, &accepted})
	if len(groups) != 1 || len(groups["production/web"]) != 1 {
		t.Errorf("the groups are %v", groups)
	}
	if !(Filter{Commit: commitName(1)}).picks(&accepted) || (Filter{Environment: "production"}).picks(&accepted) {
		t.Error("it is told, and of no environment")
	}
}

// What a filter looks for in a line before it is read must stand in every line
// that it picks.
func TestNoEntryIsPassedOverUnread(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	odd := []string{"we{b", "a/b", "ünï", `q"uote`, `back\slash`, "two words", "<tag>"}
	for n, name := range odd {
		e := started(n)
		e.Environment, e.Group, e.To = name, name, "ami-"+name
		must(t, l.Append(background, noon, e))
	}
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	for _, name := range odd {
		for _, f := range []Filter{{Environment: name}, {Group: name}, {Environment: name, Group: name}, {Image: "ami-" + name}, {Environment: name, Limit: 1}} {
			if got := value[[]Entry](t)(book.History(f)); len(got) != 1 || got[0].Group != name {
				t.Errorf("%+v picks %d entries", f, len(got))
			}
		}
		if got := value[[]Moment](t)(book.At(background, noon.Add(time.Hour), name, nil)); len(got) != 1 {
			t.Errorf("%q at a moment: %d groups", name, len(got))
		}
		if got := value[[]Run](t)(book.Image("ami-" + name)); len(got) != 1 || got[0].Group.Group != name {
			t.Errorf("the image of %q: %v", name, got)
		}
	}
}

func TestALimitTakesTheNewestOfAll(t *testing.T) {
	t.Parallel()
	l := newLedger(t, "agent", "")
	var entries []Entry
	for n := range 900 {
		e := started(n)
		e.Time = noon.Add(time.Duration(n/300) * time.Second).Add(time.Duration(n%300) * time.Millisecond) // many in one second
		entries = append(entries, e)
	}
	must(t, l.fill(noon, entries))
	book := value[*Book](t)(Open(l.Dir))
	defer book.Close()
	all := value[[]Entry](t)(book.History(Filter{}))
	if len(all) != 900 || all[0].To != ami(899) || all[899].To != ami(0) {
		t.Fatalf("%d entries, from %s to %s", len(all), all[0].To, all[len(all)-1].To)
	}
	for _, limit := range []int{1, 7, 299, 300, 301, 899, 2000} {
		got := value[[]Entry](t)(book.History(Filter{Limit: limit}))
		if diff := cmp.Diff(all[:min(limit, 900)], got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
}
