package declare

import (
	"cmp"
	"fmt"
	"slices"

	"moult/reconcile"
)

// Text is one declaration file.
type Text struct {
	Path    string // from the root of the repository, with slashes
	Content []byte
}

// Environment is one environment block.
type Environment struct {
	Name     string `json:"name"`
	Position string `json:"position"` // "environments/production.hcl:2"
	// Good is false when a mistake keeps the environment on its last good
	// commit. Its groups are then left out.
	Good bool `json:"good"`
	// Groups are sorted by ID. They name no commits: one text has no history.
	Groups []reconcile.Declaration `json:"groups,omitempty"`
}

// Parse reads all declaration files of one revision. It returns every
// environment, good or not, sorted by name, and every mistake at once.
func Parse(texts []Text) ([]Environment, Diagnostics) {
	if d := tooManyTexts(texts); d != nil {
		return nil, Diagnostics{*d}
	}
	t := newTree()
	for _, text := range texts {
		t.take(text.Path)
		t.put(text.Path, readFile(text.Content))
	}
	return t.all(), t.diagnostics()
}

// tooManyTexts says why the texts are not read; nil when they are.
func tooManyTexts(texts []Text) *Diagnostic {
	if len(texts) == 0 {
		return nil
	}
	var bytes int64
	for _, t := range texts {
		bytes += weight(int64(len(t.Content)))
	}
	return tooMuch(texts[0].Path, len(texts), bytes)
}

// tooMuch says why so many files are not read; nil when they are. The first of
// them stands for all.
func tooMuch(first string, files int, bytes int64) *Diagnostic {
	d := Diagnostic{File: first, Severity: Error, Line: 1, Column: 1, Hint: "Point the agent's path at the folder that holds the declarations only."}
	switch {
	case files > MaxFiles:
		d.Summary = fmt.Sprintf("%d declaration files", files)
		d.Detail = fmt.Sprintf("At most %d are read.", MaxFiles)
	case bytes > MaxTotalBytes:
		d.Summary = fmt.Sprintf("%d bytes of declarations", bytes)
		d.Detail = fmt.Sprintf("At most %d are read.", MaxTotalBytes)
	default:
		return nil
	}
	return &d
}

// all is every environment of the tree.
func (t *tree) all() []Environment {
	var all []Environment
	for name, seats := range t.environments {
		good := t.good(name)
		for _, s := range slices.SortedFunc(slices.Values(seats), seat.compare) {
			e := Environment{Name: name, Position: position(s.path, s.head.line), Good: good}
			if good {
				e.Groups = s.declarations()
			}
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Environment) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// declarations are the groups of an environment, with their positions.
func (s seat) declarations() []reconcile.Declaration {
	ds := make([]reconcile.Declaration, len(s.groups))
	for i, g := range s.groups {
		ds[i] = g.declaration
		ds[i].Position = position(s.path, g.line)
	}
	return ds
}

// diagnostics are all mistakes of the tree.
func (t *tree) diagnostics() Diagnostics {
	ds := t.conflicts()
	for path, f := range t.files {
		ds = append(ds, f.diagnostics.in(path)...)
	}
	return ds.sorted()
}

func position(path string, line int) string { return fmt.Sprintf("%s:%d", path, line) }
