package aws

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/providers/aws/awssim"
	"moult/providers/providertest"
	"moult/reconcile"
)

// writesOfAllKinds plays everything that makes Moult write, for one commit.
func (w *world) writesOfAllKinds(t *testing.T, p *Provider) []awssim.Write {
	t.Helper()
	one, two, gone := w.MakeImage(t, "one", false), w.MakeImage(t, "two", false), w.MakeImage(t, "gone", false)
	w.MakeGroup(t, providertest.Group{Name: "web", Image: one, Min: 1, Size: 2, Max: 4, Floating: true})
	do := func(verb reconcile.Verb, image string) {
		_, err := p.Apply(t.Context(), w.action(t, p, verb, w.declares("web", image)))
		must(t, err)
		w.Wait(time.Minute)
	}
	do(reconcile.Pin, one)
	do(reconcile.Roll, two)
	do(reconcile.RollBack, one)
	w.settles(t, p, w.declares("web", one))
	do(reconcile.Roll, two)
	do(reconcile.Cancel, two)
	w.Wait(time.Hour)
	roll := w.action(t, p, reconcile.Roll, w.declares("web", gone))
	w.RemoveImage(t, gone)
	if _, err := p.Apply(t.Context(), roll); reconcile.ClassOf(err) != reconcile.Invalid {
		t.Fatalf("roll to an image that is gone: %v", err)
	}
	return w.byMoult()
}

// exampleHash is the commit of docs/cloudtrail.md.
const exampleHash = "9b1c7f0e5d3a4826b1f0c9d8e7a6b5c4d3e2f1a0"

// auditPage is docs/cloudtrail.md with the commit of these tests for its own.
func auditPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/cloudtrail.md")
	must(t, err)
	if !strings.Contains(string(text), exampleHash) {
		t.Fatalf("docs/cloudtrail.md does not speak of %s", exampleHash)
	}
	return strings.ReplaceAll(string(text), exampleHash, commit.Hash)
}

// blocks are the fenced blocks of a page in one language.
func blocks(page, language string) []string {
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// row is the text in the second cell of a table's row, by the first cell.
func row(t *testing.T, page, field string) string {
	t.Helper()
	m := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(field) + "` \\| `\"([^`]*)\"`").FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("docs/cloudtrail.md does not tell %s", field)
	}
	return m[1]
}

// like is SQL's LIKE.
func like(value, pattern string) bool {
	parts := strings.Split(pattern, "%")
	for n := range parts {
		parts[n] = regexp.QuoteMeta(parts[n])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(value)
}

// columns are a write as the queries see it.
func columns(w awssim.Write) map[string]string {
	return map[string]string{"useridentity.arn": w.Principal, "useragent": w.UserAgent}
}

var (
	comparison = regexp.MustCompile(`\(?([\w.]+) LIKE '([^']*)'`)
	eventNames = regexp.MustCompile(`(?is)eventname IN \((.*?)\)`)
)

// TestTheQueriesOfTheAuditPageFindOurWrites holds the page against what was
// sent: every comparison is true of every write of Moult's, and of nobody
// else's.
func TestTheQueriesOfTheAuditPageFindOurWrites(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		ours := w.writesOfAllKinds(t, p)
		queries := blocks(auditPage(t), "sql")
		if len(queries) != 2 {
			t.Fatalf("%d queries, want one for Athena and one for CloudTrail Lake", len(queries))
		}
		for n, query := range queries {
			compared := comparison.FindAllStringSubmatch(query, -1)
			if want := 2 - n; len(compared) != want {
				t.Errorf("query %d makes %d comparisons, want %d: the test does not read it rightly", n, len(compared), want)
			}
			for _, m := range compared {
				for _, write := range w.Writes() {
					own := slices.ContainsFunc(ours, func(o awssim.Write) bool { return o.UserAgent == write.UserAgent })
					if got := like(columns(write)[strings.ToLower(m[1])], m[2]); got != own {
						t.Errorf("%s LIKE %q is %v of a %s by %s (%s)", m[1], m[2], got, write.Action, write.Principal, write.UserAgent)
					}
				}
			}
			if diff := cmp.Diff(actions(ours), namesIn(t, query)); diff != "" {
				t.Errorf("events of query %d (-written +named):\n%s", n, diff)
			}
		}
	})
}

