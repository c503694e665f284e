package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// story is a history that a test tells, one commit a line, oldest first:
//
//	name signer parent,parent : path path | path path
//
// The signer is ada, ops, web (a forge that signs merges), eve (whom nobody
// knows) or - for none; "." stands for no parent. Behind the colon are the
// paths in which the commit differs from each parent.
type story struct {
	t       testing.TB
	order   []string
	commits map[string]Change
	hashes  map[string]plumbing.Hash
	names   map[plumbing.Hash]string
	people  map[string]author
}

func tell(t testing.TB, text string) *story {
	t.Helper()
	s := &story{
		t: t, commits: map[string]Change{}, hashes: map[string]plumbing.Hash{}, names: map[plumbing.Hash]string{},
		people: map[string]author{},
	}
	for _, name := range []string{"ada", "ops", "web", "eve"} {
		s.people[name] = newAuthor(t, name+"@example.com")
	}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		what, paths, _ := strings.Cut(line, ":")
		fields := strings.Fields(what)
		s.add(fields[0], s.write(fields), splitPaths(paths))
	}
	return s
}

func (s *story) write(fields []string) []byte {
	s.t.Helper()
	var parents []plumbing.Hash
	for _, parent := range strings.Split(fields[2], ",") {
		if parent != "." {
			parents = append(parents, s.hash(parent))
		}
	}
	raw := unsigned(fields[0], parents...)
	if fields[1] == "malformed" {
		return withHeader(raw, "tree "+plumbing.ZeroHash.String())
	}
	if fields[1] == "-" {
		return raw
	}
	return s.people[fields[1]].sign(s.t, raw)
}

func splitPaths(text string) [][]string {
	var paths [][]string
	for _, part := range strings.Split(text, "|") {
		paths = append(paths, strings.Fields(part))
	}
	return paths
}

func (s *story) add(name string, raw []byte, paths [][]string) {
	s.order = append(s.order, name)
	s.commits[name] = Change{Raw: raw, Paths: paths}
	s.hashes[name] = hashOf(raw)
	s.names[hashOf(raw)] = name
}

// hash is the commit with a name; zero for "".
func (s *story) hash(name string) plumbing.Hash {
	s.t.Helper()
	h, known := s.hashes[name]
	if !known && name != "" {
		s.t.Fatalf("the story has no commit %s", name)
	}
	return h
}

// keys trust all but eve.
func (s *story) keys() Keys {
	s.t.Helper()
	return allow(s.t, s.people["ada"], s.people["ops"], s.people["web"])
}

// since is the range that a repository would hand over.
func (s *story) since(from, head string, named ...string) Range {
	s.t.Helper()
	r := Range{From: s.hash(from)}
	for _, name := range named {
		r.Named = append(r.Named, s.hash(name))
	}
	old := s.behind(from)
	inside := s.behind(head)
	for _, name := range slices.Backward(s.order) {
		if inside[name] && !old[name] {
			r.Changes = append(r.Changes, s.commits[name])
		}
	}
	return r
}

// behind are a commit and its ancestors.
func (s *story) behind(name string) map[string]bool {
	found := map[string]bool{}
	for next := []string{name}; len(next) > 0; next = next[1:] {
		if name = next[0]; name == "" || found[name] {
			continue
		}
		found[name] = true
		parents, err := s.parents(s.hash(name))
		must(s.t, err)
		for _, parent := range parents {
			next = append(next, s.names[parent])
		}
	}
	return found
}

func (s *story) parents(h plumbing.Hash) ([]plumbing.Hash, error) {
	name, known := s.names[h]
	if !known {
		return nil, fmt.Errorf("read commit %s: %w", h, ErrAbsent)
	}
	c, err := Parse(s.commits[name].Raw)
	if malformed := (*Distrust)(nil); errors.As(err, &malformed) {
		err = nil
	}
	return c.Parents, err
}

// told is a verdict in the names of the story: "obey; name reason; name reason".
func (s *story) told(v Verdict) string {
	parts := []string{s.names[v.Obey]}
	for _, r := range v.Refused {
		parts = append(parts, s.names[plumbing.NewHash(r.Commit)]+" "+string(r.Reason))
	}
	return strings.Join(parts, "; ")
}
