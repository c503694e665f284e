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
	if d := tooMuch(sizesOf(texts)); d != nil {
		return nil, Diagnostics{*d}
	}
	t := newTree()
	for _, text := range texts {
		t.take(text.Path)
		t.put(text.Path, readFile(text.Content))
	}
	return t.all(), t.diagnostics()
}

// sizesOf is the texts as the limits see them.
func sizesOf(texts []Text) []reconcile.File {
	files := make([]reconcile.File, len(texts))
	for i, t := range texts {
		files[i] = reconcile.File{Path: t.Path, Size: int64(len(t.Content))}
	}
	return files
}

// tooMuch is the mistake of a revision that is too large to be read; nil when
// it is not. Files that are refused one by one do not count.
func tooMuch(files []reconcile.File) *Diagnostic {
	var total int64
	for _, f := range files {
		if f.Size <= MaxFileBytes {
			total += f.Size
		}
	}
	d := Diagnostic{Severity: Error, Line: 1, Column: 1, Hint: "Point the agent's path at the folder that holds the declarations only."}
	switch {
	case len(files) > MaxFiles:
		d.Summary = fmt.Sprintf("%d declaration files", len(files))
		d.Detail = fmt.Sprintf("At most %d are read.", MaxFiles)
	case total > MaxTotalBytes:
		d.Summary = fmt.Sprintf("%d bytes of declarations", total)
		d.Detail = fmt.Sprintf("At most %d are read.", MaxTotalBytes)
	default:
		return nil
	}
	d.File = files[0].Path
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
