package main

import (
	"time"

	"moult/reconcile"
)

// The made-up world that the drawings of the golden files show.

func sampleNow() time.Time { return time.Date(2026, 11, 23, 14, 30, 0, 0, time.UTC) }

func sampleCommit() reconcile.Commit {
	return reconcile.Commit{
		Hash: "4f2a91c2d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f", Author: "Ada Lovelace <ada@example.com>",
		Time: sampleNow().Add(-4 * time.Minute), Subject: "web: webapp 2026.11.24",
	}
}

func oldCommit() reconcile.Commit {
	return reconcile.Commit{
		Hash: "1111111122222222333333334444444455555555", Author: "Grace Hopper",
		Time: sampleNow().Add(-26 * time.Hour), Subject: "api: new base image",
	}
}

// writtenCommit is on a branch that sampleCommit merges.
func writtenCommit() reconcile.Commit {
	return reconcile.Commit{
		Hash: "77777777222222223333333344444444cccccccc", Author: "Katherine Johnson",
		Time: sampleNow().Add(-2 * time.Hour), Subject: "try webapp 2026.11.24",
	}
}

func sampleAnswer(env, group string, state reconcile.State, reason string) reconcile.Answer {
	return reconcile.Answer{
		Group: reconcile.ID{Environment: env, Group: group}, State: state, Reason: reason,
		AutoScalingGroup: group + "-" + env, Place: reconcile.Place{Region: "eu-west-1"},
		Position: "environments/" + env + ".hcl:12", Commit: oldCommit(),
		From: "ami-0a1a1a1a1a1a1a1a1", To: "ami-0a1a1a1a1a1a1a1a1", Instances: 3, Current: 3,
	}
}

// sampleAnswers is one group in each state, and one that is about to roll.
func sampleAnswers() []reconcile.Answer {
	const bad = "ami-0bad0bad0bad0bad0"
	converged := sampleAnswer("dev", "web", reconcile.StateConverged, "3 instances on ami-0a1a1a1a1a1a1a1a1")

	rolling := sampleAnswer("production", "api", reconcile.StateRolling, "replacing instances with ami-0b2b2b2b2b2b2b2b2, 46% done, 6 left")
	rolling.To, rolling.Instances, rolling.Current = "ami-0b2b2b2b2b2b2b2b2", 11, 5
	rolling.RefreshID, rolling.Percent, rolling.Since = "9e37-79b9", 46, sampleNow().Add(-6*time.Minute)
	rolling.Ends = "the refresh ends"

	start := sampleAnswer("production", "batch", reconcile.StateRolling, "replacing 3 of 3 instances with ami-0b2b2b2b2b2b2b2b2")
	start.To, start.Current, start.Commit = "ami-0b2b2b2b2b2b2b2b2", 0, sampleCommit()
	start.Action = &reconcile.Action{Verb: reconcile.Roll, Group: start.Group, Image: start.To, Preferences: reconcile.Preferences{AutoRollback: true}}
	start.Estimate = &reconcile.Estimate{Replace: 3, Instances: 3, Batches: 3, About: reconcile.Span(6 * time.Minute)}
	start.Findings = []reconcile.Finding{{Severity: reconcile.Warns, Message: "no warm-up is set: an instance counts as replaced the moment it is in service", Remedy: "set instance_warmup at environments/production.hcl:12"}}

	held := sampleAnswer("production", "web", reconcile.StateHeld, bad+" failed here and was rolled back: Instances never became healthy; i-1 failed ELB health checks")
	held.To, held.Instances, held.Current, held.Commit = bad, 10, 0, sampleCommit()
	held.Since, held.Ends, held.RefreshID = sampleNow().Add(-3*time.Minute), "a commit that changes this group", "aaaa-bbbb"

	back := sampleAnswer("staging", "api", reconcile.StateRollingBack, "going back to ami-0a1a1a1a1a1a1a1a1: a newer commit")
	back.Since, back.Ends, back.RefreshID, back.Percent = sampleNow().Add(-40*time.Second), "the rollback ends", "cccc-dddd", 20

	drifted := sampleAnswer("staging", "batch", reconcile.StateDrifted, "1 of 3 instances are not on ami-0a1a1a1a1a1a1a1a1; drift is only reported here")
	drifted.From, drifted.Current, drifted.Since = "ami-0c3c3c3c3c3c3c3c3", 2, sampleNow().Add(-50*time.Hour)
	drifted.Ends = `put it right by hand, or set drift = "heal" at environments/staging.hcl:12`

	unknown := sampleAnswer("staging", "web", reconcile.StateUnknown, "describe Auto Scaling groups: rate exceeded")
	unknown.From, unknown.Instances, unknown.Current, unknown.Ends = "", 0, 0, "the next pass looks again"
	return []reconcile.Answer{converged, rolling, start, held, back, drifted, unknown}
}

