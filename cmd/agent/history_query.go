package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"moult/gitsource/ledger"
	"moult/reconcile/declare"
)

const asCSV = "csv"

// mostShown is how many entries are shown to a person who does not say how many.
const mostShown = 30

// query is what is asked of the record.
type query struct {
	out    output
	filter ledger.Filter
	moment time.Time // --at; zero when that is not asked
	verify bool
	keys   string // file with the keys of agents

	known, excused []string // commits of the ledger

	at, since, until string // as they were typed
}

func (q *query) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&q.at, "at", "", "what was declared and what ran at this `TIME`")
	f.StringVar(&q.filter.Image, "image", "", "where and when this `AMI` ran")
	f.BoolVar(&q.verify, "verify", false, "go through the whole chain of the record")
	f.StringVar(&q.filter.Environment, "environment", "", "only of this `ENVIRONMENT`")
	f.StringVar(&q.filter.Group, "group", "", "only of groups of this `NAME`")
	f.StringVar(&q.since, "since", "", "not before this `TIME`")
	f.StringVar(&q.until, "until", "", "before this `TIME`")
	f.StringVar(&q.filter.Author, "author", "", "only where `NAME`, or a part of a name or address, wrote, signed or merged")
	f.StringVar(&q.filter.Commit, "commit", "", "only because of this `COMMIT`; its hash, or the beginning of it")
	f.IntVar(&q.filter.Limit, "limit", 0, fmt.Sprintf("at most this `NUMBER`, the newest; 0: all (default: %d as text, else all)", mostShown))
	f.StringVar(&q.keys, "allowed-signers", "", "with --verify: `FILE` with the agents' keys, as allowed_signers or public keys one a line")
	f.StringSliceVar(&q.known, "known", nil, "with --verify: a `COMMIT` that the ledger had once and must still have")
	f.StringSliceVar(&q.excused, "excuse", nil, "with --verify: a `COMMIT` of the ledger whose breach is known; it is told, and counts no more")
	f.StringVarP(&q.out.format, "output", "o", asText, "`FORMAT` to print: text, json or csv")
	notTogether(c, "at", "image", "verify")
}

// complete reads what was typed, and refuses what does not go together.
func (q *query) complete(c *cobra.Command, args []string) (err error) {
	if q.out.format != asCSV {
		if err := q.out.check(); err != nil {
			return advise(fmt.Errorf("output %q is not known", q.out.format), "use -o text, -o json or -o csv")
		}
	}
	if len(args) == 1 {
		if err := q.name(c, args[0]); err != nil {
			return err
		}
	}
	if err := q.fits(c); err != nil {
		return err
	}
	if q.filter.Since, err = parseMoment("since", q.since); err != nil {
		return err
	}
	if q.filter.Until, err = parseMoment("until", q.until); err != nil {
		return err
	}
	if q.moment, err = parseMoment("at", q.at); err != nil {
		return err
	}
	return q.check(c)
}

// name takes ENVIRONMENT or ENVIRONMENT/GROUP. Beside the first, --group may stand.
func (q *query) name(c *cobra.Command, name string) error {
	environment, group, two := strings.Cut(name, "/")
	if c.Flags().Changed("environment") {
		return advise(fmt.Errorf("history %q: the environment is named twice", name), "leave --environment out")
	}
	if two && c.Flags().Changed("group") {
		return advise(fmt.Errorf("history %q: the group is named twice", name), "leave --group out")
	}
	if environment == "" || two && group == "" || strings.Contains(group, "/") {
		return advise(fmt.Errorf("history %q: that names no environment or group", name), "write ENVIRONMENT or ENVIRONMENT/GROUP, for example production/web")
	}
	q.filter.Environment, q.filter.Group = environment, or(group, q.filter.Group)
	return nil
}

// fits refuses flags that say nothing about what is asked.
func (q *query) fits(c *cobra.Command) error {
	asked, apart, hint := "", map[string]bool{"allowed-signers": true, "known": true, "excuse": true}, "leave it out"
	filters := []string{"since", "until", "author", "commit", "limit"}
	switch {
	case q.verify:
		asked, apart = "--verify", map[string]bool{"environment": true, "group": true}
	case c.Flags().Changed("at"):
		asked = "--at"
	case c.Flags().Changed("image"):
		asked = "--image"
	default:
		filters, hint = nil, "add --verify, or leave it out"
	}
	for _, f := range filters {
		apart[f] = true
	}
	var wrong error
	c.Flags().Visit(func(f *pflag.Flag) {
		if apart[f.Name] && wrong == nil {
			wrong = advise(fmt.Errorf("history: --%s does not go with %s", f.Name, or(asked, "a list of entries")), "%s", hint)
		}
	})
	if q.verify && wrong == nil && (q.filter.Environment != "" || q.out.format == asCSV) {
		return advise(errors.New("history: --verify is about the whole ledger, as text or json"), "leave the environment and -o csv out")
	}
	return wrong
}

func (q *query) check(c *cobra.Command) error {
	if !q.moment.IsZero() && q.filter.Environment == "" {
		return advise(errors.New("history: --at is about one environment, and none is named"), "name it: moult history production --at %s", q.at)
	}
	if c.Flags().Changed("image") && !declare.IsImage(q.filter.Image) {
		return advise(fmt.Errorf("history: --image %.60q is no AMI id", q.filter.Image), `it is "ami-" and 17 (or 8) hexadecimal digits, in lower case`)
	}
	if s, u := q.filter.Since, q.filter.Until; !u.IsZero() && !s.Before(u) {
		return advise(fmt.Errorf("history: nothing lies between --since %s and --until %s", instant(s), instant(u)), "name the earlier time as --since")
	}
	if q.filter.Limit < 0 {
		return advise(errors.New("history: --limit is less than 0"), "0 shows all")
	}
	if q.out.format == asText && !c.Flags().Changed("limit") {
		q.filter.Limit = mostShown
	}
	if strings.Trim(q.filter.Commit, "0123456789abcdefABCDEF") != "" {
		return advise(fmt.Errorf("history: --commit %.40q is no hash of a commit", q.filter.Commit), "git rev-parse makes one of any name")
	}
	q.filter.Commit = strings.ToLower(q.filter.Commit)
	for flag, names := range map[string][]string{"known": q.known, "excuse": q.excused} {
		for _, name := range names {
			if !plumbing.IsHash(name) {
				return advise(fmt.Errorf("history: --%s %.40q is no whole hash", flag, name), "write all 40 digits, as --verify printed them")
			}
		}
	}
	return nil
}

// about reports whether a group is one that was asked about.
func (q query) about(environment, group string) bool {
	return (q.filter.Environment == "" || q.filter.Environment == environment) && (q.filter.Group == "" || q.filter.Group == group)
}
