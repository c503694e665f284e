package gittest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"
)

// History is the history of a fleet: folders of declaration files, of which each
// commit sets an image or two, and merges of branches that did the same: about
// one commit in ten. One seed makes one history.
type History struct {
	Commits int // in all, those of merged branches too
	Files   int // a hundred to a folder; see Path
	Groups  int // of each file
	Seed    uint64
}

// Begin is the time of the first commit; each further one is a minute later.
var Begin = time.Unix(1_600_000_000, 0).UTC()

// Path is the path of the nth file. It declares one environment, which is called
// like the file.
func Path(n int) string { return fmt.Sprintf("fleet/folder-%03d/file-%05d.hcl", n/perFolder, n) }

const (
	perFolder = 100
	farBack   = 12 // where a branch begins at most: so many commits of main back
)

// contents are the images of some files, by path.
type contents map[string][]string

// story is a history on its way to `git fast-import`.
type story struct {
	History
	random *rand.Rand
	out    io.Writer

	main   contents
	marks  []int      // of the newest commits of main, newest last
	before []contents // what each of those changed, as it was before
	mark   int        // of the newest commit
	images int
}

func (h History) write(w io.Writer) {
	s := &story{History: h, random: rand.New(rand.NewPCG(h.Seed, 4)), out: w, main: contents{}}
	s.begin()
	for s.mark < h.Commits {
		if s.random.IntN(11) == 0 {
			s.branch()
			continue
		}
		changed := contents{}
		for range s.random.IntN(2) + 1 {
			s.setOne(changed, func(path string) []string { return s.main[path] })
		}
		s.advance("set images", changed, 0)
	}
}

func (s *story) begin() {
	all := contents{}
	for n := range s.Files {
		for range s.Groups {
			all[Path(n)] = append(all[Path(n)], s.image())
		}
	}
	s.advance("begin", all, 0)
}

// image is one that was never declared before.
func (s *story) image() string {
	s.images++
	return fmt.Sprintf("ami-%017x", s.images)
}

// setOne sets one image of a file, on top of what was changed already.
func (s *story) setOne(changed contents, was func(path string) []string) {
	file := Path(s.random.IntN(s.Files))
	images := changed[file]
	if images == nil {
		images = slices.Clone(was(file))
	}
	images[s.random.IntN(s.Groups)] = s.image()
	changed[file] = images
}

// advance commits to main.
func (s *story) advance(subject string, changed contents, merged int) {
	from := 0
	if len(s.marks) > 0 {
		from = s.newest()
	}
	s.commit(subject, changed, from, merged)
	before := contents{}
	for file, images := range changed {
		before[file] = s.main[file]
		s.main[file] = images
	}
	s.marks, s.before = append(s.marks, s.mark), append(s.before, before)
	if len(s.marks) > farBack {
		s.marks, s.before = s.marks[1:], s.before[1:]
	}
}

func (s *story) newest() int { return s.marks[len(s.marks)-1] }

// branch makes a branch of a few commits, and merges it. Now and then it takes
// in main first, and now and then the merge sets an image that neither has.
func (s *story) branch() {
	at := s.random.IntN(len(s.marks))
	fork := func(file string) []string { return s.asOf(at, file) }
	side, tip := contents{}, s.marks[at]
	for range s.random.IntN(3) + 1 {
		s.setOne(side, fork)
		s.commit("set an image on a branch", side, tip, 0)
		tip = s.mark
	}
	if s.random.IntN(4) == 0 {
		s.commit("merge main", s.joined(side, fork, s.since(at)), tip, s.newest())
		tip = s.mark
	}
	merged := s.joined(side, fork, nil)
	if s.random.IntN(8) == 0 {
		s.setOne(merged, func(file string) []string { return s.main[file] })
	}
	s.advance("merge a branch", merged, tip)
}

// asOf is a file as it was at one of the newest commits.
func (s *story) asOf(at int, file string) []string {
	for _, before := range s.before[at+1:] {
		if images, changed := before[file]; changed {
			return images
		}
	}
	return s.main[file]
}

// since are the files that main has changed since one of the newest commits.
func (s *story) since(at int) []string {
	var files []string
	for _, before := range s.before[at+1:] {
		for file := range before {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files
}

// joined is what a merge makes of a branch: what the branch has set is as
// there, all else as on main.
func (s *story) joined(side contents, fork func(string) []string, more []string) contents {
	merged := contents{}
	for _, file := range more {
		merged[file] = slices.Clone(s.main[file])
	}
	for file, images := range side {
		merged[file] = slices.Clone(s.main[file])
		for g, image := range images {
			if image != fork(file)[g] {
				merged[file][g] = image
			}
		}
	}
	return merged
}

func (s *story) commit(subject string, changed contents, from, merged int) {
	s.mark++
	c := commit{subject: subject, mark: s.mark, at: Begin.Add(time.Duration(s.mark-1) * time.Minute)}
	if from > 0 {
		c.from = fmt.Sprintf(":%d", from)
	}
	if merged > 0 {
		c.merged = fmt.Sprintf(":%d", merged)
	}
	c.write(s.out, changed)
}

// commit is one commit as git-fast-import(1) reads it.
type commit struct {
	subject      string
	mark         int // 0: none
	at           time.Time
	from, merged string
}

func (c commit) write(w io.Writer, changed contents) {
	fmt.Fprint(w, "commit refs/heads/main\n") // what the pipe refuses, fast-import will miss
	if c.mark > 0 {
		fmt.Fprintf(w, "mark :%d\n", c.mark)
	}
	fmt.Fprintf(w, "committer Ann Author <ann@example.com> %d +0000\ndata %d\n%s\n", c.at.Unix(), len(c.subject), c.subject)
	if c.from != "" {
		fmt.Fprintf(w, "from %s\n", c.from)
	}
	if c.merged != "" {
		fmt.Fprintf(w, "merge %s\n", c.merged)
	}
	files := make([]string, 0, len(changed))
	for file := range changed {
		files = append(files, file)
	}
	slices.Sort(files)
	for _, file := range files {
		text := declare(file, changed[file])
		fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", file, len(text), text)
	}
}

// declare is a file that declares an environment of its own, named like itself.
func declare(file string, images []string) string {
	name := strings.TrimSuffix(path.Base(file), ".hcl")
	var b strings.Builder
	fmt.Fprintf(&b, "environment %q {\n  aws {\n    region = \"eu-west-1\"\n  }\n\n  rollout {\n    min_healthy_percentage = 100\n    max_healthy_percentage = 110\n    auto_rollback          = true\n  }\n", name)
	for g, image := range images {
		fmt.Fprintf(&b, "\n  group \"g%d\" {\n    auto_scaling_group = \"%s-g%d\"\n    ami                = %q\n\n    rollout {\n      bake_time = \"5m\"\n    }\n  }\n", g, name, g, image)
	}
	b.WriteString("}\n")
	return b.String()
}
