package declare

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moult/reconcile"
)

// Folding a history file by file gives what reading each revision afresh
// gives: a good environment is as its newest text says or waits for another, a
// bad one is as it was.
func TestFoldAgreesWithReadingAfresh(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			repo := newRepository()
			var line Timeline
			for i := range 60 {
				mutate(repo, random)
				before := inForce(line.Declared())
				if err := line.Advance(repo.commit(fmt.Sprint(i)), repo.read); err != nil {
					t.Fatal(err)
				}
				checkInvariants(t, line.Declared())
				checkStep(t, repo, before, line.Declared())
			}
		})
	}
}

// mutate changes a random file, to one of few contents so that names and
// groups collide often.
func mutate(repo *repository, random *rand.Rand) {
	path := fmt.Sprintf("%d.hcl", random.IntN(4))
	name := string(rune('a' + random.IntN(4)))
	group := fmt.Sprintf("g%d", random.IntN(4))
	text := fmt.Sprintf("environment %q {\n  aws { region = \"eu-west-1\" }\n  group \"x\" {\n    auto_scaling_group = %q\n    ami = \"ami-%08x\"\n  }\n}\n", name, group, random.IntN(3))
	switch random.IntN(8) {
	case 0:
		repo.remove(path)
		return
	case 1:
		text += "}\n"
	case 2:
		text = text[:len(text)-2]
	case 3:
		text = "\\" + text[12:]
	case 4:
		text += environmentText("e", 1, random.IntN(3))
	}
	repo.write(path, text)
}

// inForce is the groups by environment.
func inForce(d reconcile.Declared) map[string][]reconcile.Declaration {
	groups := map[string][]reconcile.Declaration{}
	for _, g := range d.Groups {
		groups[g.ID.Environment] = append(groups[g.ID.Environment], g)
	}
	return groups
}

func checkStep(t *testing.T, repo *repository, before map[string][]reconcile.Declaration, d reconcile.Declared) {
	t.Helper()
	var texts []Text
	for _, f := range repo.commit("").Files {
		texts = append(texts, Text{Path: f.Path, Content: repo.blobs[f.Blob]})
	}
	held := map[string]bool{}
	for _, m := range d.Mistakes {
		held[m.Environment] = true
	}
	environments, _ := Parse(texts)
	ignoreCommits := cmpopts.IgnoreFields(reconcile.Declaration{}, "Commit", "Changed", "Earlier")
	after := inForce(d)
	seen := map[string]bool{}
	for _, e := range environments {
		seen[e.Name] = true
		want := before[e.Name]
		if e.Good && !held[e.Name] {
			want = e.Groups
		} else if !held[e.Name] {
			t.Fatalf("environment %q is bad and nobody is told", e.Name)
		}
		if diff := cmp.Diff(want, after[e.Name], ignoreCommits, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("environment %q at %s (-want +got):\n%s", e.Name, d.Head.Hash, diff)
		}
	}
	for name := range after {
		if !seen[name] && !held[name] {
			t.Fatalf("environment %q is in force, though not declared and not explained", name)
		}
	}
}
