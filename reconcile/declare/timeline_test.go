package declare

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"moult/reconcile"
)

// repository is a history made up for a test.
type repository struct {
	files map[string]string // of the newest revision
	blobs map[string][]byte
	reads int
}

func newRepository() *repository {
	return &repository{files: map[string]string{}, blobs: map[string][]byte{}}
}

func (r *repository) write(path, content string) {
	sum := sha1.Sum([]byte(content))
	blob := hex.EncodeToString(sum[:])
	r.blobs[blob] = []byte(content)
	r.files[path] = blob
}

func (r *repository) remove(path string) { delete(r.files, path) }

// commit is the newest revision under a name.
func (r *repository) commit(hash string) reconcile.Revision {
	rev := reconcile.Revision{Commit: reconcile.Commit{Hash: hash}}
	for path, blob := range r.files {
		rev.Files = append(rev.Files, reconcile.File{Path: path, Blob: blob, Size: int64(len(r.blobs[blob]))})
	}
	slices.SortFunc(rev.Files, func(a, b reconcile.File) int { return strings.Compare(a.Path, b.Path) })
	return rev
}

func (r *repository) read(blob string) ([]byte, error) {
	r.reads++
	return r.blobs[blob], nil
}

// Each story is a history: files named "REVISION PATH", a leading minus for a
// file that the revision removes. What is declared after each revision is
// written below it, under "want".
func TestTimelineTellsItsStories(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/timeline/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			steps, want := archive.Files, txtar.File{Name: "want"}
			if n := len(steps); n > 0 && steps[n-1].Name == "want" {
				steps, want = steps[:n-1], steps[n-1]
			}
			got := tell(t, steps)
			if *update {
				archive.Files = append(steps, txtar.File{Name: "want", Data: got})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// tell plays a story and returns what is declared after each revision.
func tell(t *testing.T, steps []txtar.File) []byte {
	t.Helper()
	var (
		got  bytes.Buffer
		line Timeline
		repo = newRepository()
	)
	for i, step := range steps {
		revision, path, _ := strings.Cut(step.Name, " ")
		if gone, ok := strings.CutPrefix(path, "-"); ok {
			repo.remove(gone)
		} else if path != "" {
			repo.write(path, string(step.Data))
		}
		if i+1 < len(steps) && strings.HasPrefix(steps[i+1].Name, revision+" ") {
			continue
		}
		if err := line.Advance(repo.commit(revision), repo.read); err != nil {
			t.Fatal(err)
		}
		writeDeclared(&got, line.Declared())
		checkInvariants(t, line.Declared())
	}
	return got.Bytes()
}

func writeDeclared(w *bytes.Buffer, d reconcile.Declared) {
	fmt.Fprintf(w, "%s\n", d.Head.Hash)
	for _, g := range d.Groups {
		fmt.Fprintf(w, "  %s %s %s %s commit=%s changed=%s\n", g.ID, g.AutoScalingGroup, g.Image, g.Position, g.Commit.Hash, g.Changed.Hash)
	}
	for _, m := range d.Mistakes {
		fmt.Fprintf(w, "  ! %q stays at %q: %s\n", m.Environment, m.InForce.Hash, strings.ReplaceAll(m.Message, "\n", "\n    "))
	}
}

// checkInvariants holds what is in force to what is true of any history.
func checkInvariants(t *testing.T, d reconcile.Declared) {
	t.Helper()
	if !slices.IsSortedFunc(d.Groups, func(a, b reconcile.Declaration) int {
		if a.ID.Less(b.ID) {
			return -1
		}
		return 1
	}) {
		t.Errorf("groups are not sorted, or one is there twice: %v", d.Groups)
	}
	owners := map[claim]reconcile.ID{}
	for _, g := range d.Groups {
		c := claim{accountOf(g.Place.RoleARN), g.Place.Region, g.AutoScalingGroup}
		if other, taken := owners[c]; taken {
			t.Errorf("%s and %s are both in force for %s", other, g.ID, c.name)
		}
		owners[c] = g.ID
		if g.Commit.Hash == "" || g.Changed.Hash == "" {
			t.Errorf("%s names no commit", g.ID)
		}
	}
	for _, m := range d.Mistakes {
		if m.Message == "" {
			t.Errorf("environment %q stays without a reason", m.Environment)
		}
	}
}

func TestAdvanceWithoutContentChangesNothing(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	repo.write("a.hcl", environmentText("a", 1, 1))
	var line Timeline
	if err := line.Advance(repo.commit("1"), repo.read); err != nil {
		t.Fatal(err)
	}
	before := line.Declared()
	repo.write("a.hcl", environmentText("a", 1, 2))
	rev := repo.commit("2")
	broken := errors.New("disk gone")
	if err := line.Advance(rev, func(string) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, line.Declared()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	if err := line.Advance(rev, repo.read); err != nil {
		t.Fatal(err)
	}
	if got := line.Declared().Groups[0].Commit.Hash; got != "2" {
		t.Errorf("the revision given again was not taken in: %s", got)
	}
}

func TestTooLargeRevisionChangesNothing(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	repo.write("a.hcl", environmentText("a", 1, 1))
	var line Timeline
	if err := line.Advance(repo.commit("1"), repo.read); err != nil {
		t.Fatal(err)
	}
	huge := repo.commit("2")
	huge.Files = append(huge.Files, make([]reconcile.File, MaxFiles)...)
	if err := line.Advance(huge, repo.read); err != nil {
		t.Fatal(err)
	}
	d := line.Declared()
	if d.Head.Hash != "2" || len(d.Groups) != 1 || len(d.Mistakes) != 1 || d.Mistakes[0].InForce.Hash != "1" {
		t.Errorf("got %+v", d)
	}
	if err := line.Advance(repo.commit("3"), repo.read); err != nil {
		t.Fatal(err)
	}
	if d := line.Declared(); len(d.Mistakes) != 0 || d.Groups[0].Commit.Hash != "1" {
		t.Errorf("after the large revision was taken back: %+v", d)
	}
}

func TestLargeFileIsNeverAskedFor(t *testing.T) {
	t.Parallel()
	rev := reconcile.Revision{Files: []reconcile.File{{Path: "a.hcl", Blob: "x", Size: MaxFileBytes + 1}}}
	var line Timeline
	err := line.Advance(rev, func(string) ([]byte, error) { t.Error("it was read"); return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	if m := line.Declared().Mistakes; len(m) != 1 || !strings.Contains(m[0].Message, "too large") {
		t.Errorf("got %v", m)
	}
}

func TestContentIsReadOnce(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	for i := range 10 {
		repo.write(fmt.Sprintf("%d.hcl", i), environmentText(fmt.Sprint(i), 1, 1))
	}
	var line Timeline
	for i, change := range []func(){
		func() {},
		func() { repo.write("0.hcl", environmentText("0", 1, 2)) },
		func() { repo.write("0.hcl", environmentText("0", 1, 1)) }, // a revert
		func() { repo.remove("1.hcl"); repo.write("moved.hcl", environmentText("1", 1, 1)) },
	} {
		change()
		if err := line.Advance(repo.commit(fmt.Sprint(i)), repo.read); err != nil {
			t.Fatal(err)
		}
	}
	if repo.reads != 11 {
		t.Errorf("%d reads of 11 different contents", repo.reads)
	}
}

func TestMemoryOfAHistoryIsBounded(t *testing.T) {
	t.Parallel()
	repo := newRepository()
	var line Timeline
	for i := range 3 * spare {
		repo.write("a.hcl", environmentText("a", 1, i))
		if err := line.Advance(repo.commit(fmt.Sprint(i)), repo.read); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(line.parsed); n > spare+1 {
		t.Errorf("%d files are kept for a repository of one", n)
	}
}

// environmentText is an environment with some groups, whose first has an
// image of its own.
func environmentText(name string, groups, image int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "environment %q {\n  aws { region = \"eu-west-1\" }\n", name)
	b.WriteString("  rollout {\n    min_healthy_percentage = 100\n    max_healthy_percentage = 110\n    auto_rollback          = true\n  }\n")
	for g := range groups {
		fmt.Fprintf(&b, "\n  group \"g%d\" {\n    auto_scaling_group = \"%s-g%d\"\n    ami                = \"ami-%017x\" # built from 4f2a91c\n", g, name, g, image)
		b.WriteString("\n    rollout {\n      checkpoint_percentages = [10, 50, 100]\n      checkpoint_delay       = \"10m\"\n      alarms                 = [\"5xx\"]\n    }\n  }\n")
		image = 0
	}
	b.WriteString("}\n")
	return b.String()
}
