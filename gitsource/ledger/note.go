package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
)

// note is what is written beside one commit: the agents' lines, and whatever
// people wrote by hand. A line that was an entry once and was altered counts
// as text: it is kept, and proves nothing.
type note struct {
	lines []line   // by time, each once
	text  []string // in the order in which it was written
}

func parseNote(content []byte) note {
	n := note{lines: make([]line, 0, bytes.Count(content, []byte(recordStart)))}
	for text := range strings.SplitSeq(string(content), "\n") {
		if l, err := parseLine(text); err == nil {
			n.lines = append(n.lines, l)
		} else {
			n.text = append(n.text, text)
		}
	}
	n.lines = inOrder(n.lines)
	n.text = withoutEnds(n.text)
	return n
}

// altered counts the lines that were entries once.
func (n note) altered() int {
	count := 0
	for _, text := range n.text {
		if _, err := parseLine(text); errors.Is(err, errAltered) {
			count++
		}
	}
	return count
}

// inOrder sorts lines and drops what stands there twice.
func inOrder(lines []line) []line {
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(a.compare(&b.Entry), strings.Compare(a.text, b.text))
	})
	return slices.CompactFunc(lines, func(a, b line) bool { return a.text == b.text })
}

// withoutEnds drops empty lines at the begin and the end.
func withoutEnds(text []string) []string {
	for len(text) > 0 && strings.TrimSpace(text[0]) == "" {
		text = text[1:]
	}
	for len(text) > 0 && strings.TrimSpace(text[len(text)-1]) == "" {
		text = text[:len(text)-1]
	}
	return text
}

// fitting is the note as it may be sent. One that is too large would be refused
// by every agent that fetches it, so it is written without its text, which
// stays in the steps before.
func (n note) fitting() note {
	size := int64(textBytes(n.text)) + 1
	for _, l := range n.lines {
		size += int64(len(l.text)) + 1
	}
	if size > limits.ObjectBytes {
		n.text = nil
	}
	return n
}

// content is the note as git keeps it: the agents' lines first, and what
// people wrote below an empty line.
func (n note) content() []byte {
	var b strings.Builder
	for _, l := range n.lines {
		b.WriteString(l.text + "\n")
	}
	if len(n.lines) > 0 && len(n.text) > 0 {
		b.WriteString("\n")
	}
	for _, text := range n.text {
		b.WriteString(text + "\n")
	}
	return []byte(b.String())
}

// Note is the text of a note that holds some entries, as Append writes it.
func Note(entries ...Entry) []byte {
	var n note
	for _, e := range entries {
		n = n.with(e.written())
	}
	return n.content()
}

// with is the note with more lines.
func (n note) with(lines ...line) note {
	n.lines = inOrder(slices.Concat(n.lines, lines))
	return n
}

// lacks are the lines of n that other does not have.
func (n note) lacks(other note) []line {
	has := make(map[string]bool, len(other.lines))
	for _, l := range other.lines {
		has[l.text] = true
	}
	return slices.DeleteFunc(slices.Clone(n.lines), func(l line) bool { return has[l.text] })
}

// mergeNotes is what two who wrote at once meant together. Entries are only
// ever added: one that either of them took out comes back. Text is people's
// own, so what one of them changed since base is changed.
func mergeNotes(base, ours, theirs note) note {
	merged := note{lines: inOrder(slices.Concat(base.lines, ours.lines, theirs.lines))}
	merged.text = mergeText(base.text, ours.text, theirs.text)
	return merged
}

// mostMerged is how many bytes of text are merged line by line: those of both
// sides and of what they began from, together. People write a few lines; text of
// some MiB was put there to keep whoever merges it busy, or to make a note too
// large to be sent.
const mostMerged = 1 << 20

// mergeText merges what people wrote. Of what is too much for that, theirs
// stands, unless they changed nothing: it is what the remote shows already.
func mergeText(base, ours, theirs []string) []string {
	if textBytes(base, ours, theirs) > mostMerged {
		if slices.Equal(base, theirs) {
			return ours
		}
		return theirs
	}
	inBase, inOurs, inTheirs := setOf(base), setOf(ours), setOf(theirs)
	var merged []string
	for _, text := range ours {
		if blank := strings.TrimSpace(text) == ""; blank || !inBase[text] || inTheirs[text] {
			merged = append(merged, text)
		}
	}
	for _, text := range theirs {
		if strings.TrimSpace(text) != "" && !inBase[text] && !inOurs[text] {
			merged = append(merged, text)
		}
	}
	return withoutEnds(merged)
}

// textBytes is how large some texts are together, as they are written.
func textBytes(texts ...[]string) int {
	size := 0
	for _, lines := range texts {
		for _, line := range lines {
			size += len(line) + 1
		}
	}
	return size
}

func setOf(lines []string) map[string]bool {
	set := make(map[string]bool, len(lines))
	for _, line := range lines {
		set[line] = true
	}
	return set
}
