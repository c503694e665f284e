package trust

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestRelate(t *testing.T) {
	t.Parallel()
	const story = "root - .\na - root\nb - a\nc - b\nside - a\nm - c,side\namended - b\norphan - .\nchild - orphan\nold - root\nlate - m,old\nforeign - child,root"
	for _, test := range []struct {
		accepted, head string
		want           Relation
		common         string
	}{
		{"", "c", First, ""},
		{"c", "c", Same, ""},
		{"b", "c", FastForward, ""},
		{"root", "late", FastForward, ""},
		{"side", "m", FastForward, ""},
		{"m", "late", FastForward, ""},
		{"c", "b", Rewound, ""},
		{"late", "root", Rewound, ""},
		{"m", "side", Rewound, ""},
		{"c", "amended", Diverged, "b"},
		{"m", "amended", Diverged, "b"},
		{"c", "side", Diverged, "a"},
		{"side", "c", Diverged, "a"},
		{"late", "amended", Diverged, "root"}, // b is newer, and further to walk
		{"c", "orphan", Unrelated, ""},
		{"orphan", "late", Unrelated, ""},
		{"c", "foreign", Diverged, "root"},
	} {
		s := tell(t, story)
		got, common, err := Relate(s.hash(test.accepted), s.hash(test.head), s.parents)
		if err != nil || got != test.want || s.names[common] != test.common {
			t.Errorf("%s to %s: %s %s, %v; want %s %s", test.accepted, test.head, got, s.names[common], err, test.want, test.common)
		}
	}
}

func TestRelateToACommitThatIsGone(t *testing.T) {
	t.Parallel()
	s := tell(t, "a - .\nb - a")
	if got, _, err := Relate(hashOf([]byte("gone")), s.hash("b"), s.parents); err != nil || got != Gone {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestRelateDoesNotGuessWhereHistoryIsNotThere(t *testing.T) {
	t.Parallel()
	s := tell(t, "a - .\nb - a\nc - b")
	shallow := errors.New("not fetched yet")
	for _, why := range []error{shallow, ErrAbsent} {
		parents := func(h plumbing.Hash) ([]plumbing.Hash, error) {
			if h == s.hash("b") {
				return nil, why
			}
			return s.parents(h)
		}
		if got, _, err := Relate(s.hash("a"), s.hash("c"), parents); !errors.Is(err, why) {
			t.Errorf("got %s, %v; want %v", got, err, why)
		}
	}
}

// line makes a history without branches and counts what is looked at.
func line(length int) (at func(int) plumbing.Hash, parents Parents, looked *int) {
	index := map[plumbing.Hash]int{}
	at = func(i int) plumbing.Hash { return hashOf(fmt.Append(nil, i)) }
	for i := range length {
		index[at(i)] = i
	}
	looked = new(int)
	return at, func(h plumbing.Hash) ([]plumbing.Hash, error) {
		*looked++
		if i := index[h]; i > 0 {
			return []plumbing.Hash{at(i - 1)}, nil
		}
		return nil, nil
	}, looked
}

func TestAFastForwardLooksAtLittle(t *testing.T) {
	t.Parallel()
	at, parents, looked := line(10_000)
	if got, _, err := Relate(at(9_990), at(9_999), parents); err != nil || got != FastForward {
		t.Fatal(got, err)
	}
	if *looked > 20 {
		t.Errorf("looked at %d commits for 9 new ones", *looked)
	}
}

func TestARewrittenTipLooksAtLittle(t *testing.T) {
	t.Parallel()
	at, parents, looked := line(10_000)
	amended := hashOf([]byte("amended"))
	with := func(h plumbing.Hash) ([]plumbing.Hash, error) {
		if h == amended {
			return []plumbing.Hash{at(9_000)}, nil
		}
		return parents(h)
	}
	got, common, err := Relate(at(9_020), amended, with)
	if err != nil || got != Diverged || common != at(9_000) {
		t.Fatal(got, common, err)
	}
	if *looked > 45 {
		t.Errorf("looked at %d commits for 20 that were dropped", *looked)
	}
}

// Any two commits of any history are related as their sets of ancestors say.
func TestRelateAgreesWithTheDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		size := 2 + random.IntN(15)
		behind := make([]map[int]bool, size)
		above := make([][]plumbing.Hash, size)
		index := map[plumbing.Hash]int{}
		for i := range size {
			behind[i] = map[int]bool{i: true}
			index[hashOf(fmt.Append(nil, i))] = i
			for range random.IntN(min(i, 3) + 1) {
				parent := random.IntN(i)
				above[i] = append(above[i], hashOf(fmt.Append(nil, parent)))
				for a := range behind[parent] {
					behind[i][a] = true
				}
			}
		}
		parents := func(h plumbing.Hash) ([]plumbing.Hash, error) { return above[index[h]], nil }
		for accepted := range size {
			for head := range size {
				got, common, err := Relate(hashOf(fmt.Append(nil, accepted)), hashOf(fmt.Append(nil, head)), parents)
				must(t, err)
				if want := related(behind, accepted, head); got != want {
					t.Fatalf("%v: %d to %d is %s, want %s", above, accepted, head, got, want)
				}
				if got == Diverged && !(behind[accepted][index[common]] && behind[head][index[common]]) {
					t.Fatalf("%v: %d is no ancestor of both %d and %d", above, index[common], accepted, head)
				}
			}
		}
	}
}

func related(behind []map[int]bool, accepted, head int) Relation {
	switch {
	case accepted == head:
		return Same
	case behind[head][accepted]:
		return FastForward
	case behind[accepted][head]:
		return Rewound
	}
	for a := range behind[head] {
		if behind[accepted][a] {
			return Diverged
		}
	}
	return Unrelated
}

func BenchmarkRelateFastForward(b *testing.B) {
	at, parents, _ := line(50_000)
	b.ReportAllocs()
	for b.Loop() {
		if got, _, err := Relate(at(49_998), at(49_999), parents); err != nil || got != FastForward {
			b.Fatal(got, err)
		}
	}
}
