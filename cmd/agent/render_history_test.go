package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

func thenAt(hour, minute int) time.Time { return time.Date(2026, 3, 3, hour, minute, 0, 0, time.UTC) }

// sampleEntry is a rollout that was written down.
func sampleEntry(group string, at time.Time, outcome ledger.Outcome) ledger.Entry {
	return ledger.Entry{
		Time: at, Environment: "production", Group: group, Outcome: outcome,
		Commit: sampleCommit().Hash, Author: sampleCommit().Author, Signer: "ada@example.com", MergedBy: "Grace Hopper <grace@example.com>",
		Verb: reconcile.Roll, From: "ami-0a1a1a1a1a1a1a1a1", To: "ami-0b2b2b2b2b2b2b2b2",
		Plan: "replacing 3 of 3 instances with ami-0b2b2b2b2b2b2b2b2", Template: "lt-0123456789abcdef0", TemplateVersion: 8,
		RefreshID: "9e37-79b9", Started: at, InstancesPlanned: 3, Agent: "moult on bastion-1", AgentVersion: "1.2.3", ID: "0bda46da0fb5ba3e",
	}
}

func ended(e ledger.Entry, at time.Time, outcome ledger.Outcome, reason string) ledger.Entry {
	e.Time, e.Finished, e.Outcome, e.Reason, e.InstancesReplaced = at, at, outcome, reason, 3
	return e
}

// sampleChapter is an entry of every kind, one of a kind that is not known yet,
// and one by somebody who means harm.
func sampleChapter() chapter {
	started := sampleEntry("web", thenAt(14, 0), ledger.Started)
	failed := ended(sampleEntry("api", thenAt(12, 0), ledger.Started), thenAt(12, 20), ledger.RolledBack, "Instances never became healthy")
	pinned := ended(sampleEntry("db", thenAt(11, 0), ledger.Started), thenAt(11, 0), ledger.Succeeded, "")
	pinned.Verb, pinned.From, pinned.Written = reconcile.Pin, pinned.To, oldCommit().Hash
	held := ledger.Entry{Time: thenAt(10, 0), Environment: "staging", Group: "web", Outcome: ledger.Held, Commit: oldCommit().Hash, Author: oldCommit().Author, To: "ami-0bad0bad0bad0bad0", Reason: "ami-0bad0bad0bad0bad0 does not exist"}
	named := sampleAccepted(thenAt(9, 0))
	signed := sampleAccepted(thenAt(8, 30))
	signed.AcceptedBy, signed.Signer = "", "ada@example.com"
	hostile := ended(sampleEntry("web", thenAt(8, 0), ledger.Started), thenAt(8, 10), ledger.Superseded, "\x1b[2Jgone\r\nsucceeded")
	hostile.Author = "=HYPERLINK(\"http://evil\") \u202egnp.exe <x@example.com>"
	return chapter{More: true, Entries: []ledger.Entry{
		ended(started, thenAt(14, 10), ledger.Succeeded, ""), started, failed, pinned, held, named, signed, hostile,
	}}
}

// sampleAccepted is a commit that an operator accepted by its name.
func sampleAccepted(at time.Time) ledger.Entry {
	return ledger.Entry{
		Time: at, Branch: "main", Outcome: ledger.Accepted, Commit: sampleCommit().Hash, Author: sampleCommit().Author,
		AcceptedBy: "grace", Agent: "moult on bastion-1", AgentVersion: "1.2.3", ID: "5fba0b19c41d62ea",
	}
}

func sampleMoment() momentThen {
	started := sampleEntry("web", thenAt(13, 58), ledger.Started)
	became := ended(started, thenAt(14, 10), ledger.Succeeded, "")
	broken := ended(sampleEntry("api", thenAt(12, 0), ledger.Started), thenAt(12, 20), ledger.Failed, "Instances never became healthy")
	gone := ended(sampleEntry("old", thenAt(9, 0), ledger.Started), thenAt(9, 20), ledger.Succeeded, "")
	gone.Signer, gone.MergedBy = "", ""
	named, signed := sampleAccepted(thenAt(8, 59)), sampleAccepted(thenAt(13, 57))
	signed.AcceptedBy, signed.Signer = "", started.Signer
	declared := &declaredThen{Image: started.To, AutoScalingGroup: "web-production", Region: "eu-west-1", Position: "environments/production.hcl:12", Commit: sampleCommit()}
	id := func(name string) reconcile.ID { return reconcile.ID{Environment: "production", Group: name} }
	return momentThen{
		At: thenAt(14, 0), Environment: "production", Branch: "refs/remotes/origin/main", Head: sampleCommit(), Ledger: true,
		Groups: []groupThen{
			{Group: id("api"), Declared: declared, Image: broken.From, Partly: broken.To, Last: &broken},
			{Group: id("cache"), Declared: declared},
			{Group: id("old"), Image: gone.To, Last: &gone, Accepted: &named},
			{Group: id("web"), Declared: declared, Image: started.From, Partly: started.To, Last: &started, Became: &became, Accepted: &signed},
		},
	}
}

