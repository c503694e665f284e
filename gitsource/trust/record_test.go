package trust

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const rewritten = `
	root ada .
	a ada root
	b ada a
	c ada b
	amended ada b
	next ada amended
	dropped ada a
	orphan ada .`

// accepted is the record of a commit, with others accepted by name.
func (s *story) accepted(name string, names ...string) Record {
	s.t.Helper()
	var r Record
	if name != "" {
		r.Commit = s.hash(name).String()
	}
	for _, n := range names {
		var err error
		r, err = r.Accept(Name{Commit: s.hash(n).String(), By: "grace", At: commitTime})
		must(s.t, err)
	}
	return r
}

func TestGuard(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	for _, test := range []struct {
		what           string
		accepted, head string
		named          string
		want           Relation
		held           bool
		from           string
	}{
		{"first start", "", "c", "", First, false, ""},
		{"no news", "c", "c", "", Same, false, "c"},
		{"new commits", "a", "c", "", FastForward, false, "a"},
		{"rewound", "c", "b", "", Rewound, true, "c"},
		{"amended head", "c", "amended", "", Diverged, true, "c"},
		{"dropped commit", "c", "dropped", "", Diverged, true, "c"},
		{"unrelated root", "c", "orphan", "", Unrelated, true, "c"},
		{"rewound, by name", "c", "b", "b", Rewound, false, "b"},
		{"amended, by name", "c", "amended", "amended", Diverged, false, "amended"},
		{"amended by name, and one more", "c", "next", "amended", Diverged, false, "amended"},
		{"unrelated, by name", "c", "orphan", "orphan", Unrelated, false, "orphan"},
		{"another one by name", "c", "orphan", "amended", Unrelated, true, "c"},
		{"only what comes behind it by name", "c", "amended", "next", Diverged, true, "c"},
		{"new commits, with a name", "a", "c", "b", FastForward, false, "a"},
	} {
		var names []string
		if test.named != "" {
			names = append(names, test.named)
		}
		m, err := s.accepted(test.accepted, names...).Guard(s.hash(test.head), s.parents)
		must(t, err)
		if m.Relation != test.want || m.Held() != test.held || m.From() != s.hash(test.from) || len(m.Names) != len(names) {
			t.Errorf("%s: %s, held %v, from %s; want %s, %v, %s", test.what, m.Relation, m.Held(), s.names[m.From()], test.want, test.held, test.from)
		}
		if (m.Hold() != "") != test.held {
			t.Errorf("%s: hold %q", test.what, m.Hold())
		}
	}
}

func TestABranchThatWasRecreatedWithoutTheAcceptedCommit(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	m, err := Record{Commit: hashOf([]byte("gone")).String()}.Guard(s.hash("c"), s.parents)
	must(t, err)
	if m.Relation != Gone || !m.Held() {
		t.Errorf("got %+v", m)
	}
}

func TestHoldsNameBothCommitsAndTheCommand(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	h := func(name string) string { return short(s.hash(name).String()) }
	for head, want := range map[string]string{
		"b": fmt.Sprintf("the branch was set back from commit %s to the older %s; commit %s stays in force; to undo a change, push the branch as it was and git revert, or accept the new head: moult trust %s",
			h("c"), h("b"), h("c"), s.hash("b")),
		"amended": fmt.Sprintf("the branch was rewritten: its head %s does not descend from commit %s, the last accepted (both descend from %s); commit %s stays in force; push the branch as it was, or accept the new head: moult trust %s",
			h("amended"), h("c"), h("b"), h("c"), s.hash("amended")),
		"orphan": fmt.Sprintf("the branch was replaced: its head %s has no commit in common with %s, the last accepted; commit %s stays in force; push the branch as it was, or accept the new head: moult trust %s",
			h("orphan"), h("c"), h("c"), s.hash("orphan")),
	} {
		m, err := s.accepted("c").Guard(s.hash(head), s.parents)
		must(t, err)
		if diff := cmp.Diff(want, m.Hold()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", head, diff)
		}
	}
	gone := Move{Relation: Gone, Accepted: s.hash("c"), Head: s.hash("a")}
	if want := fmt.Sprintf("commit %s, the last accepted, is not in the repository any more; its head is %s", h("c"), h("a")); !strings.Contains(gone.Hold(), want) {
		t.Errorf("got %s, want ...%s...", gone.Hold(), want)
	}
	if got := gone.Hold(); !strings.Contains(got, "no copy here has the last accepted either, so nothing is in force; push") || strings.Contains(got, "stays in force") {
		t.Errorf("it says that something is in force: %s", got)
	}
}

