package trust

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// Two histories: one line, and one with a merge.
const (
	straight = "base ada .\na ada base\nu - a\nb ada u\n"
	merged   = "base ada .\na ada base\nu - base\nm ada a,u\nb ada m\n"
)

var judged = map[string]struct {
	story   string
	require Require
	vouch   bool
	from    string
	named   string
	want    string // the commit to obey; what is refused
}{
	"nothing is asked for":                {straight, None, false, "base", "", "b"},
	"the zero policy":                     {straight, "", false, "base", "", "b"},
	"head: the last one signed":           {straight, Head, false, "base", "", "b"},
	"head: the last one not signed":       {straight + "v - b", Head, false, "base", "", "b; v unsigned"},
	"head: nothing new is signed":         {"base ada .\nu - base\nv - u", Head, false, "base", "", "base; v unsigned; u unsigned"},
	"head: an unknown key":                {straight + "e eve b", Head, false, "base", "", "b; e unknown_key"},
	"head: first start":                   {straight, Head, false, "", "", "b"},
	"head: first start, not signed":       {"base ada .\nu - base", Head, false, "", "", "base; u unsigned"},
	"head: first start, nothing signed":   {"u - .\nv - u", Head, false, "", "", "; v unsigned; u unsigned"},
	"all: unsigned in the middle":         {straight, All, false, "base", "", "a; u unsigned"},
	"all: each mistake is told":           {straight + "e eve b\nc ada e", All, false, "base", "", "a; u unsigned; e unknown_key"},
	"all: all signed":                     {"base ada .\na ada base\nb ops a", All, false, "base", "", "b"},
	"all: up to date":                     {"base ada .", All, false, "base", "", "base"},
	"all: first start":                    {straight, All, false, "", "", "; b no_start"},
	"all: first start from a name":        {straight, All, false, "", "u", "b"},
	"all: accepted by name":               {straight, All, false, "base", "u", "b"},
	"all: the head by name":               {straight + "v - b", All, false, "base", "v", "v"},
	"all: a name behind does not help":    {straight, All, false, "base", "a", "a; u unsigned"},
	"all: a merge does not vouch":         {merged, All, false, "base", "", "a; u unsigned"},
	"all: a merge vouches":                {merged, All, true, "base", "", "b"},
	"all: an unsigned merge":              {"base ada .\na ada base\ns ada base\nm - a,s", All, true, "base", "", "a; m unsigned"},
	"all: an unknown merge":               {"base ada .\na ada base\nu - base\nm eve a,u", All, true, "base", "", "a; m unknown_key"},
	"all: a side branch by name":          {merged, All, false, "base", "u", "b"},
	"all: unsigned behind a merge":        {"base ada .\nu - base\na ada u\ns ada base\nm ada a,s", All, true, "base", "", "base; u unsigned"},
	"all: an octopus":                     {"base ada .\na ada base\ns ada base\nu - base\nv - u\nm ada a,s,v", All, false, "base", "", "a; u unsigned; v unsigned"},
	"all: an octopus vouches":             {"base ada .\na ada base\ns ada base\nu - base\nv - u\nm ada a,s,v", All, true, "base", "", "m"},
	"all: a side branch from before":      {"old ada .\nbase ada old\nu - old\nm ada base,u", All, false, "base", "", "base; u unsigned"},
	"all: another root is merged":         {"base ada .\nr - .\nm ada base,r", All, false, "base", "", "base; r unsigned"},
	"all: the branch pulled into another": {"base ada .\nx - .\nb ada base\nf - x\nm ada f,b\nc ada m", All, false, "base", "", "b; x unsigned; f unsigned"},
	"all: pulled into another, vouches":   {"base ada .\nx - .\nb ada base\nf - x\nm ada f,b\nc ada m", All, true, "base", "", "c"},
	"all: a side branch merged twice":     {"base ada .\ns ada base\nm ada base,s\nt ada s\nn ada m,t", All, false, "base", "", "n"},
	"all: malformed":                      {"base ada .\na ada base\nx malformed a\nb ada x", All, false, "base", "", "a; x malformed"},
	"all: malformed, merges vouch":        {"base ada .\na ada base\nx malformed base\nm ada a,x\nb ada m", All, true, "base", "", "a; x malformed"},
	"head: malformed holds up":            {"base ada .\na ada base\nx malformed a\nb ada x", Head, false, "base", "", "a; x malformed"},
	"head: malformed in a side branch":    {"base ada .\na ada base\nx malformed base\nm ada a,x\nb ada m", Head, false, "base", "", "a; x malformed"},
	"none: malformed is git's business":   {"base ada .\nx malformed base", None, false, "base", "", "x"},
	"head: malformed by name":             {"base ada .\nx malformed base\nb ada x", Head, false, "base", "x", "b"},
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, test := range judged {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t, test.story)
			var named []string
			if test.named != "" {
				named = append(named, test.named)
			}
			p := Policy{Require: test.require, MergesVouch: test.vouch, Keys: s.keys()}
			verdict, err := p.Judge(s.since(test.from, s.order[len(s.order)-1], named...))
			must(t, err)
			if diff := cmp.Diff(test.want, s.told(verdict)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// productionOnlyOps is a scope for the tests.
var productionOnlyOps = []Scope{{Paths: []string{"production/**"}, Signers: []string{"ops@example.com"}}}

var judgedByScope = map[string]struct {
	story   string
	require Require
	vouch   bool
	want    string
}{
	"ops changes production":   {"base ada . :\na ops base : production/web.hcl", All, false, "a"},
	"ada changes production":   {"base ada . :\na ada base : production/web.hcl", All, false, "base; a out_of_scope"},
	"ada changes staging":      {"base ada . :\na ada base : staging/web.hcl", All, false, "a"},
	"ada changes both":         {"base ada . :\na ada base : staging/web.hcl production/x", All, false, "base; a out_of_scope"},
	"none: only scopes ask":    {"base ada . :\nu - base : staging/web.hcl\nv - u : README", None, false, "v"},
	"none: production asks":    {"base ada . :\nu - base : staging/web.hcl\nv - u : production/x", None, false, "u; v unsigned"},
	"none: ops speaks for it":  {"base ada . :\nv - base : production/x\nw - v : y\no ops w : z", None, false, "o"},
	"none: what builds on it":  {"base ada . :\nv - base : production/x\nw - v : y", None, false, "base; w unsigned; v unsigned"},
	"head: ops, then ada":      {"base ada . :\na ops base : production/x\nb ada a : y", Head, false, "b"},
	"head: ada over unsigned":  {"base ada . :\nu - base : production/x\nb ada u : y", Head, false, "base; b out_of_scope; u unsigned"},
	"head: ops over unsigned":  {"base ada . :\nu - base : production/x\nb ada u : y\nc ops b : z", Head, false, "c"},
	"head: ada's own":          {"base ada . :\na ada base : production/x\nb ada a : y", Head, false, "base; b out_of_scope; a out_of_scope"},
	"a merge by the forge":     {"base ada . :\na ada base : y\no ops base : production/x\nm web a,o : production/x | y", All, false, "m"},
	"it vouches, out of scope": {"base ada . :\na ada base : y\no ops base : production/x\nm web a,o : production/x | y", All, true, "a; m out_of_scope"},
	"ops merges what ada did":  {"base ada . :\na ada base : y\no ada base : production/x\nm ops a,o : production/x | y", All, false, "a; o out_of_scope"},
	"ops vouches for ada":      {"base ada . :\na ada base : y\no ada base : production/x\nm ops a,o : production/x | y", All, true, "m"},
	"a merge that adds its own": {
		"base ada . :\na ada base : y\ns ada base : z\nm ada a,s : z production/x | y production/x", All, false, "a; m out_of_scope",
	},
	"a merge that goes back to an old version": { // s never touched production; main did, and m undoes it
		"old ada . :\nbase ops old : production/x\ns ada old : z\nm ada base,s : production/x z | ", All, false, "base; m out_of_scope",
	},
	"a conflict that ops decides": {
		"base ops . :\na ops base : production/x\no ops base : production/x\nm ops a,o : production/x | production/x", All, false, "m",
	},
	"a conflict that the forge decides": {
		"base ops . :\na ops base : production/x\no ops base : production/x\nm web a,o : production/x | production/x", All, false, "a; m out_of_scope",
	},
	"main pulled into a side branch": { // u brings production into the side branch, as main has it
		"base ada . :\na ops base : production/x\ns ada base : z\nu ada s,a : production/x | z\nt ada u : z\nm web a,t : z | production/x", All, false, "m",
	},
	"a side merge that goes back": { // o is signed by ops, and u replaces its version
		"old ops . : production/x\nbase ops old : production/x\no ops old : production/x\nu ada o,old : production/x | \nm ada base,u : production/x | production/y",
		All, false, "base; m out_of_scope",
	},
	"another root brings production": {"base ada . :\nr ada . : production/x\nm ops base,r : production/x | y", All, false, "base; r out_of_scope"},
	"a malformed side commit":        {"base ada . :\na ada base : y\nx malformed base\nm ops a,x : production/x | y", All, false, "a; x malformed"},
	"pulled into another branch": { // against base, m changes what f changed
		"base ada . :\nx ada . : z\nf ada x : production/x\nm ada f,base : y | production/x", All, true, "base; m out_of_scope",
	},
}

func TestJudgeScopes(t *testing.T) {
	t.Parallel()
	for name, test := range judgedByScope {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t, test.story)
			p := Policy{Require: test.require, MergesVouch: test.vouch, Keys: s.keys(), Scopes: productionOnlyOps}
			verdict, err := p.Judge(s.since("base", s.order[len(s.order)-1]))
			must(t, err)
			if diff := cmp.Diff(test.want, s.told(verdict)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestScopesNeedACommitToStartFrom(t *testing.T) {
	t.Parallel()
	s := tell(t, "a ada . : production/x\nb ada a : y")
	p := Policy{Require: Head, Keys: s.keys(), Scopes: productionOnlyOps}
	verdict, err := p.Judge(s.since("", "b"))
	must(t, err)
	if diff := cmp.Diff("; b no_start", s.told(verdict)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	verdict, err = p.Judge(s.since("", "b", "a"))
	must(t, err)
	if diff := cmp.Diff("b", s.told(verdict)); diff != "" {
		t.Errorf("from a name (-want +got):\n%s", diff)
	}
}

func TestAPathInTwoScopesNeedsASignerInBoth(t *testing.T) {
	t.Parallel()
	scopes := append([]Scope{{Paths: []string{"**"}, Signers: []string{"ada@*", "ops@*"}}}, productionOnlyOps...)
	for signer, want := range map[string]string{"ops": "a", "ada": "base; a out_of_scope", "web": "base; a out_of_scope"} {
		s := tell(t, "base ada . :\na "+signer+" base : production/x")
		verdict, err := Policy{Require: All, Keys: s.keys(), Scopes: scopes}.Judge(s.since("base", "a"))
		must(t, err)
		if diff := cmp.Diff(want, s.told(verdict)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", signer, diff)
		}
	}
}

func TestAnIncompleteRangeIsNotObeyed(t *testing.T) {
	t.Parallel()
	s := tell(t, "base ada . :\na ada base : x\nb ada a : x\nc ada b : x")
	gap := s.since("base", "c")
	gap.Changes = append(gap.Changes[:1], gap.Changes[2:]...)
	short := s.since("base", "c")
	short.Changes = short.Changes[:2]
	untold := s.since("base", "c")
	untold.Changes[1].Paths = nil
	for name, r := range map[string]Range{"a gap": gap, "an end too early": short, "paths that are not told": untold} {
		verdict, err := Policy{Require: All, Keys: s.keys(), Scopes: productionOnlyOps}.Judge(r)
		if err == nil || verdict.Obey != s.hash("base") {
			t.Errorf("%s: obey %s, %v", name, s.names[verdict.Obey], err)
		}
	}
}

// What a commit changes may be more than anybody can compare. It waits, and with
// it what is behind; an operator can go on from there.
func TestACommitWhoseChangesCannotBeToldIsHeld(t *testing.T) {
	t.Parallel()
	for _, require := range []Require{None, Head, All} {
		s := tell(t, "base ada . :\na ada base : x\nb ada a : x")
		p := Policy{Require: require, Keys: s.keys(), Scopes: productionOnlyOps}
		untold := func(named ...string) Range {
			r := s.since("base", "b", named...)
			for i, c := range r.Changes {
				if string(c.Raw) == string(s.commits["a"].Raw) {
					r.Changes[i].Paths, r.Changes[i].Untold = nil, errors.New("more than 200000 paths")
				}
			}
			return r
		}
		verdict, err := p.Judge(untold())
		must(t, err)
		if verdict.Obey != s.hash("base") || len(verdict.Refused) == 0 || !strings.Contains(verdict.Refused[len(verdict.Refused)-1].Detail, "changes what cannot be told: more than 200000 paths") {
			t.Errorf("%s: got %+v", require, verdict)
		}
		verdict, err = p.Judge(untold("b"))
		must(t, err)
		if verdict.Obey != s.hash("b") {
			t.Errorf("%s: accepted by name, it obeys %s", require, s.names[verdict.Obey])
		}
	}
}

func TestAMalformedCommitThatHidesItsParentsHoldsUpAll(t *testing.T) {
	t.Parallel()
	s := tell(t, "base ada .\na ada base")
	hidden := []byte("tree x\n" + string(s.commits["a"].Raw))
	r := s.since("base", "a")
	r.Changes = append([]Change{{Raw: s.people["ada"].sign(t, unsigned("b", hashOf(hidden)))}, {Raw: hidden}}, r.Changes...)
	verdict, err := Policy{Require: All, Keys: s.keys()}.Judge(r)
	must(t, err)
	if verdict.Obey != s.hash("base") || len(verdict.Refused) != 1 || verdict.Refused[0].Reason != Malformed {
		t.Errorf("got %+v", verdict)
	}
}

// The verdict is the same whether the agent saw each commit on its own or all
// at once.
func TestVerdictDoesNotDependOnWhenTheAgentPolled(t *testing.T) {
	t.Parallel()
	s := tell(t, `
		base ada . :
		a ops base : production/x
		u - a : y
		b ada u : z
		s ada base : y
		m ada b,s : y | production/x z
		v - m : production/x
		c ada v : q
		o ops c : q
		w - o : q`)
	for _, p := range []Policy{
		{Require: None}, {Require: Head}, {Require: All}, {Require: All, MergesVouch: true},
		{Require: None, Scopes: productionOnlyOps}, {Require: Head, Scopes: productionOnlyOps}, {Require: All, Scopes: productionOnlyOps},
	} {
		p.Keys = s.keys()
		at := "base"
		for _, head := range []string{"a", "u", "b", "m", "v", "c", "o", "w"} {
			verdict, err := p.Judge(s.since(at, head))
			must(t, err)
			at = s.names[verdict.Obey]
			once, err := p.Judge(s.since("base", head))
			must(t, err)
			if got := s.names[once.Obey]; got != at {
				t.Errorf("%s, %d scopes, head %s: %s at once, %s one by one", p.Require, len(p.Scopes), head, got, at)
			}
		}
	}
}

func TestVerdictSaysWhyAndWhatEndsIt(t *testing.T) {
	t.Parallel()
	s := tell(t, "base ada .\na ada base\nu - a\nb ada u")
	p := Policy{Require: All, Keys: s.keys()}
	verdict, err := p.Judge(s.since("base", "b"))
	must(t, err)
	if verdict.Signer.Principals[0] != "ada@example.com" || verdict.Waiting != 2 {
		t.Errorf("got %+v", verdict)
	}
	u := s.hash("u").String()
	want := fmt.Sprintf("commit %s is in force, and 2 newer on the branch must wait: commit %s is not signed; sign it and push again (git commit --amend -S), or accept it as it is: moult trust %s",
		short(s.hash("a").String()), short(u), u)
	if diff := cmp.Diff(want, verdict.Hold()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	now := commitTime.Add(time.Hour)
	dated := verdict.Dated(nil, now)
	again := verdict.Dated(dated.Refused, now.Add(time.Hour))
	if dated.Refused[0].Since != now || again.Refused[0].Since != now || !verdict.Refused[0].Since.IsZero() {
		t.Errorf("since %s, then %s", dated.Refused[0].Since, again.Refused[0].Since)
	}
	if hold := dated.Hold(); !strings.Contains(hold, "is not signed (refused since 2026-03-03 15:00:00 UTC); sign it") {
		t.Errorf("the hold does not say since when: %s", hold)
	}
	if hold := (Verdict{Obey: s.hash("b")}).Hold(); hold != "" {
		t.Errorf("a hold without a refusal: %s", hold)
	}
}

func TestAnUnsignedCommitSaysWhyItMustBeSigned(t *testing.T) {
	t.Parallel()
	s := tell(t, "base ada . :\nu - base : production/x")
	verdict, err := Policy{Keys: s.keys(), Scopes: productionOnlyOps}.Judge(s.since("base", "u"))
	must(t, err)
	if want := `is not signed, and would change "production/x"`; len(verdict.Refused) != 1 || verdict.Refused[0].Detail != want {
		t.Errorf("got %+v, want %s", verdict.Refused, want)
	}
}

func TestEachReasonSaysWhatToDo(t *testing.T) {
	t.Parallel()
	seen := map[string]Reason{}
	for _, r := range []Reason{Unsigned, UnknownKey, ExpiredKey, RevokedKey, BadSignature, WrongPurpose, WeakAlgorithm, Unsupported, Malformed, OutOfScope, NoStart} {
		next := r.next()
		if other, is := seen[next]; is || next == Reason("").next() {
			t.Errorf("%s says %q, as %q does", r, next, other)
		}
		seen[next] = r
	}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	ada := newAuthor(t, "ada@example.com")
	keys := allow(t, ada)
	for name, test := range map[string]struct {
		policy Policy
		want   string
	}{
		"nothing":               {Policy{}, ""},
		"all":                   {Policy{Require: All, Keys: keys}, ""},
		"a scope":               {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{"a/**", "b/"}, Signers: []string{"ada@example.com", keys.AllowedSigners[0].Fingerprint}}}}, ""},
		"an unknown word":       {Policy{Require: "every"}, "none, head and all"},
		"no keys":               {Policy{Require: Head}, "no keys are given"},
		"no keys for a scope":   {Policy{Scopes: []Scope{{Paths: []string{"a"}, Signers: []string{"b"}}}}, "no keys are given"},
		"a scope without path":  {Policy{Keys: keys, Scopes: []Scope{{Signers: []string{"ada@*"}}}}, "scope 1: no paths"},
		"a scope for nobody":    {Policy{Keys: keys, Scopes: []Scope{{Name: "production", Paths: []string{"a"}}}}, `scope "production": no signers`},
		"an absolute path":      {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{"/a"}, Signers: []string{"ada@*"}}}}, "not a path"},
		"a path that goes up":   {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{"a/../b"}, Signers: []string{"ada@*"}}}}, "not a path"},
		"stars inside a name":   {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{"a**"}, Signers: []string{"ada@*"}}}}, "not a path"},
		"an empty path":         {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{""}, Signers: []string{"ada@*"}}}}, "not a path"},
		"somebody without keys": {Policy{Keys: keys, Scopes: []Scope{{Paths: []string{"a"}, Signers: []string{"adda@example.com"}}}}, `"adda@example.com": none of the keys`},
	} {
		err := test.policy.Check()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestAnUnknownRequirementIsNotMilderThanCheckSays(t *testing.T) {
	t.Parallel()
	if (Policy{Require: "every"}).Trusting() {
		t.Error("a misspelt policy trusts everything")
	}
}

func BenchmarkJudge1000(b *testing.B) {
	s := &story{t: b, commits: map[string]Change{}, hashes: map[string]plumbing.Hash{}, names: map[plumbing.Hash]string{}}
	ada := newAuthor(b, "ada@example.com")
	r := Range{From: hashOf([]byte("from"))}
	last := r.From
	for i := range 1000 {
		raw := ada.sign(b, unsigned(fmt.Sprint(i), last))
		s.add(fmt.Sprint(i), raw, [][]string{{"environments/staging.hcl"}})
		last = hashOf(raw)
		r.Changes = append([]Change{s.commits[fmt.Sprint(i)]}, r.Changes...)
	}
	for _, require := range []Require{None, Head, All} {
		b.Run(string(require), func(b *testing.B) {
			p := Policy{Require: require, Keys: allow(b, ada), Scopes: []Scope{{Paths: []string{"environments/production.hcl"}, Signers: []string{"ada@*"}}}}
			b.ReportAllocs()
			for b.Loop() {
				if v, err := p.Judge(r); err != nil || v.Obey != last {
					b.Fatal(v, err)
				}
			}
		})
	}
}
