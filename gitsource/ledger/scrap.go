package ledger

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// scrap is a line of a note that nobody has read yet. Reading one takes longer
// than finding it, and most of a large ledger is about something else than what
// is asked for.
type scrap struct {
	commit plumbing.Hash
	text   string
}

// second is when the line was written, as it stands there: to the second, and
// in an order that is that of time. It is part of the heading, which the record
// must agree with.
func (s scrap) second() string { return s.text[:len(time.DateOnly+"T15:04:05Z")] }

// scraps are the lines of a note in which all the words stand.
func scraps(p page, content []byte, words []string) []scrap {
	if !containsAll(content, words) {
		return nil
	}
	var found []scrap
	for text := range bytes.Lines(content) {
		text = bytes.TrimSuffix(text, []byte("\n"))
		if len(text) > len(time.RFC3339) && bytes.Contains(text, []byte(idMember)) && containsAll(text, words) {
			found = append(found, scrap{p.commit, string(text)})
		}
	}
	return found
}

func containsAll(text []byte, words []string) bool {
	for _, word := range words {
		if !bytes.Contains(text, []byte(word)) {
			return false
		}
	}
	return true
}

// read is the entry on a scrap; nil where there is none, or one of another
// commit.
func (s scrap) read() *Entry {
	l, err := parseLine(s.text)
	if err != nil || l.Commit != s.commit.String() {
		return nil
	}
	return &l.Entry
}

// readAll reads scraps on all processors, and returns the entries that a filter
// picks, in no order.
func readAll(all []scrap, picks func(*Entry) bool) []*Entry {
	workers := runtime.GOMAXPROCS(0)
	read := make([][]*Entry, workers)
	var working sync.WaitGroup
	for i := range workers {
		part := all[len(all)*i/workers : len(all)*(i+1)/workers]
		working.Go(func() {
			for _, s := range part {
				if e := s.read(); e != nil && picks(e) {
					read[i] = append(read[i], e)
				}
			}
		})
	}
	working.Wait()
	return slices.Concat(read...)
}

// leastRead is how many scraps are read at once at least.
const leastRead = 256

// newestOf reads scraps, the newest first, until there are as many entries as
// are wanted; 0 means all. An entry that stands there twice is one.
func newestOf(all []scrap, want int, picks func(*Entry) bool) []*Entry {
	slices.SortFunc(all, func(a, b scrap) int { return strings.Compare(b.second(), a.second()) })
	var picked []*Entry
	for len(all) > 0 && (want == 0 || len(picked) < want) {
		some := len(all)
		if want > 0 {
			some = min(some, max(leastRead, 2*want))
		}
		for some < len(all) && all[some].second() == all[some-1].second() {
			some++
		}
		picked = inTime(append(picked, readAll(all[:some], picks)...))
		all = all[some:]
	}
	if want > 0 && len(picked) > want {
		picked = picked[:want]
	}
	return picked
}

// inTime sorts entries, the newest first, and drops what is there twice.
func inTime(entries []*Entry) []*Entry {
	slices.SortFunc(entries, func(x, y *Entry) int { return y.compare(x) })
	return slices.CompactFunc(entries, func(x, y *Entry) bool { return x.ID == y.ID && x.Commit == y.Commit })
}
