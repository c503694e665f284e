package main

import (
	"fmt"
	"io"
	"strings"

	"moult/reconcile"
)

// explanation is all that is known of one group.
type explanation struct {
	Head     reconcile.Commit    `json:"head"`
	Mistakes []reconcile.Mistake `json:"mistakes,omitempty"`
	Stale    *reconcile.Stale    `json:"stale,omitempty"`
	Desired  reconcile.Desired   `json:"desired"`
	Observed reconcile.Observed  `json:"observed"`
	Answer   reconcile.Answer    `json:"answer"`
	Findings []reconcile.Finding `json:"findings,omitempty"`
	Reverts  []reconcile.Revert  `json:"reverts,omitempty"`
}

// renderExplanation tells one group's story: what is declared, what runs, why
// it stands where it stands, what a refresh would meet, what was tried.
func renderExplanation(w io.Writer, e explanation, v view) {
	fmt.Fprintf(w, "%s\n\n", headline(e.Answer, v.paint))
	writeTable(w, explanationRows(e, v), v)
	renderFindings(w, e, v)
	renderRefreshes(w, e.Observed.Refreshes, v)
	if len(e.Reverts) > 0 {
		fmt.Fprintln(w)
		renderReverts(w, e.Reverts, v)
	}
	if e.Stale != nil || len(e.Mistakes) > 0 {
		fmt.Fprintln(w)
		renderHead(w, reconcile.Report{Head: e.Head, Mistakes: e.Mistakes, Stale: e.Stale}, v)
	}
}

func explanationRows(e explanation, v view) [][]cell {
	a, d := e.Answer, e.Desired
	rows := [][]cell{
		row("declared", "%s at %s", imageWords(d), d.Position),
		row("set by", "%s", setBy(d.Declaration, v)),
	}
	if d.Written.Hash != "" {
		rows = append(rows, row("written", "in %s, merged by commit %s", commitLine(d.Written, v), d.Commit.Short()))
	}
	if d.Changed.Hash != d.Commit.Hash && !d.Unattributed {
		rows = append(rows, row("changed by", "%s", commitLine(d.Changed, v)))
	}
	if len(d.Earlier) > 0 {
		rows = append(rows, row("earlier", "%s", earlierWords(d.Earlier)))
	}
	rows = append(rows, row("group", "Auto Scaling group %s in %s", d.AutoScalingGroup, d.Place.Region))
	if e.Observed.Exists {
		rows = append(rows, row("runs", "%s", runs(e)), row("saved", "%s", savedWords(e.Observed.Saved)))
	}
	rows = append(rows, row("why", "%s", a.Reason))
	if !a.Since.IsZero() {
		rows = append(rows, row("since", "%s", moment(a.Since, v.now)))
	}
	if a.Ends != "" {
		rows = append(rows, row("ends", "%s", a.Ends))
	}
	if a.Action != nil {
		rows = append(rows, row("next", "the agent does it on its next pass; `moult plan` shows the action"))
	}
	return rows
}

// setBy is the commit that put the image in force.
func setBy(d reconcile.Declaration, v view) string {
	if d.Unattributed {
		return "not known yet: the history of the repository is still being read"
	}
	return commitLine(d.Commit, v)
}

func earlierWords(earlier []reconcile.Earlier) string {
	var words []string
	for _, e := range earlier {
		words = append(words, fmt.Sprintf("%s (commit %s)", e.Image, e.Commit.Short()))
	}
	return strings.Join(words, ", ")
}

func row(title, format string, args ...any) []cell {
	return []cell{plain("  " + title), plain(fmt.Sprintf(format, args...))}
}

func imageWords(d reconcile.Desired) string {
	if d.ImageName == "" {
		return d.Image
	}
	return fmt.Sprintf("%s (%s)", d.Image, d.ImageName)
}

// runs says which images run, and how many instances may run.
func runs(e explanation) string {
	return fmt.Sprintf("%s in service%s; desired capacity %d, from %d to %d",
		plural(e.Answer.Instances, "instance"), spread(e), e.Observed.Capacity, e.Observed.Min, e.Observed.Max)
}

// spread says how many of the instances in service run what is declared, and what
// the others run.
func spread(e explanation) string {
	a, all := e.Answer, "all "
	if a.Instances == 1 {
		all = ""
	}
	switch others := serving(e.Observed, a.From); {
	case a.Instances == 0:
		return ""
	case a.Current == a.Instances:
		return fmt.Sprintf(", %son %s", all, a.To)
	case a.Current == 0 && others == a.Instances:
		return fmt.Sprintf(", %son %s instead of %s", all, a.From, a.To)
	case a.From == "" || a.From == a.To:
		return fmt.Sprintf(", %d of them on %s", a.Current, a.To)
	case others == a.Instances-a.Current:
		return fmt.Sprintf(", %d of them on %s, %d on %s", a.Current, a.To, others, a.From)
	}
	return fmt.Sprintf(", %d of them on %s, most on %s", a.Current, a.To, a.From)
}

// serving is how many instances in service run an image.
func serving(o reconcile.Observed, image string) int {
	n := 0
	for _, i := range o.Instances {
		if i.InService() && i.Image == image {
			n++
		}
	}
	return n
}

func savedWords(s reconcile.Saved) string {
	if s.Template == "" {
		return "no launch template"
	}
	version := fmt.Sprintf("version %d", s.Number)
	if s.Floating != "" {
		version = fmt.Sprintf("%s, which means version %d now", s.Floating, s.Number)
	}
	text := fmt.Sprintf("launch template %s, %s, with %s", s.Template, version, s.Image)
	if s.Commit != "" {
		text += ", made for commit " + reconcile.Commit{Hash: s.Commit}.Short()
	}
	return text
}

func renderFindings(w io.Writer, e explanation, v view) {
	if len(e.Findings) == 0 {
		return
	}
	fmt.Fprintln(w, "\nIf a refresh started now:")
	for _, f := range e.Findings {
		word := v.paint.yellow("note   ")
		if f.Severity == reconcile.Blocks {
			word = v.paint.red("blocked")
		}
		v.line(w, 11, "  %s  %s", word, f.Message)
		v.line(w, 15, "           %s", v.paint.faint("do: "+f.Remedy))
	}
}

func renderRefreshes(w io.Writer, refreshes []reconcile.Refresh, v view) {
	if len(refreshes) == 0 {
		return
	}
	fmt.Fprintln(w, "\nInstance refreshes, newest first:")
	for _, r := range refreshes {
		v.line(w, 6, "  %s  %s %d%%, to %s%s", moment(r.Started, v.now), v.paint.bold(string(r.Status)), r.Percent, target(r), origin(r))
		if r.Reason != "" {
			v.line(w, 6, "      %s", r.Reason)
		}
		for _, cause := range r.Causes {
			v.line(w, 6, "      %s", v.paint.faint(cause))
		}
	}
}

func target(r reconcile.Refresh) string {
	switch {
	case r.Image != "":
		return r.Image
	case r.Targeted:
		return "an image that could not be learnt"
	}
	return "what the group had saved"
}

// origin is the commit that the template version of a refresh was made for. That is
// seldom the one that the refresh was started for: a version is found again by a
// revert, and by whatever heals.
func origin(r reconcile.Refresh) string {
	if r.Version.Commit == "" {
		return ""
	}
	return fmt.Sprintf(", with version %d, made for commit %s", r.Version.Number, reconcile.Commit{Hash: r.Version.Commit}.Short())
}