// poorMoment is of a clone without a ledger, at a commit with a mistake.
func poorMoment() momentThen {
	m := sampleMoment()
	m.Ledger, m.Groups = false, []groupThen{{Group: m.Groups[1].Group, Declared: m.Groups[1].Declared}}
	m.Mistakes = []reconcile.Mistake{{Environment: "production", InForce: oldCommit(), Message: "environments/\x1b[31mproduction.hcl:12:11: ami \"ami-xyz\" is no AMI id\n"}}
	return m
}

// healedMoment is of a group that the agent put right by itself.
func healedMoment() momentThen {
	m := sampleMoment()
	begun := sampleEntry("web", thenAt(13, 58), ledger.Started)
	begun.Reason = "healing drift: no new commit asked for it"
	done := ended(begun, thenAt(14, 10), ledger.Succeeded, "healing drift: done")
	m.Groups = m.Groups[3:]
	m.Groups[0].Last, m.Groups[0].Became = &begun, &done
	return m
}

func sampleImage() imageThen {
	id := func(environment string) reconcile.ID { return reconcile.ID{Environment: environment, Group: "web"} }
	return imageThen{Image: "ami-0b2b2b2b2b2b2b2b2", Runs: []ledger.Run{
		{Group: id("production"), Since: thenAt(13, 58), Complete: thenAt(14, 10), Commit: sampleCommit().Hash, Author: sampleCommit().Author, Outcome: ledger.Succeeded},
		{Group: id("staging"), Since: thenAt(10, 0), Until: thenAt(10, 20), Commit: sampleCommit().Hash, Author: sampleCommit().Author, Outcome: ledger.RolledBack},
		{Group: id("dev"), Until: thenAt(8, 0)},
	}}
}

func sampleBreach() ledger.Verified {
	return ledger.Verified{Head: oldCommit().Hash, Breaches: []ledger.Breach{{
		Ledger: oldCommit().Hash, Author: "Mallory <mallory@example.com>", Time: thenAt(3, 0), Commit: sampleCommit().Hash,
		What: "it removes 2026-03-03T12:20:00Z production/api failed: ami-0a1a1a1a1a1a1a1a1 to ami-0b2b2b2b2b2b2b2b2",
	}}}
}

func excusedBreach() ledger.Verified {
	v := ledger.Verified{Head: oldCommit().Hash, Commits: 12, Notes: 5, Entries: 14, Signed: 12, Breaches: sampleBreach().Breaches}
	v.Breaches[0].Excused = true
	return v
}

// TestHistoryDrawings holds what `moult history` prints against golden files.
func TestHistoryDrawings(t *testing.T) {
	t.Parallel()
	sound := ledger.Verified{Head: oldCommit().Hash, Commits: 12, Notes: 5, Entries: 14, Signed: 12}
	shallow := ledger.Verified{Head: oldCommit().Hash, Commits: 1, Notes: 1, Entries: 1, Unsigned: 1, Partial: true}
	refs := []string{"refs/notes/moult", "refs/notes/origin/moult"}
	drawings := map[string]func(w io.Writer, v view){
		"history.txt":              func(w io.Writer, v view) { renderHistory(w, sampleChapter(), v) },
		"history_nothing.txt":      func(w io.Writer, v view) { renderHistory(w, chapter{}, v) },
		"history_moment.txt":       func(w io.Writer, v view) { renderMoment(w, sampleMoment(), v) },
		"history_moment_poor.txt":  func(w io.Writer, v view) { renderMoment(w, poorMoment(), v) },
		"history_healed.txt":       func(w io.Writer, v view) { renderMoment(w, healedMoment(), v) },
		"history_image.txt":        func(w io.Writer, v view) { renderImage(w, sampleImage(), v) },
		"history_sound.txt":        func(w io.Writer, v view) { renderVerified(w, sound, verifiedAgainst{1, refs[:1]}, v) },
		"history_sound_partly.txt": func(w io.Writer, v view) { renderVerified(w, shallow, verifiedAgainst{0, refs}, v) },
		"history_breach.txt":       func(w io.Writer, v view) { renderVerified(w, sampleBreach(), verifiedAgainst{}, v) },
		"history_excused.txt":      func(w io.Writer, v view) { renderVerified(w, excusedBreach(), verifiedAgainst{1, refs[:1]}, v) },
		"history.json":             func(w io.Writer, _ view) { writeJSON(w, sampleChapter()) },
		"history_moment.json":      func(w io.Writer, _ view) { writeJSON(w, sampleMoment()) },
		"history_image.json":       func(w io.Writer, _ view) { writeJSON(w, sampleImage()) },
		"history_breach.json":      func(w io.Writer, _ view) { writeJSON(w, sampleBreach()) },
		"history.csv":              func(w io.Writer, _ view) { writeEntriesCSV(w, sampleChapter().Entries) },
		"history_moment.csv":       func(w io.Writer, _ view) { writeMomentCSV(w, sampleMoment()) },
		"history_image.csv":        func(w io.Writer, _ view) { writeRunsCSV(w, sampleImage()) },
	}
	for name, draw := range drawings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			draw(&text, view{now: sampleNow()})
			checkGolden(t, name, text.String())
			if name, plain := strings.CutSuffix(name, ".txt"); plain {
				var colour, folded strings.Builder
				draw(&colour, view{now: sampleNow(), paint: paint{on: true}})
				checkGolden(t, name+".ansi", visibleEscapes(colour.String()))
				draw(&folded, view{now: sampleNow(), width: narrow})
				checkGolden(t, name+".narrow.txt", folded.String())
			}
		})
	}
}

