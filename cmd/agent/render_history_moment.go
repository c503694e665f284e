package main

import (
	"fmt"
	"io"
	"strings"

	"moult/gitsource/ledger"
	"moult/reconcile"
)

// renderMoment draws one environment at one moment: a line for each group, and
// below them who asked, who approved and what came of it.
func renderMoment(w io.Writer, m momentThen, v view) {
	fmt.Fprintf(w, "%s at %s\n", v.paint.bold(tame(m.about())), v.paint.bold(instant(m.At)))
	v.line(w, 2, "%s was at %s", tame(shortRef(m.Branch)), commitThen(m.Head, v))
	if m.Rewritten != nil {
		v.line(w, 2, "%s %s", v.paint.yellow("!"), rewrittenWords(m, v))
	}
	if m.Undeclared != nil {
		v.line(w, 2, "%s %s", v.paint.yellow("!"), undeclaredWords(m, v))
	}
	if !m.Ledger {
		v.line(w, 2, "%s there is no ledger here: what was declared is known, and not what ran", v.paint.yellow("!"))
	}
	for _, mistake := range m.Mistakes {
		mistake.Message, mistake.Drawn = tameLines(mistake.Message), tameLines(mistake.Drawn)
		renderMistake(w, mistake, v)
	}
	fmt.Fprintln(w)
	if len(m.Groups) == 0 {
		renderNothing(w, m, v)
		return
	}
	rows := [][]cell{titles(v, "  GROUP", "DECLARED", "RAN", "OUTCOME")}
	for _, g := range m.Groups {
		rows = append(rows, groupRow(g, v))
	}
	writeTable(w, rows, v)
	for _, g := range m.Groups {
		fmt.Fprintln(w)
		renderGroupThen(w, g, m.Ledger, v)
	}
}

// rewrittenWords say that the branch is another today.
func rewrittenWords(m momentThen, v view) string {
	text := "the branch was rewritten since: today it does not have that commit"
	if m.Rewritten.Branch.Hash != "" {
		text += ", and would seem to have been at " + commitThen(m.Rewritten.Branch, v)
	}
	if m.Rewritten.Lost {
		text += "; nor has this clone, so what was declared then is not known here"
	}
	return text + "; the ledger tells that the agent took it up " + minuteOf(m.Rewritten.Accepted) + " UTC"
}

// undeclaredWords say that there was nothing to read at the moment, and when
// there was: the folder may not have been there yet, or no longer.
func undeclaredWords(m momentThen, v view) string {
	under := ""
	if m.Undeclared.Path != "" {
		under = " under " + tame(m.Undeclared.Path)
	}
	text := "nothing was declared" + under + " at commit " + shortHash(m.Head.Hash)
	if b := m.Undeclared.Before; b != nil {
		text += "; before, there was something up to " + commitThen(*b, v)
	}
	if a := m.Undeclared.After; a != nil {
		text += "; later, there is something from " + commitThen(*a, v)
	}
	return text
}

// about is what was asked about.
func (m momentThen) about() string {
	if m.Group == "" {
		return m.Environment
	}
	return m.Environment + "/" + m.Group
}

// renderNothing says that nothing is known, and what else there was: a name may be
// mistyped.
func renderNothing(w io.Writer, m momentThen, v view) {
	ran := "and the ledger tells of nothing that ran"
	if !m.Ledger {
		ran = "and no ledger tells what ran"
	}
	v.line(w, 0, "Nothing was declared for %s then, %s.", tame(m.about()), ran)
	switch {
	case len(m.Environments) > 0:
		v.line(w, 2, "Declared then: %s", tame(some(m.Environments)))
	case len(m.Others) > 0:
		v.line(w, 2, "In that environment there were: %s", tame(some(m.Others)))
	}
}

func groupRow(g groupThen, v view) []cell {
	declared := "-"
	switch {
	case g.Declared != nil:
		declared = g.Declared.Image
	case g.Forgotten:
		declared = "not known"
	}
	outcome := ledger.Outcome("")
	if end := g.end(); end != nil {
		outcome = end.Outcome
	}
	colour := func(text string) string { return v.paint.outcome(outcome, text) }
	return []cell{
		plain(g.glyph() + " " + groupWord(g.Group)),
		plain(tame(declared)),
		plain(tame(or(g.Image, "not known"))),
		{or(tame(strings.ReplaceAll(string(outcome), "_", " ")), "-"), colour},
	}
}

// end is the entry that says what came of it in the end.
func (g groupThen) end() *ledger.Entry {
	if g.Became != nil {
		return g.Became
	}
	return g.Last
}

// glyph is how declared and running compare.
func (g groupThen) glyph() string {
	switch {
	case g.Image == "", g.Forgotten:
		return "?"
	case g.Partly != "":
		return "~"
	case g.Declared == nil || g.Declared.Image != g.Image:
		return "≠"
	}
	return "="
}

