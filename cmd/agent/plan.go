package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"moult/reconcile"
)

const planHelp = `Plan reads the repository, looks at every declared group and says what a pass
of the agent would do now. It changes nothing and needs no running agent.

Exit code 0: nothing to do. 2: something to do. 1: an error, a group that could
not be observed, a repository that cannot be read now, or no commit that may be
obeyed. What is known is printed all the same.`

func planCommand(at surroundings) *cobra.Command {
	var flags common
	var out output
	c := &cobra.Command{
		Use: "plan", Short: "say what a pass would do", Long: planHelp, Args: arguments(0, 0),
		Example: "  moult plan --repo https://git.example.com/fleet.git --path environments",
		RunE: func(c *cobra.Command, _ []string) error {
			return plan(c.Context(), at, flags, out)
		},
	}
	flags.register(c)
	out.register(c)
	return c
}

func plan(ctx context.Context, at surroundings, flags common, out output) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	a, err := newPlanner(at, flags, out)
	if err != nil {
		return err
	}
	if err := checkLedger(a); err != nil {
		return err
	}
	report, err := onePass(ctx, at, a)
	if err != nil {
		return err
	}
	if out.format == asJSON {
		err = writeJSON(at.out, report)
	} else {
		renderPlan(at.out, report, at.view(at.out))
	}
	if err == nil {
		err = prefixed("plan", a.sound(report))
	}
	if err != nil {
		return err
	}
	if out.format == asText {
		tellUndeclared(at, report, a.settings.repository.Path)
	}
	return planned(report.Plan)
}

// sound is an error where a report of one pass is not what somebody waits for who
// goes by the exit code: it is of no commit, of one that may be old, or of a
// folder that is not there.
func (a *agent) sound(r reconcile.Report) error {
	switch s := r.Stale; {
	case s != nil && s.Empty:
		return errors.New("there is nothing to go by: the repository is empty; push a first commit")
	case unreadable(s):
		return errors.New("what stands above may be old: the repository cannot be read now; the reason stands there too")
	case s != nil && r.Head.Hash == "":
		return errors.New("there is nothing to go by: no commit of the branch may be obeyed; the reason stands above")
	}
	return a.checkFolder(r.Head)
}

// checkFolder refuses a folder that is not there. Nobody can have meant it, while
// an empty one may be meant.
func (a *agent) checkFolder(head reconcile.Commit) error {
	if head.Hash == "" || a.settings.repository.Path == "" {
		return nil
	}
	there, err := a.repository.HasFolder(head.Hash)
	if err != nil || there {
		return err
	}
	return advise(fmt.Errorf("commit %s has no folder %q", head.Short(), a.settings.repository.Path), "check --path, --branch and agent.hcl")
}

// prefixed says what failed; nil stays nil.
func prefixed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// tellUndeclared says that the commit declares nothing: that may be meant, and a
// wrong path looks just like it.
func tellUndeclared(at surroundings, r reconcile.Report, path string) {
	if r.Head.Hash == "" || len(r.Plan.Answers) > 0 || len(r.Mistakes) > 0 {
		return
	}
	where, v := "", at.view(at.err)
	if path != "" {
		where = fmt.Sprintf(" in folder %q", path)
	}
	v.line(at.err, 7, "%s commit %s declares no group%s", v.paint.yellow("moult:"), r.Head.Short(), where)
	v.line(at.err, 6, "%s if that is not meant, check --path, --branch and agent.hcl", v.paint.cyan("hint:"))
}

// newPlanner is an agent for a command that looks and does not act: it logs
// what is wrong, and nothing else.
func newPlanner(at surroundings, flags common, out output) (*agent, error) {
	if err := out.check(); err != nil {
		return nil, err
	}
	s, err := flags.settings(at)
	if err != nil {
		return nil, err
	}
	s.logLevel, s.logFormat = "warn", asText
	a, err := newAgent(s, at, newLog(at.err, s, terminal(at.err)))
	if err != nil {
		return nil, err
	}
	a.source.Whole = true
	return a, nil
}

// checkLedger refuses what agent.hcl says about the ledger where the agent would. A
// key that may not be read is no reason: it is the agent's, and this may be somebody
// else.
func checkLedger(a *agent) error {
	_, err := newLedger(a.settings, a.log)
	if errors.Is(err, fs.ErrPermission) {
		a.log.Warn("key that signs the ledger not checked", "reason", err.Error(), "advice", "run as the agent's user to check it")
		return nil
	}
	return err
}

// onePass plans, and shows a person what takes so long.
func onePass(ctx context.Context, at surroundings, a *agent) (reconcile.Report, error) {
	defer showBusy(at, a.liveness)()
	report, err := a.plan(ctx)
	if err != nil {
		return report, fmt.Errorf("plan: %w", err)
	}
	return report, nil
}

// planned is how `moult plan` ends.
func planned(p reconcile.Plan) error {
	if unseen := unobserved(p); unseen > 0 {
		return advise(fmt.Errorf("plan: %d of %s could not be observed; the reasons stand above", unseen, plural(len(p.Answers), "group")),
			adviceUnobserved)
	}
	if len(p.Actions()) > 0 {
		return code(exitToDo)
	}
	return nil
}

const adviceUnobserved = "check the AWS credentials (AWS_PROFILE, role_arn) and that the region is reachable"

func unobserved(p reconcile.Plan) int {
	n := 0
	for _, a := range p.Answers {
		if a.State == reconcile.StateUnknown {
			n++
		}
	}
	return n
}
