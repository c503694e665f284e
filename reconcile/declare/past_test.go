package declare

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moult/reconcile"
)

// randomHistory is a history in which mistakes, moves and conflicts are common.
func randomHistory(seed uint64, revisions int) (*repository, []reconcile.Revision) {
	random := rand.New(rand.NewPCG(seed, 9))
	repo := newRepository()
	var history []reconcile.Revision
	for i := range revisions {
		mutate(repo, random)
		history = append(history, repo.commit(fmt.Sprint("c", i)))
	}
	return repo, history
}

// fold is a timeline of revisions.
func fold(t *testing.T, repo *repository, line *Timeline, history []reconcile.Revision) *Timeline {
	t.Helper()
	for _, rev := range history {
		if err := line.Advance(rev, repo.read); err != nil {
			t.Fatal(err)
		}
	}
	return line
}

// difference is cmp.Diff, which takes long to say that there is none.
func difference(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// eachHistory runs a test with many histories.
func eachHistory(t *testing.T, test func(t *testing.T, repo *repository, history []reconcile.Revision)) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			repo, history := randomHistory(seed, 50)
			test(t, repo, history)
		})
	}
}

// A timeline that is taken up from a snapshot, wherever there is one, says ever
// after what the one says that never stopped.
func TestResumedTimelineSaysWhatTheWholeOneSays(t *testing.T) {
	eachHistory(t, func(t *testing.T, repo *repository, history []reconcile.Revision) {
		whole := new(Timeline)
		resumed := map[int]*Timeline{}
		for i, rev := range history {
			fold(t, repo, whole, history[i:i+1])
			for from, line := range resumed {
				fold(t, repo, line, history[i:i+1])
				if diff := difference(whole.Declared(), line.Declared()); diff != "" {
					t.Fatalf("taken up at %d, at %d (-whole +resumed):\n%s", from, i, diff)
				}
			}
			s, ok := whole.Snapshot()
			if !ok {
				if len(whole.Declared().Mistakes) == 0 {
					t.Errorf("no snapshot at %d, where nothing is held back", i)
				}
				continue
			}
			line, err := Resume(rev, s, repo.read)
			if err != nil {
				t.Fatalf("take up at %d: %v", i, err)
			}
			if diff := difference(whole.Declared(), line.Declared()); diff != "" {
				t.Fatalf("taken up at %d (-whole +resumed):\n%s", i, diff)
			}
			resumed[i] = line
		}
		if len(resumed) == 0 {
			t.Skip("nothing was ever without a mistake in this history")
		}
	})
}

