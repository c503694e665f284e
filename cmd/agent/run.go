package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"moult/reconcile"
)

const runHelp = `Run the agent: poll the repository, look at every declared group, and replace
instances where they differ from what is declared. It never changes a running
instance and never changes a capacity.

Everything that it needs to remember is in git and in AWS, so it may be stopped
and killed at any moment. Ctrl-C and SIGTERM end it at once. SIGHUP makes it
poll at once, as do webhooks where agent.hcl asks for them.

--until-converged waits for as long as it takes: also for a repository that is
empty or cannot be read, because nobody knows then what is declared.

Exit code of --until-converged: 0 when all groups are converged, 3 when one is
held, has drifted or is declared with a mistake, and so needs a commit or a
person. That of --once: 0 when a pass was made by the newest commit that could
be read. 1 is always an error: also that nothing is in force, that the
repository cannot be read now, or that it has no folder --path.`

// runFlags are the flags of `moult run`.
type runFlags struct {
	common
	output
	once, untilConverged, dryRun bool
	poll, interval               waitFlag
}

func runCommand(at surroundings) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use: "run", Short: "run the agent", Long: runHelp, Args: arguments(0, 0),
		Example: "  moult run --repo https://git.example.com/fleet.git --path environments\n  moult run --until-converged --repo .",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.output.check(); err != nil {
				return err
			}
			ctx, stop := untilSignal(c.Context())
			defer stop()
			if f.once || f.untilConverged {
				return runWatched(ctx, at, f)
			}
			return runForever(ctx, at, f)
		},
	}
	f.common.register(c)
	f.output.register(c)
	c.Flags().BoolVar(&f.once, "once", false, "make one pass and exit")
	c.Flags().BoolVar(&f.untilConverged, "until-converged", false, "exit when all groups are converged (0) or one is held (3)")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "look, plan and report, and change nothing")
	c.Flags().Var(&f.poll, "poll", "how often git is asked for a new commit (default 30s)")
	c.Flags().Var(&f.interval, "interval", "how often the cloud is looked at while nothing moves (default 1m0s)")
	notTogether(c, "once", "until-converged")
	notTogether(c, "dry-run", "until-converged")
	return c
}

// settings are the common settings, with the flags that only run has.
func (f runFlags) settings(at surroundings) (settings, error) {
	s, err := f.common.settings(at)
	if f.poll > 0 {
		s.poll = time.Duration(f.poll)
	}
	if f.interval > 0 {
		s.interval = time.Duration(f.interval)
	}
	return s, err
}

// runForever is the agent that nobody waits for: it logs, answers `moult status`, and
// tells systemd how it is.
func runForever(ctx context.Context, at surroundings, f runFlags) error {
	defer garbage(restPercent)()
	s, err := f.settings(at)
	if err != nil {
		return err
	}
	log := newLog(at.err, s, terminal(at.err))
	a, err := newAgent(s, at, log)
	if err != nil {
		return err
	}
	hints := newHints()
	ctx = untilHangup(ctx, at, hints)
	hook, err := openWebhook(ctx, s.webhook, log)
	if err != nil {
		return err
	}
	if !f.dryRun {
		if err := a.remember(stopPatience); err != nil {
			return err
		}
	}
	desk := desk{Ledger: a.scribe.state}
	closed, err := desk.serve(ctx, s.socketPath())
	if err != nil {
		return err
	}
	log.Info("agent started", "version", version().Version, "repository", a.repository, "branch", s.branch(),
		"path", s.repository.Path, "state_dir", s.stateDir, "dry_run", f.dryRun)
	go hook.serve(ctx, hints)
	err = a.attend(ctx, &desk, hints, f.dryRun)
	<-closed
	log.Info("agent stopped", "reason", context.Cause(ctx).Error())
	return err
}

// attend goes round until ctx ends, and reports to the desk and to systemd.
func (a *agent) attend(ctx context.Context, desk *desk, hints hints, dryRun bool) error {
	defer a.scribe.begin(ctx)()
	systemd := &notifier{Send: sendToSystemd}
	watchdog, _ := daemon.SdWatchdogEnabled(false) // 0 without one
	go systemd.guard(ctx, a.liveness, a.settings.poll, watchdog)
	a.last.Unreadable = desk.excuse
	loop := a.loop()
	loop.DryRun, loop.Wake = dryRun, hints.wake(ctx, a.news(ctx), a.log)
	loop.Report = func(r reconcile.Report) {
		a.scribe.report(r)
		desk.put(r)
		systemd.report(r, len(a.last.now().Groups))
	}
	err := loop.Run(ctx)
	systemd.Send(daemon.SdNotifyStopping)
	return err
}
