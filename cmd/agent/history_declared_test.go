package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moult/gitsource"
	"moult/reconcile"
	"moult/reconcile/declare"
)

// imported is a repository that git fast-import makes.
func imported(t testing.TB, stream string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("the git command is not installed")
	}
	dir := t.TempDir()
	for _, args := range [][]string{{"init", "-q", "--bare", "-b", "main"}, {"fast-import", "--quiet"}} {
		c := exec.Command("git", args...)
		c.Dir, c.Stdin = dir, strings.NewReader(stream)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	return dir
}

func openedClone(t testing.TB, dir string) *gitsource.Clone {
	t.Helper()
	c, err := gitsource.OpenClone(context.Background(), dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tangle is a history in which all happens that happens to declarations: images
// change and come back, groups come and go, environments move from file to
// file, and files are broken for a while.
type tangle struct {
	random *rand.Rand
	images map[string]map[string]int // by environment and group
	file   map[string]string         // where an environment is
	broken map[string]bool           // files
}

func (g *tangle) step() {
	environment := []string{"dev", "production"}[g.random.IntN(2)]
	group := []string{"api", "db", "web"}[g.random.IntN(3)]
	switch n := g.random.IntN(12); {
	case n < 6:
		g.images[environment][group] = 1 + g.random.IntN(3)
	case n < 7:
		delete(g.images[environment], group)
	case n < 9:
		g.file[environment] = fmt.Sprintf("%s%d.hcl", []string{"", "deep/down/"}[g.random.IntN(2)], g.random.IntN(2))
	case n < 10:
		g.broken[g.file[environment]] = true
	default:
		clear(g.broken)
	}
}

func (g *tangle) files() map[string]string {
	files := map[string]string{"readme.md": fmt.Sprint(g.random.IntN(3))}
	for _, environment := range []string{"dev", "production"} {
		text := fmt.Sprintf("environment %q {\n  aws {\n    region = \"eu-west-1\"\n  }\n", environment)
		for _, group := range []string{"api", "db", "web"} {
			if image := g.images[environment][group]; image > 0 {
				text += fmt.Sprintf("  group %q {\n    auto_scaling_group = \"%s-%s\"\n    ami = \"ami-%017d\"\n  }\n", group, group, environment, image)
			}
		}
		files[g.file[environment]] += text + "}\n"
	}
	for file := range g.broken {
		if files[file] != "" {
			files[file] = strings.Replace(files[file], "ami =", "amy =", 1)
		}
	}
	return files
}

func tangled(seed uint64, commits int) string {
	g := tangle{
		random: rand.New(rand.NewPCG(seed, 1)), broken: map[string]bool{},
		images: map[string]map[string]int{"dev": {"web": 1}, "production": {"web": 1}},
		file:   map[string]string{"dev": "0.hcl", "production": "1.hcl"},
	}
	var b strings.Builder
	for n := range commits {
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 2\n%02d\ndeleteall\n", 1_600_000_000+60*n, n)
		files := g.files()
		for _, path := range []string{"readme.md", "0.hcl", "1.hcl", "deep/down/0.hcl", "deep/down/1.hcl"} {
			if text := files[path]; text != "" {
				fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text)
			}
		}
		g.step()
	}
	return b.String()
}

// words are what counts of declarations.
func words(groups []reconcile.Declaration) []string {
	var all []string
	for _, g := range groups {
		all = append(all, fmt.Sprintf("%s %s at %s by %s", g.ID, g.Image, g.Position, g.Commit.Subject))
	}
	return all
}

// TestLookingBackSeesWhatTheAgentHadInForce asks at each moment of tangled
// histories, and compares with the timeline that the agent folds from the
// beginning.
func TestLookingBackSeesWhatTheAgentHadInForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			clone := openedClone(t, imported(t, tangled(seed, 40)))
			line, err := clone.Line(context.Background(), clone.Head, 1000)
			if err != nil || len(line) != 40 {
				t.Fatalf("%d commits, %v", len(line), err)
			}
			var timeline declare.Timeline
			for n, name := range slices.Backward(line) {
				advance(t, &timeline, clone, name)
				for _, environment := range []string{"dev", "production"} {
					var want []reconcile.Declaration
					for _, g := range timeline.Declared().Groups {
						if g.ID.Environment == environment {
							want = append(want, g)
						}
					}
					past, err := declaredIn(context.Background(), clone, time.Unix(int64(1_600_000_000+60*(39-n)), 0), environment)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(words(want), words(past.groups)); diff != "" {
						t.Fatalf("%s at commit %d (-agent +looking back):\n%s", environment, 39-n, diff)
					}
				}
			}
		})
	}
}

func advance(t *testing.T, timeline *declare.Timeline, clone *gitsource.Clone, name string) {
	t.Helper()
	files, err := clone.Files(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := clone.Commit(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := timeline.Advance(reconcile.Revision{Commit: commit, Files: files}, clone.Read); err != nil {
		t.Fatal(err)
	}
}
