package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"moult/gitsource/ledger"
)

// writeCSV writes a header and rows (RFC 4180).
func writeCSV(w io.Writer, header []string, rows [][]string) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, row := range rows {
		for i, text := range row {
			row[i] = inert(tame(text))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// inert is a cell that no spreadsheet takes for a formula: whoever may write a
// commit may choose its author's name. The quote is what spreadsheets themselves
// put before a text (OWASP, CSV Injection).
func inert(text string) string {
	if begin := strings.TrimSpace(text); begin != "" && strings.Contains("=+-@", begin[:1]) {
		return "'" + text
	}
	return text
}

// stampOf is a time for programs; empty when it is not known.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func number[N int | int64](n N) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func entriesHeader() []string {
	return []string{
		"time", "environment", "group", "branch", "outcome", "commit", "written", "author", "signer", "merged_by", "accepted_by", "verb", "ami_from", "ami_to",
		"plan", "template", "template_version", "refresh_id", "started", "finished", "reason",
		"instances_planned", "instances_replaced", "agent", "agent_version", "id",
	}
}

func writeEntriesCSV(w io.Writer, entries []ledger.Entry) error {
	var rows [][]string
	for _, e := range entries {
		rows = append(rows, []string{
			stampOf(e.Time), e.Environment, e.Group, e.Branch, string(e.Outcome), e.Commit, e.Written, e.Author, e.Signer, e.MergedBy, e.AcceptedBy, string(e.Verb), e.From, e.To,
			e.Plan, e.Template, number(e.TemplateVersion), e.RefreshID, stampOf(e.Started), stampOf(e.Finished), e.Reason,
			number(e.InstancesPlanned), number(e.InstancesReplaced), e.Agent, e.AgentVersion, e.ID,
		})
	}
	return writeCSV(w, entriesHeader(), rows)
}

func writeRunsCSV(w io.Writer, told imageThen) error {
	var rows [][]string
	for _, r := range told.Runs {
		rows = append(rows, []string{
			told.Image, r.Group.Environment, r.Group.Group, stampOf(r.Since), stampOf(r.Complete), stampOf(r.Until),
			string(r.Outcome), r.Commit, r.Author,
		})
	}
	return writeCSV(w, []string{"ami", "environment", "group", "since", "complete", "until", "outcome", "commit", "author"}, rows)
}

func writeMomentCSV(w io.Writer, m momentThen) error {
	header := []string{
		"at", "environment", "group", "declared_ami", "declared_at", "declared_commit", "declared_author", "ami", "partly_ami",
		"last_outcome", "last_time", "last_commit", "author", "signer", "merged_by", "accepted", "accepted_by", "refresh_id", "became", "became_time",
		"accepted_commit",
	}
	var rows [][]string
	for _, g := range m.Groups {
		var d declaredThen
		if g.Declared != nil {
			d = *g.Declared
		}
		var last, became, accepted ledger.Entry
		if g.Last != nil {
			last = *g.Last
		}
		if g.Became != nil {
			became = *g.Became
		}
		if g.Accepted != nil {
			accepted = *g.Accepted
		}
		rows = append(rows, []string{
			stampOf(m.At), g.Group.Environment, g.Group.Group, d.Image, d.Position, d.Commit.Hash, d.Commit.Author, g.Image, g.Partly,
			string(last.Outcome), stampOf(last.Time), last.Commit, last.Author, last.Signer, last.MergedBy, stampOf(accepted.Time), accepted.AcceptedBy, last.RefreshID,
			string(became.Outcome), stampOf(became.Time), accepted.Commit,
		})
	}
	return writeCSV(w, header, rows)
}