func sampleReport() reconcile.Report {
	return reconcile.Report{
		At: sampleNow().Add(-5 * time.Second), Head: sampleCommit(),
		Plan:    reconcile.Plan{Head: sampleCommit(), Answers: sampleAnswers()},
		Reverts: sampleReverts(),
	}
}

func sampleReverts() []reconcile.Revert {
	return []reconcile.Revert{{
		Group: reconcile.ID{Environment: "production", Group: "web"}, Image: "ami-0c3c3c3c3c3c3c3c3", Commit: oldCommit(),
		Problem: "is deregistered", Checked: sampleNow().Add(-time.Minute),
	}}
}

// troubledReport is of a repository that is unreachable and has mistakes.
func troubledReport() reconcile.Report {
	r := sampleReport()
	r.Plan.Answers, r.Reverts = r.Plan.Answers[:1], nil
	r.Stale = &reconcile.Stale{Since: sampleNow().Add(-90 * time.Second), Reason: "fetch https://git.example.com/fleet.git: connection refused"}
	r.Mistakes = []reconcile.Mistake{
		{Environment: "production", InForce: oldCommit(), Message: "environments/production.hcl:12:11: ami \"ami-xyz\" is no AMI id\n  12 |     ami = \"ami-xyz\"\n     |           ^\n"},
		{Environment: "qa", Message: "environments/qa.hcl:1:1: no region is declared"},
		{Environment: "lab", Sought: true, Message: "environments/lab.hcl:1:1: no region is declared"},
	}
	return r
}

// sampleLedger is a ledger that may not be sent.
func sampleLedger() *ledgerState {
	return &ledgerState{Unsent: 3, Since: sampleNow().Add(-2 * time.Hour), Problem: "access denied: deploy key is read-only; let the agent write refs/notes/moult"}
}

func sampleExplanation() explanation {
	warmup := reconcile.Span(60 * time.Second)
	a := sampleAnswers()[3]
	d := reconcile.Desired{
		Declaration: reconcile.Declaration{
			ID: a.Group, Place: a.Place, AutoScalingGroup: a.AutoScalingGroup, Image: a.To,
			Position: a.Position, Commit: sampleCommit(), Changed: sampleCommit(), Written: writtenCommit(),
			Rollout: reconcile.Rollout{InstanceWarmup: &warmup},
			Earlier: []reconcile.Earlier{{Image: a.From, Commit: oldCommit()}, {Image: sampleReverts()[0].Image, Commit: oldCommit()}},
		},
		ImageName: "webapp-2026.11.24", Architecture: "x86_64",
	}
	return explanation{
		Head: sampleCommit(), Desired: d, Answer: a, Reverts: sampleReverts(),
		Observed: reconcile.Observed{
			ID: a.Group, Exists: true, Shape: reconcile.ShapePlain, Capacity: 10, Min: 2, Max: 12,
			Saved: reconcile.Saved{Version: reconcile.Version{Template: "lt-0123456789abcdef0", Number: 7, Image: a.From, Commit: oldCommit().Hash}},
			Refreshes: []reconcile.Refresh{
				{ID: "aaaa-bbbb", Status: reconcile.RollbackSuccessful, Reason: "Instances never became healthy.", Started: sampleNow().Add(-20 * time.Minute), Ended: a.Since, Percent: 100, Targeted: true, Image: a.To, Version: reconcile.Version{Number: 8, Commit: sampleCommit().Hash}, Causes: []string{"Terminating EC2 instance: i-1 - an instance was taken out of service in response to an ELB system health check failure."}},
				{ID: "9999-8888", Status: reconcile.Successful, Started: sampleNow().Add(-26 * time.Hour), Percent: 100, Targeted: true, Image: a.From, Version: reconcile.Version{Number: 7, Commit: oldCommit().Hash}},
			},
		},
		Findings: []reconcile.Finding{
			{Severity: reconcile.Blocks, Message: "alarm web-5xx is firing: AWS would refuse the refresh", Remedy: "wait until it is OK, or look at why it fires"},
			{Severity: reconcile.Warns, Message: "the HealthCheck process is suspended: a broken image may pass for a good one", Remedy: "resume HealthCheck"},
		},
	}
}
