package gitsource

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/reconcile"

	"moult/gitsource/fault"
)

const (
	extension = ".hcl"
	treeBytes = 16 << 20 // the largest tree object that is read: one folder of 200,000 names
	pathBytes = 4096     // the longest path, as on Linux
)

// entry is one thing of a folder that counts: a declaration file or another
// folder.
type entry struct {
	name   string
	folder bool
	hash   plumbing.Hash
}

// parseTree returns the entries of a tree object that count, sorted by name.
// Symbolic links, submodules, other files and names that no file system would
// hold are left out.
func parseTree(content []byte) ([]entry, error) {
	var entries []entry
	for len(content) > 0 {
		mode, e, rest, err := parseEntry(content)
		if err != nil {
			return nil, err
		}
		content = rest
		if goodName(e.name) && (e.folder || isFile(mode) && strings.HasSuffix(e.name, extension)) {
			entries = append(entries, e)
		}
	}
	return inOrder(entries)
}

// parseEntry reads the first entry of a tree object, whatever it is: "mode
// name\0" and 20 bytes of hash.
func parseEntry(content []byte) (mode string, e entry, rest []byte, err error) {
	head, rest, ok := bytes.Cut(content, []byte{0})
	mode, name, spaced := strings.Cut(string(head), " ")
	if !ok || !spaced || len(rest) < len(plumbing.ZeroHash) {
		return "", entry{}, nil, fault.Malformed("tree object ends too early")
	}
	return mode, entry{name: name, folder: isFolder(mode), hash: plumbing.Hash(rest[:20])}, rest[20:], nil
}

// The modes that git knows: 100644, 100755 and the 100664 of its first years
// are files, 40000 is a folder, 120000 a symbolic link, 160000 a submodule.
func isFile(mode string) bool {
	return mode == "100644" || mode == "100755" || mode == "100664"
}

func isFolder(mode string) bool { return mode == "40000" || mode == "040000" }

// goodName reports whether git would check out a file of this name anywhere, and
// people see the name that it has: none of what moves the cursor, turns the
// direction of writing or is not shown at all.
func goodName(name string) bool {
	if name == "" || name == "." || name == ".." || strings.EqualFold(name, ".git") || len(name) > 255 {
		return false
	}
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' || !unicode.IsGraphic(r)
	})
}

// inOrder sorts entries by name. One name twice is refused: no two readers
// would agree on which counts.
func inOrder(entries []entry) ([]entry, error) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return nil, fault.Malformed("tree object has %q twice", fault.Plain(entries[i].name, 80))
		}
	}
	return entries, nil
}

// tree reads the entries of a folder that count.
func (m *mirror) tree(h plumbing.Hash) ([]entry, error) {
	content, err := m.object(plumbing.TreeObject, h, treeBytes)
	if err != nil {
		return nil, err
	}
	return parseTree(content)
}

// folderAt is the tree at a path below another; zero when there is none.
func (m *mirror) folderAt(tree plumbing.Hash, path string) (plumbing.Hash, error) {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			break // of an empty path
		}
		entries, err := m.tree(tree)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		at := slices.IndexFunc(entries, func(e entry) bool { return e.folder && e.name == name })
		if at < 0 {
			return plumbing.ZeroHash, nil
		}
		tree = entries[at].hash
	}
	return tree, nil
}

// folder is a listed folder. It is never changed, so that the next listing can
// share what is the same.
type folder struct {
	tree    plumbing.Hash
	files   []reconcile.File // all below it, by path from the root of the repository
	folders map[string]*folder
}

// list lists the folder at path. Folders whose tree is that of the older
// listing are taken from there, so the cost is that of what changed.
func (m *mirror) list(older *folder, path string, tree plumbing.Hash, depth int) (*folder, error) {
	if older != nil && older.tree == tree {
		return older, nil
	}
	if tree.IsZero() {
		return &folder{}, nil
	}
	if depth > m.limits.Depth || len(path) > pathBytes {
		return nil, fault.TooLarge("folders lie more than %d deep at %s", m.limits.Depth, fault.Plain(path, 80))
	}
	entries, err := m.tree(tree)
	if err != nil {
		return nil, err
	}
	f := &folder{tree: tree, folders: map[string]*folder{}}
	for _, e := range entries {
		at := joinPath(path, e.name)
		if e.folder {
			if f.folders[e.name], err = m.list(older.below(e.name), at, e.hash, depth+1); err != nil {
				return nil, err
			}
		}
		if err := m.listEntry(f, at, e); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(f.files, func(a, b reconcile.File) int { return cmp.Compare(a.Path, b.Path) })
	return f, nil
}

// below is a folder of a listing; nil when there is none.
func (f *folder) below(name string) *folder {
	if f == nil {
		return nil
	}
	return f.folders[name]
}

// listEntry adds a file, or all files of a folder that is listed already.
func (m *mirror) listEntry(f *folder, path string, e entry) error {
	if e.folder {
		f.files = append(f.files, f.folders[e.name].files...)
	} else {
		size, err := m.size(e.hash)
		if err != nil {
			return err
		}
		f.files = append(f.files, reconcile.File{Path: path, Blob: e.hash.String(), Size: size})
	}
	if len(f.files) > m.limits.Files {
		return fault.TooLarge("more than %d declaration files", m.limits.Files)
	}
	return nil
}

func joinPath(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// differ reports whether any declaration file differs between two folders.
func (m *mirror) differ(a, b plumbing.Hash, depth int) (bool, error) {
	if a == b {
		return false, nil
	}
	if depth > m.limits.Depth {
		return true, nil
	}
	left, err := m.treeOrNone(a)
	if err != nil {
		return false, err
	}
	right, err := m.treeOrNone(b)
	if err != nil {
		return false, err
	}
	return m.entriesDiffer(left, right, depth)
}

func (m *mirror) treeOrNone(h plumbing.Hash) ([]entry, error) {
	if h.IsZero() {
		return nil, nil
	}
	return m.tree(h)
}

// entriesDiffer walks two sorted lists side by side.
func (m *mirror) entriesDiffer(left, right []entry, depth int) (bool, error) {
	for len(left) > 0 || len(right) > 0 {
		var a, b entry
		a, b, left, right = nextPair(left, right)
		if a == b {
			continue
		}
		if !a.folder && a.name != "" || !b.folder && b.name != "" {
			return true, nil
		}
		differ, err := m.differ(a.hash, b.hash, depth+1)
		if differ || err != nil {
			return differ, err
		}
	}
	return false, nil
}

// nextPair takes the entries of the next name from both lists; an entry is
// zero where its list does not have the name.
func nextPair(left, right []entry) (a, b entry, _, _ []entry) {
	order := 0
	switch {
	case len(left) == 0:
		order = 1
	case len(right) == 0:
		order = -1
	default:
		order = cmp.Compare(left[0].name, right[0].name)
	}
	if order <= 0 {
		a, left = left[0], left[1:]
	}
	if order >= 0 {
		b, right = right[0], right[1:]
	}
	return a, b, left, right
}
