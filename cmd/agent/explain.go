package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moult/reconcile"
)

const explainHelp = `Explain looks at one group and tells all that is known of it: what is declared
and by which commit, what runs, where it stands and why, since when and what
ends it, what a refresh started now would meet, and what was tried before.

It looks for itself and needs no running agent.`

func explainCommand(at surroundings) *cobra.Command {
	var flags common
	var out output
	c := &cobra.Command{
		Use: "explain ENVIRONMENT/GROUP", Short: "say why one group is not there yet", Long: explainHelp, Args: arguments(1, 1),
		Example: "  moult explain production/web",
		RunE: func(c *cobra.Command, args []string) error {
			return explain(c.Context(), at, flags, out, args[0])
		},
	}
	flags.register(c)
	out.register(c)
	return c
}

func explain(ctx context.Context, at surroundings, flags common, out output, name string) error {
	id, err := parseID(name)
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	a, err := newPlanner(at, flags, out)
	if err != nil {
		return err
	}
	done := showBusy(at, a.liveness)
	told, err := examine(ctx, a.liveness.source(a.last), a.liveness.provider(a.provider), id)
	done()
	if err != nil {
		return fmt.Errorf("explain %s: %w", id, err)
	}
	told.Answer.Since = sinceWhen(ctx, a.settings, told.Answer)
	if out.format == asJSON {
		return writeJSON(at.out, told)
	}
	renderExplanation(at.out, told, at.view(at.out))
	return nil
}

// sinceWhen is since when it stands like that, as AWS tells or else a running agent
// that says the same. Whoever looks once cannot know, and nobody else needs to be
// there.
func sinceWhen(ctx context.Context, s settings, a reconcile.Answer) time.Time {
	if !a.Since.IsZero() || a.State == reconcile.StateConverged {
		return a.Since
	}
	report, err := askAgent(ctx, s.socketPath())
	if err != nil {
		return time.Time{}
	}
	for _, told := range report.Plan.Answers {
		if told.Group == a.Group && told.State == a.State && told.Reason == a.Reason {
			return told.Since
		}
	}
	return time.Time{}
}

func parseID(name string) (reconcile.ID, error) {
	environment, group, ok := strings.Cut(name, "/")
	if !ok || environment == "" || group == "" || strings.Contains(group, "/") {
		return reconcile.ID{}, advise(fmt.Errorf("explain %q: that names no group", name), "write ENVIRONMENT/GROUP, for example production/web")
	}
	return reconcile.ID{Environment: environment, Group: group}, nil
}

// examine takes one group through a pass of its own, up to the action.
func examine(ctx context.Context, source reconcile.Source, provider reconcile.Provider, id reconcile.ID) (explanation, error) {
	declared, err := source.Read(ctx)
	if err != nil {
		return explanation{}, err
	}
	e := explanation{Head: declared.Head, Mistakes: concerning(declared.Mistakes, id), Stale: declared.Stale}
	declaration, err := find(declared, id)
	if err != nil {
		return e, err
	}
	desired, err := provider.Resolve(ctx, declaration.Place, []reconcile.Declaration{declaration})
	if err != nil {
		return e, advise(err, adviceUnobserved)
	}
	observed, err := provider.Observe(ctx, declaration.Place, desired)
	if err != nil {
		return e, advise(err, adviceUnobserved)
	}
	plan := reconcile.Diff(desired, observed, time.Now())
	for _, guard := range []reconcile.Guard{reconcile.Doctor(desired, observed), reconcile.Attributed(desired)} {
		plan = guard(plan)
	}
	e.Desired, e.Observed, e.Answer = desired[0], observed[0], plan.Answers[0]
	e.Findings = reconcile.Examine(desired[0], observed[0])
	e.Reverts, err = closedWays(ctx, provider, declaration)
	return e, err
}

// concerning are the mistakes that may keep a group from being what is declared:
// those of its environment, and those of which it cannot be told whose they are.
func concerning(all []reconcile.Mistake, id reconcile.ID) []reconcile.Mistake {
	return slices.DeleteFunc(slices.Clone(all), func(m reconcile.Mistake) bool {
		return m.Environment != "" && m.Environment != id.Environment
	})
}

// closedWays asks which images that the group was declared to run before could
// not be launched any more.
func closedWays(ctx context.Context, provider reconcile.Provider, d reconcile.Declaration) ([]reconcile.Revert, error) {
	checker, ok := provider.(reconcile.ImageChecker)
	if !ok || len(d.Earlier) == 0 {
		return nil, nil
	}
	var images []string
	for _, e := range d.Earlier {
		images = append(images, e.Image)
	}
	problems, err := checker.CheckImages(ctx, d.Place, images)
	if err != nil {
		return nil, fmt.Errorf("check earlier images: %w", err)
	}
	var closed []reconcile.Revert
	for _, e := range d.Earlier {
		if problem := problems[e.Image]; problem != "" {
			closed = append(closed, reconcile.Revert{Group: d.ID, Image: e.Image, Commit: e.Commit, Problem: problem, Checked: time.Now()})
		}
	}
	return closed, nil
}

// find is the declaration of a group, or an error that says which groups there
// are.
func find(declared reconcile.Declared, id reconcile.ID) (reconcile.Declaration, error) {
	if declared.Head.Hash == "" && declared.Stale != nil && declared.Stale.Held {
		return reconcile.Declaration{}, errors.New(declared.Stale.Reason) // which says that none is in force
	}
	if declared.Head.Hash == "" && declared.Stale != nil {
		return reconcile.Declaration{}, fmt.Errorf("no commit is in force: %s", declared.Stale.Reason)
	}
	var near []string
	for _, d := range declared.Groups {
		if d.ID == id {
			return d, nil
		}
		if d.ID.Environment == id.Environment || d.ID.Group == id.Group {
			near = append(near, d.ID.String())
		}
	}
	err := fmt.Errorf("commit %s declares no such group", declared.Head.Short())
	if slices.ContainsFunc(declared.Mistakes, func(m reconcile.Mistake) bool { return m.Environment == id.Environment }) {
		return reconcile.Declaration{}, advise(err, "its environment has mistakes; `moult plan` shows them")
	}
	if len(declared.Groups) == 0 && len(declared.Mistakes) == 0 {
		return reconcile.Declaration{}, advise(err, "it declares none at all there; check --path, --branch and agent.hcl")
	}
	if len(near) == 0 {
		return reconcile.Declaration{}, advise(err, "`moult plan -o json` lists all groups")
	}
	return reconcile.Declaration{}, advise(err, "it declares %s; `moult plan -o json` lists all groups", some(near))
}