// actions are the kinds of writes, sorted.
func actions(writes []awssim.Write) []string {
	var all []string
	for _, w := range writes {
		all = append(all, w.Action)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// namesIn are the events that a query asks for, sorted.
func namesIn(t *testing.T, query string) []string {
	t.Helper()
	list := eventNames.FindStringSubmatch(query)
	if list == nil {
		t.Fatalf("no list of events in %s", query)
	}
	var all []string
	for _, m := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(list[1], -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

// TestTheAuditPageTellsWhatIsSent compares the values in its tables.
func TestTheAuditPageTellsWhatIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, p *Provider, w *world) {
		page := auditPage(t)
		for _, write := range w.writesOfAllKinds(t, p) {
			if got := row(t, page, "userIdentity.arn"); got != write.Principal {
				t.Errorf("the page tells the session %s, and %s is by %s", got, write.Action, write.Principal)
			}
			if got := row(t, page, "userIdentity.sessionContext.sourceIdentity"); got != write.SourceIdentity {
				t.Errorf("the page tells the source identity %s, and %s carries %s", got, write.Action, write.SourceIdentity)
			}
			if got := row(t, page, "userAgent"); !like(write.UserAgent, strings.ReplaceAll(got, "…", "%")) {
				t.Errorf("the page tells the user agent %s, and %s has %s", got, write.Action, write.UserAgent)
			}
			if _, group := write.Members["AutoScalingGroupName"]; group != (write.Service == "autoscaling") {
				t.Errorf("%s has the members %v, want the group in those of Auto Scaling", write.Action, write.Members)
			}
			if want := "moult-" + commit.Hash; !strings.Contains(page, "AttributeValue="+want+"\n") || !strings.HasSuffix(write.Principal, "/"+want) {
				t.Errorf("the page does not look up %s", want)
			}
			if !strings.Contains(page, "| `"+write.Action+"` |") {
				t.Errorf("the page does not list %s", write.Action)
			}
		}
		described := row(t, page, "requestParameters.CreateLaunchTemplateVersionRequest.VersionDescription")
		if l, ok := readLineage(described); !ok || l.Commit != commit.Hash || l.Group != w.declares("web", "").ID.String() {
			t.Errorf("the page tells the description %q, read as %+v", described, l)
		}
		tags := regexp.MustCompile(`moult:\w+`).FindAllString(page, -1)
		slices.Sort(tags)
		if diff := cmp.Diff([]string{tagImage, tagCommit}, slices.Compact(tags)); diff != "" {
			t.Errorf("tags that the page tells (-put +told):\n%s", diff)
		}
	})
}

// TestTheTrustPolicyLetsOurSessionsIn reads the policies of docs/permissions.md.
func TestTheTrustPolicyLetsOurSessionsIn(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/permissions.md")
	must(t, err)
	patterns := 0
	for _, block := range blocks(string(page), "json") {
		var policy struct {
			Statement []struct {
				Condition map[string]map[string]string
			}
		}
		if err := json.Unmarshal([]byte(block), &policy); err != nil {
			t.Errorf("read policy: %v\n%s", err, block)
		}
		for _, s := range policy.Statement {
			pattern, ok := s.Condition["StringLike"]["sts:SourceIdentity"]
			if !ok {
				continue
			}
			patterns++
			for _, session := range []string{readSession, sessionOf(commit)} {
				if !like(session, strings.ReplaceAll(pattern, "*", "%")) {
					t.Errorf("the source identity %s is not like %s", session, pattern)
				}
			}
		}
	}
	if patterns != 1 {
		t.Errorf("%d conditions on source identities, want the one of the trust policy", patterns)
	}
}
