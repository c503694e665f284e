package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fleetHistory makes up the history of a repository: folders of declaration
// files, of which each commit sets an image or two, and merges of branches
// that did the same. It writes for `git fast-import`.
type fleetHistory struct {
	random *rand.Rand
	out    *bufio.Writer
	files  int
	groups int // of each file

	main   contents
	marks  []int      // of the newest commits of main, newest last
	before []contents // what each of those changed, as it was before
	mark   int        // of the newest commit
	images int
}

// contents are the images of some files, by path.
type contents map[string][]string

const (
	perFolder = 100
	farBack   = 12 // where a branch begins at most: so many commits of main back
)

// gitHistory makes the repository, bare. It skips the test without git.
func gitHistory(tb testing.TB, commits, files, groups int, seed uint64) (dir string) {
	tb.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		tb.Skip("git is not installed")
	}
	dir = filepath.Join(tb.TempDir(), "fleet.git")
	if out, err := exec.Command(git, "init", "--bare", "--initial-branch=main", dir).CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	read, write := io.Pipe()
	go func() {
		h := &fleetHistory{random: rand.New(rand.NewPCG(seed, 4)), out: bufio.NewWriter(write), files: files, groups: groups, main: contents{}}
		h.write(commits)
		write.CloseWithError(h.out.Flush())
	}()
	importer := exec.Command(git, "-C", dir, "fast-import", "--quiet", "--force")
	importer.Stdin = read
	if out, err := importer.CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	return dir
}

// write writes a history of so many commits.
func (h *fleetHistory) write(commits int) {
	h.begin()
	for h.mark < commits {
		if h.random.IntN(11) == 0 {
			h.branch()
			continue
		}
		changed := contents{}
		for range h.random.IntN(2) + 1 {
			h.setOne(changed, h.main.of)
		}
		h.advance("set images", changed, 0)
	}
}

func (h *fleetHistory) begin() {
	all := contents{}
	for n := range h.files {
		path := fleetPath(n)
		for range h.groups {
			all[path] = append(all[path], h.image())
		}
	}
	h.advance("begin", all, 0)
}

func fleetPath(n int) string {
	return fmt.Sprintf("fleet/folder-%03d/file-%05d.hcl", n/perFolder, n)
}

// image is one that was never declared before.
func (h *fleetHistory) image() string {
	h.images++
	return fmt.Sprintf("ami-%017x", h.images)
}

func (c contents) of(path string) []string { return c[path] }

// setOne sets one image of a file, on top of what was changed already.
func (h *fleetHistory) setOne(changed contents, was func(path string) []string) {
	path := fleetPath(h.random.IntN(h.files))
	images := changed[path]
	if images == nil {
		images = slices.Clone(was(path))
	}
	images[h.random.IntN(h.groups)] = h.image()
	changed[path] = images
}

// advance commits to main.
func (h *fleetHistory) advance(subject string, changed contents, merged int) {
	from := 0
	if len(h.marks) > 0 {
		from = h.newest()
	}
	h.commit(subject, changed, from, merged)
	before := contents{}
	for path, images := range changed {
		before[path] = h.main[path]
		h.main[path] = images
	}
	h.marks, h.before = append(h.marks, h.mark), append(h.before, before)
	if len(h.marks) > farBack {
		h.marks, h.before = h.marks[1:], h.before[1:]
	}
}

func (h *fleetHistory) newest() int { return h.marks[len(h.marks)-1] }

// branch makes a branch of a few commits, and merges it. Now and then it takes
// in main first, and now and then the merge sets an image that neither has.
func (h *fleetHistory) branch() {
	at := h.random.IntN(len(h.marks))
	fork := func(path string) []string { return h.asOf(at, path) }
	side, tip := contents{}, h.marks[at]
	for range h.random.IntN(3) + 1 {
		h.setOne(side, fork)
		h.commit("set an image on a branch", side, tip, 0)
		tip = h.mark
	}
	if h.random.IntN(4) == 0 {
		h.commit("merge main", h.joined(side, fork, h.since(at)), tip, h.newest())
		tip = h.mark
	}
	merged := h.joined(side, fork, nil)
	if h.random.IntN(8) == 0 {
		h.setOne(merged, h.main.of)
	}
	h.advance("merge a branch", merged, tip)
}

// asOf is a file as it was at one of the newest commits.
func (h *fleetHistory) asOf(at int, path string) []string {
	for _, before := range h.before[at+1:] {
		if images, changed := before[path]; changed {
			return images
		}
	}
	return h.main[path]
}

// since are the files that main has changed since one of the newest commits.
func (h *fleetHistory) since(at int) []string {
	var paths []string
	for _, before := range h.before[at+1:] {
		for path := range before {
			paths = append(paths, path)
		}
	}
	return paths
}

// joined is what a merge makes of a branch: what the branch has set is as
// there, all else as on main.
func (h *fleetHistory) joined(side contents, fork func(string) []string, more []string) contents {
	merged := contents{}
	for _, path := range more {
		merged[path] = slices.Clone(h.main[path])
	}
	for path, images := range side {
		merged[path] = slices.Clone(h.main[path])
		for g, image := range images {
			if image != fork(path)[g] {
				merged[path][g] = image
			}
		}
	}
	return merged
}

func (h *fleetHistory) commit(subject string, changed contents, from, merged int) {
	h.mark++
	fmt.Fprintf(h.out, "commit refs/heads/main\nmark :%d\ncommitter Ann Author <ann@example.com> %d +0000\ndata %d\n%s\n", h.mark, 1_600_000_000+60*h.mark, len(subject), subject)
	if from > 0 {
		fmt.Fprintf(h.out, "from :%d\n", from)
	}
	if merged > 0 {
		fmt.Fprintf(h.out, "merge :%d\n", merged)
	}
	for path, images := range changed {
		text := fleetFile(path, images)
		fmt.Fprintf(h.out, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text)
	}
}

// fleetFile declares an environment of its own, named like the file.
func fleetFile(path string, images []string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".hcl")
	var b strings.Builder
	fmt.Fprintf(&b, "environment %q {\n  aws {\n    region = \"eu-west-1\"\n  }\n\n  rollout {\n    min_healthy_percentage = 100\n    max_healthy_percentage = 110\n    auto_rollback          = true\n  }\n", name)
	for g, image := range images {
		fmt.Fprintf(&b, "\n  group \"g%d\" {\n    auto_scaling_group = \"%s-g%d\"\n    ami                = %q\n\n    rollout {\n      bake_time = \"5m\"\n    }\n  }\n", g, name, g, image)
	}
	b.WriteString("}\n")
	return b.String()
}
