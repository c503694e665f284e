package main

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// ledgerTell writes an outcome down and pushes it, signed with the key of
// git-signer unless told otherwise.
func ledgerTell(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 7, "ledger-tell REPOSITORY ENVIRONMENT/GROUP OUTCOME COMMIT FROM TO TIME [unsigned]")
	environment, group, _ := strings.Cut(args[1], "/")
	at, err := time.Parse(time.RFC3339, args[6])
	ts.Check(err)
	signer, err := newCommitSigner()
	ts.Check(err)
	l := ledger.Ledger{
		Dir: filepath.Join(ts.Getenv("STATE_DIRECTORY"), "ledger"), Remote: ledger.Remote{URL: ts.MkAbs(args[0])}, Log: quietLog(),
		Agent: ledger.Agent{Name: "moult on bastion-1", Email: "moult@example.com", Version: "1.2.3"}, Key: signer.Signer,
	}
	if len(args) > 7 {
		l.Key = nil
	}
	defer l.Close()
	e := ledger.Entry{
		Time: at, Environment: environment, Group: group, Outcome: ledger.Outcome(args[2]), Commit: args[3],
		Author: "Ada Lovelace <ada@example.com>", Signer: "ada@example.com", MergedBy: "Grace Hopper <grace@example.com>",
		Verb: reconcile.Roll, From: args[4], To: args[5], RefreshID: "refresh-" + args[5], Started: at,
	}
	if e.Outcome.Final() {
		e.Finished, e.InstancesReplaced = at, 3
	}
	ts.Check(l.Append(bounded(ts), at, e))
	_, err = l.Push(bounded(ts), at)
	ts.Check(err)
}