func TestNoTextOfARepositoryReachesTheTerminalAsItIs(t *testing.T) {
	t.Parallel()
	hostile := "a\x1b[2J\r\u202e\u0085\ufeffb\n"
	e := ledger.Entry{
		Time: thenAt(8, 0), Environment: hostile, Group: hostile, Branch: hostile, Written: hostile, AcceptedBy: hostile, Outcome: ledger.Outcome(hostile), Commit: hostile, Author: hostile, Signer: hostile,
		MergedBy: hostile, Verb: reconcile.Verb(hostile), From: hostile, To: hostile + "x", Plan: hostile, Template: hostile, TemplateVersion: 1,
		RefreshID: hostile, Reason: hostile, Agent: hostile, AgentVersion: hostile, ID: hostile,
	}
	accepted := e
	accepted.Outcome = ledger.Accepted
	c := reconcile.Commit{Hash: hostile, Author: hostile, Subject: hostile, Time: thenAt(8, 0)}
	m := momentThen{
		At: thenAt(9, 0), Environment: hostile, Branch: hostile, Head: c, Ledger: true,
		Mistakes: []reconcile.Mistake{{Environment: "x", Message: hostile}},
		Groups: []groupThen{{
			Group: e.GroupID(), Declared: &declaredThen{Image: hostile, AutoScalingGroup: hostile, Region: hostile, Position: hostile, Commit: c},
			Image: hostile, Partly: hostile, Last: &e, Became: &e, Accepted: &accepted,
		}},
	}
	var text strings.Builder
	v := view{now: sampleNow()}
	renderHistory(&text, chapter{Entries: []ledger.Entry{e, accepted}}, v)
	renderMoment(&text, m, v)
	renderImage(&text, imageThen{Image: hostile, Runs: []ledger.Run{{Group: e.GroupID(), Author: hostile, Commit: hostile, Outcome: e.Outcome}}}, v)
	renderVerified(&text, ledger.Verified{Breaches: []ledger.Breach{{Ledger: "1", Author: hostile, What: hostile}}}, verifiedAgainst{}, v)
	for _, r := range text.String() {
		if r != '\n' && tame(string(r)) != string(r) {
			t.Fatalf("%q is written:\n%q", r, text.String())
		}
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ada": "Ada", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "' =1", " =1": "' =1", "a=1": "a=1",
	} {
		if got := inert(tame(text)); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

func TestMomentsAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	want := thenAt(14, 0)
	for _, text := range []string{
		"2026-03-03T14:00Z", "2026-03-03T14:00:00Z", "2026-03-03T14:00:00.000Z", "2026-03-03 14:00", "2026-03-03 14:00:00", "2026-03-03T14:00",
		"2026-03-03 14:00Z", "2026-03-03 14:00 UTC", "2026-03-03t14:00z", "2026-03-03T15:00+01:00", "2026-03-03 15:00 +01:00", "2026-03-03 15:00 +0100",
		"2026-03-03T09:00:00-05:00", " 2026-03-03T14:00Z ", "2026-03-03 14:00:00 +0000",
	} {
		if got, err := parseMoment("at", text); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
	if got, err := parseMoment("at", "2026-03-03"); err != nil || instant(got) != "2026-03-03 00:00:00 UTC" {
		t.Errorf("a day is %s, %v", got, err)
	}
	for _, text := range []string{"yesterday", "2026-13-01", "14:00", "2026-03-03T14:00 CET", "03/03/2026", "2026-02-30"} {
		if got, err := parseMoment("at", text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestAnAcceptanceIsOfTheBranchAndNotLaterThanTheMoment(t *testing.T) {
	t.Parallel()
	early, late, elsewhere := sampleAccepted(thenAt(9, 0)), sampleAccepted(thenAt(15, 0)), sampleAccepted(thenAt(13, 0))
	elsewhere.Branch = "release"
	entries := []ledger.Entry{late, elsewhere, early}
	for _, ref := range []string{"refs/heads/main", "refs/remotes/origin/main"} {
		m := momentThen{At: thenAt(14, 0), Branch: ref}
		if got := m.acceptance(entries); got == nil || !got.Time.Equal(early.Time) {
			t.Errorf("of %s it is %v", ref, got)
		}
	}
	if got := (momentThen{At: thenAt(8, 0), Branch: "refs/heads/main"}).acceptance(entries); got != nil {
		t.Errorf("before any it is %v", got)
	}
}
