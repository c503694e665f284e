package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Two agents and a person write as a seed has it: they write, fetch and push
// in any order, on stores and clones of their own. In the end everything that
// anybody wrote is there, and git finds nothing wrong.
func TestNothingIsLostWhoeverWritesWhen(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(t, seed)
			for range 30 {
				s.step()
			}
			s.settle()
			s.check()
		})
	}
}

type schedule struct {
	t       *testing.T
	dice    *rand.Rand
	fleet   fleet
	agents  []*Ledger
	person  string // the clone of the person
	entries []string
	words   []string
	clock   time.Time
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	f := newFleet(t, 3)
	s := &schedule{t: t, dice: rand.New(rand.NewPCG(seed, 1)), fleet: f, person: f.clone(t), clock: noon}
	s.agents = []*Ledger{newLedger(t, "one", f.bare), newLedger(t, "two", overHTTP(t, f, nil))}
	return s
}

func (s *schedule) step() {
	s.clock = s.clock.Add(time.Minute)
	agent := s.agents[s.dice.IntN(len(s.agents))]
	switch s.dice.IntN(7) {
	case 0, 1, 2:
		s.write(agent)
	case 3:
		_, err := agent.Fetch(background, s.clock)
		must(s.t, err)
	case 4:
		_, err := agent.Push(background, s.clock)
		must(s.t, err)
	case 5:
		s.speak()
	case 6:
		s.share()
	}
}

func (s *schedule) write(agent *Ledger) {
	e := s.fleet.started(s.dice.IntN(3))
	e.Time, e.Started = s.clock, s.clock
	e.RefreshID = fmt.Sprint("refresh-", len(s.entries))
	must(s.t, agent.Append(background, s.clock, e))
	s.entries = append(s.entries, e.RefreshID)
}

// speak is the person, who writes a line by hand.
func (s *schedule) speak() {
	words := fmt.Sprintf("Word %d of the person.", len(s.words))
	git(s.t, s.person, "notes", "--ref=moult", "append", "-m", words, s.fleet.commits[s.dice.IntN(3)])
	s.words = append(s.words, words)
}

// share is the person, who brings a note to everybody: as git does it, with
// the lines of both sides sorted.
func (s *schedule) share() {
	gitTry(s.t, s.person, "fetch", "-q", "origin", "+"+Ref+":refs/notes/theirs/moult")
	if _, err := gitTry(s.t, s.person, "rev-parse", "-q", "--verify", "refs/notes/theirs/moult"); err == nil {
		git(s.t, s.person, "notes", "--ref=moult", "merge", "-q", "-s", "cat_sort_uniq", "refs/notes/theirs/moult")
	}
	gitTry(s.t, s.person, "push", "-q", "origin", Ref)
}

func (s *schedule) settle() {
	s.share()
	for _, agent := range []*Ledger{s.agents[0], s.agents[1], s.agents[0]} {
		s.clock = s.clock.Add(time.Minute)
		_, err := agent.Push(background, s.clock)
		must(s.t, err)
		_, err = agent.Fetch(background, s.clock)
		must(s.t, err)
	}
	s.share()
}

func (s *schedule) check() {
	slices.Sort(s.entries)
	book := value[*Book](s.t)(Open(s.fleet.bare))
	defer book.Close()
	var got []string
	for _, e := range allOf(s.t, book) {
		got = append(got, e.RefreshID)
	}
	slices.Sort(got)
	if diff := cmp.Diff(s.entries, got); diff != "" {
		s.t.Errorf("entries (-written +there):\n%s", diff)
	}
	shown := git(s.t, s.fleet.bare, "log", "--notes=moult", "main")
	for _, words := range s.words {
		if strings.Count(shown, words) != 1 {
			s.t.Errorf("%q is there %d times", words, strings.Count(shown, words))
		}
	}
	git(s.t, s.fleet.bare, "fsck", "--strict")
	if v := value[Verified](s.t)(book.Verify(background, Trust{})); len(v.Breaches) > 0 {
		s.t.Errorf("verify finds %v", v.Breaches)
	}
}

// Many goroutines and a second process's view of one store, at once.
func TestManyWriteAtOnce(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	one := newLedger(t, "one", f.bare)
	beside := &Ledger{Dir: one.Dir, Remote: one.Remote, Log: quiet()} // another process on the same store
	t.Cleanup(func() { beside.Close() })
	two := newLedger(t, "two", f.bare)
	var writing sync.WaitGroup
	for n, l := range []*Ledger{one, beside, two} {
		writing.Go(func() {
			for i := range 5 {
				e := f.started(1)
				e.RefreshID = fmt.Sprintf("refresh-%d-%d", n, i)
				if err := l.Append(background, noon, e); err != nil {
					t.Error(err)
				}
				if _, err := l.Push(context.Background(), noon); err != nil && !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	for _, l := range []*Ledger{one, two} {
		push(t, l)
	}
	if got := told(t, f.bare); len(got) != 15 {
		t.Errorf("%d entries arrived, not 15", len(got))
	}
}