func TestANameEndsWithTheCommitThatItReplaces(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	r := s.accepted("c", "amended")
	r = r.Advance(Verdict{Obey: s.hash("amended")}, commitTime)
	r = r.Advance(Verdict{Obey: s.hash("next")}, commitTime)
	m, err := r.Guard(s.hash("amended"), s.parents)
	must(t, err)
	if !m.Held() || len(r.Names) != 0 {
		t.Errorf("a force-push went back to a commit that was accepted by name once: %+v", m)
	}
}

func TestAdvanceKeepsTheRecordWhenNothingMoves(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	r := s.accepted("c", "amended")
	for _, v := range []Verdict{{}, {Obey: s.hash("c")}} {
		if diff := cmp.Diff(r, r.Advance(v, commitTime)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestAcceptNeedsAWholeName(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	r := s.accepted("c", "amended", "amended", "orphan")
	if len(r.Names) != 2 {
		t.Errorf("%d names for two commits", len(r.Names))
	}
	for _, name := range []string{"", "HEAD", s.hash("c").String()[:10]} {
		if _, err := r.Accept(Name{Commit: name}); err == nil || !strings.Contains(err.Error(), "40 digits") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestADamagedRecordHoldsNothingOpen(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	for _, r := range []Record{{Commit: "c"}, {Names: []Name{{Commit: "x"}}}} {
		if m, err := r.Guard(s.hash("c"), s.parents); err == nil {
			t.Errorf("%+v: got %+v", r, m)
		}
	}
}

func TestRecordAsJSON(t *testing.T) {
	t.Parallel()
	s := tell(t, rewritten)
	r := s.accepted("c").Advance(Verdict{Obey: s.hash("next"), Signer: Signer{Kind: SSH, Principals: []string{"ada@example.com"}, Key: "SHA256:x"}}, commitTime)
	r, err := r.Accept(Name{Commit: s.hash("orphan").String(), By: "grace", At: commitTime})
	must(t, err)
	text, err := json.Marshal(r)
	must(t, err)
	want := fmt.Sprintf(`{"commit":"%s","at":"2026-03-03T14:00:00Z","signer":{"kind":"ssh","principals":["ada@example.com"],"key":"SHA256:x"},"names":[{"commit":"%s","by":"grace","at":"2026-03-03T14:00:00Z"}]}`,
		s.hash("next"), s.hash("orphan"))
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var back Record
	must(t, json.Unmarshal(text, &back))
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text, err = json.Marshal(Record{}); err != nil || string(text) != "{}" {
		t.Errorf("the zero record is %s, %v", text, err)
	}
}

// One poll after another, as package doc shows it: a forged commit, then a
// force-push, then both accepted by name.
func TestGuardAndJudgeTogether(t *testing.T) {
	t.Parallel()
	s := tell(t, "base ada .\na ada base\ne eve a\nb ada e\nforced ada base\nc ada forced")
	p := Policy{Require: All, Keys: s.keys()}
	record := s.accepted("base")
	for _, poll := range []struct {
		head, named, want string
		held              bool
	}{
		{"a", "", "a", false},
		{"b", "", "a", false},
		{"b", "e", "b", false},
		{"forced", "", "b", true},
		{"c", "forced", "c", false},
		{"b", "", "c", true},
	} {
		if poll.named != "" {
			var err error
			record, err = record.Accept(Name{Commit: s.hash(poll.named).String()})
			must(t, err)
		}
		move, err := record.Guard(s.hash(poll.head), s.parents)
		must(t, err)
		if !move.Held() {
			r := s.since(s.names[move.From()], poll.head)
			r.Named = move.Names
			verdict, err := p.Judge(r)
			must(t, err)
			record = record.Advance(verdict, commitTime)
		}
		if move.Held() != poll.held || record.Commit != s.hash(poll.want).String() {
			t.Errorf("head %s: held %v, in force %s; want %v, %s", poll.head, move.Held(), record.Commit, poll.held, poll.want)
		}
	}
}
