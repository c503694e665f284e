package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"moult/gitsource/gittest"
	"moult/gitsource/ledger"
	"moult/reconcile"
)

// addLedger writes an outcome down for each commit of main, as an agent would
// have in all that time, and returns how many there are.
func addLedger(origin string) (int, error) {
	log, err := gittest.Git(origin, "log", "--first-parent", "--reverse", "--format=%H %ct", "main")
	if err != nil {
		return 0, err
	}
	commits := strings.Split(log, "\n")
	notes := make([]string, len(commits))
	for n, line := range commits {
		if notes[n], err = noteOf(n, line); err != nil {
			return 0, err
		}
	}
	return len(notes), gittest.Import(origin, func(w io.Writer) {
		fmt.Fprintf(w, "commit %s\ncommitter moult <moult@localhost> %d +0000\ndata 8\noutcomes\n", ledger.Ref, time.Now().Unix())
		for _, note := range notes {
			io.WriteString(w, note) // what the pipe refuses, fast-import will miss
		}
	})
}

// noteOf is the note of the nth commit as git-fast-import(1) takes it.
func noteOf(n int, line string) (string, error) {
	var commit string
	var at int64
	if _, err := fmt.Sscan(line, &commit, &at); err != nil {
		return "", err
	}
	began := time.Unix(at, 0).UTC()
	e := ledger.Entry{
		Time: began.Add(time.Second), Environment: fmt.Sprintf("file-%05d", n%300), Group: "g0", Outcome: ledger.Started,
		Commit: commit, Author: "Ann Author <ann@example.com>", Verb: reconcile.Roll,
		From: fmt.Sprintf("ami-%017x", n), To: fmt.Sprintf("ami-%017x", n+1), Plan: "replacing 10 of 10 instances",
		Template: "lt-0123456789abcdef0", TemplateVersion: int64(n), RefreshID: fmt.Sprintf("refresh-%d", n),
		Started: began, InstancesPlanned: 10, Agent: "moult", AgentVersion: "1.0.0",
	}
	done := e
	done.Time, done.Finished, done.Outcome, done.InstancesReplaced = began.Add(time.Hour), began.Add(time.Hour), ledger.Succeeded, 10
	text := ledger.Note(e, done)
	return fmt.Sprintf("N inline %s\ndata %d\n%s\n", commit, len(text), text), nil
}
