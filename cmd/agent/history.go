package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moult/gitsource/ledger"
)

const historyHelp = `History reads the record of outcomes that the agent keeps beside the commits, in
git notes (refs/notes/moult), newest first. It asks nobody: a clone is enough,
offline and without AWS credentials. By default that is the clone around the
current directory, with the notes in it:

  git fetch origin refs/notes/moult:refs/notes/moult

--at says for one environment what was declared and what ran at a moment, who
asked for it, who approved and what came of it. --image says where and when an
AMI ran. --verify goes through the whole chain of the record.

With --repo URL, or where there is no clone but an agent.hcl, it reads what the
agent keeps in its state directory, and if there is nothing it fetches.

Times are UTC unless they name a zone: 2026-03-03T14:00Z, "2026-03-03 14:00
+01:00", 2026-03-03 (its first moment).

Exit code 0: answered; with --verify, sound. 3: --verify found a breach. 1: an
error.`

func historyCommand(at surroundings) *cobra.Command {
	var flags common
	q := query{out: output{format: asText}}
	c := &cobra.Command{
		Use: "history [ENVIRONMENT[/GROUP]]", Short: "what became of each commit; what ran at a moment", Long: historyHelp, Args: arguments(0, 1),
		Example: `  moult history production/web --since 2026-03-01
  moult history production --at 2026-03-03T14:00Z
  moult history --image ami-0f3c9d5e6a7b8c9d0
  moult history --verify --allowed-signers agents.allowed`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := q.complete(c, args); err != nil {
				return err
			}
			ctx, stop := untilSignal(c.Context())
			defer stop()
			return ask(ctx, at, flags, q)
		},
	}
	q.register(c)
	flags.register(c)
	return c
}

// ask opens the record and answers the question.
func ask(ctx context.Context, at surroundings, flags common, q query) error {
	defer garbage(hurriedPercent)()
	a, err := openArchive(ctx, at, flags)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	defer a.close()
	v := at.view(at.out)
	if flags.path != "" && q.moment.IsZero() {
		err = a.checkPath(ctx)
	}
	switch {
	case err != nil:
	case q.verify:
		err = a.verify(ctx, at, q, v)
	case !q.moment.IsZero():
		err = a.tellMoment(ctx, at, q, v)
	case q.filter.Image != "":
		err = a.tellImage(at, q, v)
	default:
		err = a.tellEntries(at, q, v)
	}
	var ended code
	if err == nil || errors.As(err, &ended) {
		return err
	}
	return fmt.Errorf("history: %w", err)
}

// chapter is what `moult history` prints: what the ledger tells, newest first.
type chapter struct {
	Entries []ledger.Entry `json:"entries"`
	// More: there are older ones, which --limit leaves out.
	More bool `json:"more,omitempty"`

	others []string // where there are no entries: what the ledger tells of instead
}

func (a *archive) tellEntries(at surroundings, q query, v view) error {
	if a.book == nil {
		return a.noLedger
	}
	f := q.filter
	if f.Limit > 0 {
		f.Limit++ // to know whether there are more
	}
	entries, err := a.book.History(f)
	if err != nil {
		return err
	}
	told := chapter{Entries: entries}
	if most := q.filter.Limit; most > 0 && len(entries) > most {
		told.Entries, told.More = entries[:most], true
	}
	if len(entries) == 0 && q.out.format == asText {
		if told.others, err = a.others(q.filter); err != nil {
			return err
		}
	}
	switch q.out.format {
	case asJSON:
		told.Entries = append([]ledger.Entry{}, told.Entries...) // never null
		return writeJSON(at.out, told)
	case asCSV:
		return writeEntriesCSV(at.out, told.Entries)
	}
	renderHistory(at.out, told, v)
	return nil
}

// others names what the ledger tells of, where nothing is known by the name that
// was asked for, which may be mistyped: environments, or the groups of the one
// that was named.
func (a *archive) others(asked ledger.Filter) ([]string, error) {
	if asked.Environment == "" && asked.Group == "" {
		return nil, nil
	}
	entries, err := a.book.History(ledger.Filter{})
	if err != nil {
		return nil, err
	}
	environments, groups := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		switch {
		case e.Environment == "":
			continue
		case asked.Environment == "" || e.Environment == asked.Environment:
			groups[e.GroupID().String()] = true
			if asked.Group == "" || e.Group == asked.Group {
				return nil, nil // the name is right, and it is something else that rules all out
			}
		}
		environments[e.Environment] = true
	}
	if len(groups) > 0 {
		return slices.Sorted(maps.Keys(groups)), nil
	}
	return slices.Sorted(maps.Keys(environments)), nil
}

// imageThen is what `moult history --image` prints.
type imageThen struct {
	Image string       `json:"ami"`
	Runs  []ledger.Run `json:"runs"`

	in string // the environment or group that was asked about; empty: all
}

func (a *archive) tellImage(at surroundings, q query, v view) error {
	if a.book == nil {
		return a.noLedger
	}
	runs, err := a.book.Image(q.filter.Image)
	if err != nil {
		return err
	}
	told := imageThen{Image: q.filter.Image, Runs: []ledger.Run{}, in: strings.Trim(q.filter.Environment+"/"+q.filter.Group, "/")}
	for _, r := range runs {
		if q.about(r.Group.Environment, r.Group.Group) {
			told.Runs = append(told.Runs, r)
		}
	}
	switch q.out.format {
	case asJSON:
		return writeJSON(at.out, told)
	case asCSV:
		return writeRunsCSV(at.out, told)
	}
	renderImage(at.out, told, v)
	return nil
}

// shortName is the part of a name that tells who it is: without the address.
func shortName(who string) string {
	name, _, _ := strings.Cut(who, " <")
	return name
}
