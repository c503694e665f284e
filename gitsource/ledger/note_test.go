package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALineSaysTheSameToPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	e := became(started(2), RolledBack)
	e.Reason = "3 instances never became healthy {\"health\"}\nuntil\x1b[2J noon"
	e.InstancesReplaced = 0
	l := e.written()
	want := `2026-03-03T12:02:30Z production/web rolled_back: ` + ami(2) + ` back to ` + ami(1) +
		` in 30s; 3 instances never became healthy ("health"} until [2J noon {"time":"2026-03-03T12:02:30Z",`
	if !strings.HasPrefix(l.text, want) {
		t.Errorf("line is\n%s\nnot\n%s", l.text, want)
	}
	back, err := parseLine(l.text)
	must(t, err)
	if diff := cmp.Diff(l.Entry, back.Entry); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
	if back.Reason != `3 instances never became healthy {"health"} until [2J noon` {
		t.Errorf("reason is %q", back.Reason)
	}
}

func TestABraceInANameBreaksNoLine(t *testing.T) {
	t.Parallel()
	e := started(1)
	e.Group, e.Author = `we{b"`, "Ada {\"x\":1}"
	back, err := parseLine(e.written().text)
	if err != nil || back.Group != e.Group || back.Author != e.Author {
		t.Errorf("read back as %q by %q: %v", back.Group, back.Author, err)
	}
}

func TestTheSameEntryIsTheSameLine(t *testing.T) {
	t.Parallel()
	here := started(1)
	there := here
	there.Time = here.Time.In(time.FixedZone("CET", 3600)).Add(300 * time.Microsecond)
	if a, b := here.written().text, there.written().text; a != b {
		t.Errorf("two lines for one entry:\n%s\n%s", a, b)
	}
}

func TestAnAlteredLineIsNoEntry(t *testing.T) {
	t.Parallel()
	text := started(1).written().text
	lying := strings.Replace(text[:strings.LastIndex(text, idMember)], "web started", "web succeeded", 1)
	lying += idMember + idOf(lying) + `"}`
	for _, forged := range []string{
		lying, // with an id that fits
		strings.ReplaceAll(text, ami(1), ami(7)),
		strings.Replace(text, "production/web", "production/db", 1), // in the sentence only
		strings.Replace(text, `"instances_planned":3`, `"instances_planned":4`, 1),
		text + " ",
		strings.Replace(text, `"id":"`, `"id":"0`, 1),
	} {
		n := parseNote([]byte(forged + "\n"))
		if len(n.lines) != 0 || n.altered() != 1 || len(n.text) != 1 {
			t.Errorf("%d entries, %d altered, text %q of\n%s", len(n.lines), n.altered(), n.text, forged)
		}
	}
}

func TestALineOfALaterVersionIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	text := strings.TrimSuffix(started(1).written().text, "}")
	text, _, _ = strings.Cut(text, idMember)
	text += `,"approved_by":["Grace"]`
	text += idMember + idOf(text) + `"}`
	n := parseNote([]byte(text))
	if len(n.lines) != 1 || n.lines[0].To != ami(1) {
		t.Fatalf("entries %v of\n%s", n.lines, text)
	}
	if got := string(n.with(started(2).written()).content()); !strings.Contains(got, text+"\n") {
		t.Errorf("the line changed:\n%s", got)
	}
}

func TestMergedNotesHoldWhatBothWrote(t *testing.T) {
	t.Parallel()
	base := parseNote([]byte(started(1).written().text + "\n\nSeen by Ada.\nTypo hear.\n"))
	ours := base.with(became(started(1), Succeeded).written())
	theirs := parseNote([]byte("Seen by Ada.\nTypo here.\n")) // took the entry out, mended the typo
	theirs = theirs.with(started(3).written())
	for _, sides := range [][2]note{{ours, theirs}, {theirs, ours}} {
		merged := mergeNotes(base, sides[0], sides[1])
		var outcomes []string
		for _, l := range merged.lines {
			outcomes = append(outcomes, fmt.Sprint(l.To[len(l.To)-1:], l.Outcome))
		}
		if diff := cmp.Diff([]string{"1started", "1succeeded", "3started"}, outcomes); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Seen by Ada.", "Typo here."}, merged.text); diff != "" {
			t.Errorf("text (-want +got):\n%s", diff)
		}
	}
}

// manyLines is text of so many lines, of which no two are the same.
func manyLines(count int, what string) []string {
	lines := make([]string, count)
	for i := range lines {
		lines[i] = fmt.Sprint(what, i)
	}
	return lines
}