func renderGroupThen(w io.Writer, g groupThen, known bool, v view) {
	fmt.Fprintln(w, v.paint.bold(groupWord(g.Group)))
	rows := declaredRows(g, v)
	if known {
		rows = append(rows, ranRows(g, v)...)
	}
	writeTable(w, rows, v)
}

func declaredRows(g groupThen, v view) [][]cell {
	d := g.Declared
	switch {
	case g.Forgotten:
		return [][]cell{row("declared", "not known: the branch was rewritten")}
	case d == nil:
		return [][]cell{row("declared", "no such group")}
	}
	by := commitThen(d.Commit, v)
	if d.Unattributed {
		by = "in or before " + by + ", where this shallow clone ends (git fetch --unshallow)"
	}
	return [][]cell{
		row("declared", "%s at %s", tame(d.Image), tame(d.Position)),
		row("group", "Auto Scaling group %s in %s", tame(d.AutoScalingGroup), tame(d.Region)),
		row("set by", "%s", by),
	}
}

func ranRows(g groupThen, v view) [][]cell {
	if g.Last == nil {
		return [][]cell{row("ran", "not known: the ledger tells of nothing before")}
	}
	rows := [][]cell{row("ran", "%s", ranWords(g))}
	rows = append(rows, entryRows("last", *g.Last)...)
	rows = append(rows,
		row("asked by", "%s", asker(*g.Last, v)),
		row("approved", "%s", approval(*g.Last, g.Accepted)))
	if g.Became != nil {
		rows = append(rows, entryRows("became", *g.Became)...)
	}
	return rows
}

// asker is whose commit asked for a rollout. For one that heals nobody did, and
// where the branch was set back, whoever let it.
func asker(e ledger.Entry, v view) string {
	whose := fmt.Sprintf("%s, commit %s%s", tame(or(e.Author, "somebody who is not known")), v.paint.bold(shortHash(e.Commit)), writtenIn(e))
	if e.Heals() {
		return "nobody: the agent heals drift; declared by " + whose
	}
	if e.Returns() {
		return "whoever set the branch back; declared by " + whose
	}
	return whose
}

// entryRows are what an entry says, without whom it is about.
func entryRows(title string, e ledger.Entry) [][]cell {
	words := outcomeWords(e)
	if e.From+e.To != "" {
		words += ": " + tame(imagesWord(e))
	}
	rows := [][]cell{row(title, "%s UTC %s", minuteOf(e.Time), words)}
	if by := means(e); by != "" {
		rows = append(rows, row("", "%s", by))
	}
	if e.Reason != "" {
		rows = append(rows, row("", "%s", tame(e.Reason)))
	}
	return rows
}

// means is how a rollout was done: what joins an entry to what AWS recorded.
func means(e ledger.Entry) string {
	var words []string
	if e.RefreshID != "" {
		words = append(words, "refresh "+tame(e.RefreshID))
	}
	if e.TemplateVersion > 0 {
		words = append(words, fmt.Sprintf("%s version %d", tame(e.Template), e.TemplateVersion))
	}
	if e.InstancesReplaced > 0 {
		words = append(words, plural(e.InstancesReplaced, "instance")+" replaced")
	}
	return strings.Join(words, ", ")
}

func ranWords(g groupThen) string {
	switch {
	case g.Image == "" && g.Partly == "":
		return "not known: no rollout had ended before"
	case g.Image == "":
		return "some instances " + tame(g.Partly) + ", the others not known"
	case g.Partly != "" && g.Last.Outcome == ledger.Started:
		return fmt.Sprintf("%s, and %s on some instances: a rollout was on its way", tame(g.Image), tame(g.Partly))
	case g.Partly != "":
		return fmt.Sprintf("%s, and maybe %s on some instances: a rollout had stopped on its way", tame(g.Image), tame(g.Partly))
	}
	return tame(g.Image)
}

// commitThen reads `commit 4f2a91c2 "webapp 2026.11.24" by Ada Lovelace
// <ada@example.com>, 2026-11-23 14:26 UTC`: looking back, the day counts and not
// how long ago it was.
func commitThen(c reconcile.Commit, v view) string {
	if c.Hash == "" {
		return "no commit"
	}
	line := "commit " + v.paint.bold(shortHash(c.Hash))
	if c.Subject != "" {
		line += " " + quoted(c.Subject)
	}
	if c.Author != "" {
		line += " by " + tame(c.Author)
	}
	if c.Time.IsZero() {
		return line
	}
	return line + ", " + minuteOf(c.Time) + " UTC"
}

func tameLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = tame(line)
	}
	return strings.Join(lines, "\n")
}

// writtenIn names the commit of a branch that a merge brought.
func writtenIn(e ledger.Entry) string {
	if e.Written == "" {
		return ""
	}
	return ", written in " + shortHash(e.Written)
}