func TestSnapshotOfAnotherRevisionIsRefused(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	repo.write("a.hcl", environmentText("a", 2, 1))
	rev := repo.commit("1")
	s, ok := fold(t, repo, new(Timeline), []reconcile.Revision{rev}).Snapshot()
	if !ok {
		t.Fatal("no snapshot")
	}
	for name, spoil := range map[string]func(*Snapshot){
		"another commit":         func(s *Snapshot) { s.Commit = "2" },
		"another image":          func(s *Snapshot) { s.Groups[0].Image = "ami-00000009" },
		"a group less":           func(s *Snapshot) { s.Groups = s.Groups[:1] },
		"a group more":           func(s *Snapshot) { s.Groups = append(s.Groups, s.Groups[0]) },
		"another group":          func(s *Snapshot) { s.Groups[1].ID.Group = "other" },
		"a commit out of range":  func(s *Snapshot) { s.Groups[0].Changed = 99 },
		"a negative commit":      func(s *Snapshot) { s.Groups[0].Commit = -1 },
		"the commit that is not": func(s *Snapshot) { s.Groups[0].Commit = 0 },
		"nothing":                func(s *Snapshot) { *s = Snapshot{} },
	} {
		spoilt := s
		spoilt.Groups = slices.Clone(s.Groups)
		spoil(&spoilt)
		if _, err := Resume(rev, spoilt, repo.read); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Resume(rev, s, repo.read); err != nil {
		t.Error(err)
	}
}

// A timeline that begins in the middle of history never ascribes anything to a
// wrong commit: what it cannot know is unattributed, and the rest is as in the
// whole history. Where nothing was held back at its beginning it also declares
// the same.
func TestPartialTimelineNeverNamesAWrongCommit(t *testing.T) {
	eachHistory(t, func(t *testing.T, repo *repository, history []reconcile.Revision) {
		for from := 0; from < len(history); from += 7 {
			first := history[from]
			first.Partial = true
			whole := fold(t, repo, new(Timeline), history[:from+1])
			_, clear := whole.Snapshot()
			part := fold(t, repo, new(Timeline), []reconcile.Revision{first})
			for i := from; i < len(history); i++ {
				if i > from {
					fold(t, repo, whole, history[i:i+1])
					fold(t, repo, part, history[i:i+1])
				}
				compareParts(t, whole.Declared(), part.Declared(), clear)
			}
		}
	})
}

func compareParts(t *testing.T, whole, part reconcile.Declared, clear bool) {
	t.Helper()
	if !part.Partial || part.Head != whole.Head {
		t.Fatalf("partial is %v at %s", part.Partial, part.Head.Hash)
	}
	if clear && len(whole.Groups) != len(part.Groups) {
		t.Fatalf("at %s: %d groups, want %d", part.Head.Hash, len(part.Groups), len(whole.Groups))
	}
	truth := map[reconcile.ID]reconcile.Declaration{}
	for _, d := range whole.Groups {
		truth[d.ID] = d
	}
	for _, d := range part.Groups {
		want, there := truth[d.ID]
		if d.Unattributed {
			continue
		}
		want.Earlier, d.Earlier = nil, nil // the partial one knows fewer
		if diff := difference(want, d); !there || diff != "" {
			t.Fatalf("%s at %s is not what it is by the whole history (-whole +partial):\n%s", d.ID, part.Head.Hash, diff)
		}
	}
	for _, m := range part.Mistakes {
		if m.Environment != "" && (m.InForce.Hash == "") != m.Sought {
			t.Fatalf("environment %q: in force %q, sought %v", m.Environment, m.InForce.Hash, m.Sought)
		}
	}
}

// A timeline that is told what changes says what one says that is told all.
func TestRevisionsToldByTheirChanges(t *testing.T) {
	eachHistory(t, func(t *testing.T, repo *repository, history []reconcile.Revision) {
		var whole, brief Timeline
		for i, rev := range history {
			short := rev
			if i > 0 {
				short = inBrief(history[i-1], rev)
			}
			fold(t, repo, &whole, history[i:i+1])
			fold(t, repo, &brief, []reconcile.Revision{short})
			if diff := difference(whole.Declared(), brief.Declared()); diff != "" {
				t.Fatalf("at %d (-all +changes):\n%s", i, diff)
			}
		}
		other := inBrief(history[3], history[4])
		if err := brief.Advance(other, repo.read); !errors.Is(err, ErrBase) {
			t.Errorf("changes from another revision: %v", err)
		}
	})
}

// inBrief is a revision by what it changes from another one.
func inBrief(base, rev reconcile.Revision) reconcile.Revision {
	short := reconcile.Revision{Commit: rev.Commit, Base: base.Commit.Hash}
	for _, c := range changed(base.Files, rev.Files) {
		f := reconcile.File{Path: c.path}
		if c.new != nil {
			f = *c.new
		}
		short.Files = append(short.Files, f)
	}
	return short
}

// The groups of a repository that begins in the middle wait for their history;
// one that a commit sets since does not.
func TestPartialTimelineKnowsWhatIsSetSince(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	repo.write("a.hcl", environmentText("a", 2, 1))
	first := repo.commit("1")
	first.Partial = true
	line := fold(t, repo, new(Timeline), []reconcile.Revision{first})
	repo.write("a.hcl", environmentText("a", 2, 2))
	repo.write("b.hcl", environmentText("b", 1, 1))
	fold(t, repo, line, []reconcile.Revision{repo.commit("2")})
	want := map[string]string{"a/g0": "2", "a/g1": "?", "b/g0": "2"}
	for _, d := range line.Declared().Groups {
		got := d.Commit.Hash
		if d.Unattributed {
			got = "?"
		}
		if got != want[d.ID.String()] {
			t.Errorf("%s is ascribed to %s, want %s", d.ID, got, want[d.ID.String()])
		}
		if len(d.Earlier) > 0 {
			t.Errorf("%s was declared before by nobody knows whom, and yet: %v", d.ID, d.Earlier)
		}
	}
	if _, ok := line.Snapshot(); ok {
		t.Error("a timeline that does not know its past tells it")
	}
}

// An environment with a mistake in the oldest revision may have been good once.
func TestPartialTimelineLooksForTheLastGoodCommit(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	repo.write("a.hcl", environmentText("a", 1, 1)+"}\n")
	repo.write("b.hcl", environmentText("b", 1, 1))
	first := repo.commit("1")
	first.Partial = true
	line := fold(t, repo, new(Timeline), []reconcile.Revision{first})
	if m := line.Declared().Mistakes; len(m) == 0 || !m[0].Sought {
		t.Errorf("mistakes are %+v, want one whose last good commit is sought", m)
	}
	repo.write("a.hcl", environmentText("a", 1, 1))
	repo.write("b.hcl", environmentText("b", 1, 2))
	fold(t, repo, line, []reconcile.Revision{repo.commit("2")})
	for _, d := range line.Declared().Groups {
		if !d.Unattributed {
			t.Errorf("%s is ascribed to %s, though older declarations may be in force", d.ID, d.Commit.Hash)
		}
	}
}