// TestLongTextIsMergedInNoTime: each line was once looked for in each other, and
// 40,000 of them on both sides took ten seconds, with the store locked.
func TestLongTextIsMergedInNoTime(t *testing.T) {
	t.Parallel()
	ours, theirs := manyLines(40_000, "a"), manyLines(40_000, "b")
	begun := time.Now()
	merged := mergeText(nil, ours, theirs)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if !slices.Equal(merged, slices.Concat(ours, theirs)) {
		t.Errorf("%d lines of %d are left", len(merged), len(ours)+len(theirs))
	}
}

// TestTextThatIsTooMuchIsNotMerged: two notes of 20 MiB would become one that
// nobody can fetch.
func TestTextThatIsTooMuchIsNotMerged(t *testing.T) {
	t.Parallel()
	few, long, longer := []string{"Seen by Ada."}, manyLines(100_000, "a line "), manyLines(200_000, "another ")
	for name, c := range map[string]struct{ base, ours, theirs, want []string }{
		"both changed":      {few, long, longer, longer},
		"we did":            {few, long, few, long},
		"they did":          {few, few, long, long},
		"they took it out":  {long, long, few, few},
		"theirs is the one": {nil, nil, long, long},
		"ours is the one":   {nil, long, nil, long},
		"the same":          {nil, long, long, long},
	} {
		if got := mergeText(c.base, c.ours, c.theirs); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d lines are left, not %d", name, len(got), len(c.want))
		}
	}
	note := note{text: long}.with(started(1).written())
	if both := mergeNotes(parseNote(nil), note, parseNote([]byte(started(2).written().text))); len(both.lines) != 2 {
		t.Errorf("%d entries are left of 2", len(both.lines))
	}
}

func FuzzNoteLosesNothing(f *testing.F) {
	line := started(1).written().text
	f.Add(line + "\n\nSeen by Ada.\n")
	f.Add(strings.Replace(line, "web", "db", 1))
	f.Add(acceptedCommit(1).written().text)
	f.Add("{\"time\":1}\n \n" + line + line)
	f.Add(" {" + idMember + `"}`)
	f.Fuzz(func(t *testing.T, content string) {
		n := parseNote([]byte(content))
		again := parseNote(n.content())
		if string(again.content()) != string(n.content()) {
			t.Errorf("written and read again:\n%s\nand it was\n%s", again.content(), n.content())
		}
		kept := strings.Split(string(n.content()), "\n")
		for text := range strings.SplitSeq(content, "\n") {
			if strings.TrimSpace(text) != "" && !slices.Contains(kept, text) {
				t.Errorf("lost %q", text)
			}
		}
		if both := mergeNotes(note{}, n, n); string(both.content()) != string(n.content()) {
			t.Errorf("a note merged with itself became\n%s", both.content())
		}
	})
}

func FuzzRecordReadsAsJSON(f *testing.F) {
	f.Add(started(1).record())
	f.Add(became(started(2), Failed).record())
	f.Add(acceptedCommit(3).record())
	f.Add(`{"time":"2026-03-03T12:00:00Z","group":"web","instances_planned":03}`)
	f.Add(`{"group":"a","group":"b","template_version":-1,}`)
	f.Fuzz(func(t *testing.T, text string) {
		plain, ok := readPlain(text)
		if !ok {
			return
		}
		var want Entry
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("read %q, which is no JSON: %v", text, err)
		}
		if diff := cmp.Diff(want, plain); diff != "" {
			t.Errorf("%q (-encoding/json +readPlain):\n%s", text, diff)
		}
	})
}

func TestASentenceNamesWhoAskedOnlyWhereSomebodyDid(t *testing.T) {
	t.Parallel()
	asked, heal, back, found := started(1), started(1), started(1), started(1)
	heal.Reason, back.Reason, found.Reason = begins[Settled], begins[Left], foundOnItsWay
	declared := ", declared by Ada <ada@example.com> in commit " + commitName(1)[:8]
	for want, e := range map[string]Entry{
		", by Ada <ada@example.com>":                                      asked,
		"; healing drift: no new commit asked for it" + declared:          heal,
		"; going back: the branch was set back to this commit" + declared: back,
		"; found on its way" + declared:                                   found,
	} {
		want = "2026-03-03T12:01:00Z production/web started: " + ami(0) + " to " + ami(1) + want
		if got := e.Sentence(); got != want {
			t.Errorf("it reads\n%s\nand not\n%s", got, want)
		}
	}
}
