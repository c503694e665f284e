package gitsource

import (
	"bytes"
	"cmp"
	"context"
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

// placed is an entry, and where its hash stands in the tree object.
type placed struct {
	entry
	at int32
}

// parseTree returns the entries of a tree object that count, sorted by name.
// Symbolic links, submodules, other files and names that no file system would
// hold are left out.
func parseTree(content []byte) ([]entry, error) {
	all, err := parsePlaces(content)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(all))
	for i, e := range all {
		entries[i] = e.entry
	}
	return entries, nil
}

// parsePlaces is parseTree, with the places of the hashes.
func parsePlaces(content []byte) ([]placed, error) {
	entries := make([]placed, 0, len(content)/40)
	for text := string(content); len(text) > 0; {
		mode, e, rest, err := parseEntry(text)
		if err != nil {
			return nil, err
		}
		text = rest
		if goodName(e.name) && (e.folder || isFile(mode) && strings.HasSuffix(e.name, extension)) {
			entries = append(entries, placed{e, int32(len(content) - len(rest) - len(e.hash))})
		}
	}
	return inOrder(entries)
}

// parseEntry reads the first entry of a tree object, whatever it is: "mode
// name\0" and 20 bytes of hash.
func parseEntry(text string) (mode string, e entry, rest string, err error) {
	head, rest, ok := strings.Cut(text, "\x00")
	mode, name, spaced := strings.Cut(head, " ")
	if !ok || !spaced || len(rest) < len(plumbing.ZeroHash) {
		return "", entry{}, "", fault.Malformed("tree object ends too early")
	}
	e = entry{name: name, folder: isFolder(mode)}
	copy(e.hash[:], rest)
	return mode, e, rest[len(e.hash):], nil
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
func inOrder(entries []placed) ([]placed, error) {
	slices.SortFunc(entries, func(a, b placed) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return nil, fault.Malformed("tree object has %q twice", fault.Plain(entries[i].name, 80))
		}
	}
	return entries, nil
}

// entryIn is the entry of a name in a tree object, without parsing the others;
// zero when there is none.
func entryIn(content []byte, name string) (mode string, e entry) {
	for len(content) > 0 {
		end := bytes.IndexByte(content, 0)
		space := bytes.IndexByte(content, ' ')
		next := end + 1 + len(e.hash)
		if space < 0 || end < space || next > len(content) {
			break
		}
		if string(content[space+1:end]) == name {
			mode = string(content[:space])
			copy(e.hash[:], content[end+1:])
			e.name, e.folder = name, isFolder(mode)
			return mode, e
		}
		content = content[next:]
	}
	return "", entry{}
}

// tree reads the entries of a folder that count.
func (m *mirror) tree(h plumbing.Hash) ([]entry, error) {
	content, err := m.object(plumbing.TreeObject, h, treeBytes)
	if err != nil {
		return nil, err
	}
	return parseTree(content)
}

// folderAt is the tree at a path below another; zero when there is none. read
// reads the entries of a tree.
func folderAt(read func(plumbing.Hash) ([]entry, error), tree plumbing.Hash, path string) (plumbing.Hash, error) {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			break // of an empty path
		}
		entries, err := read(tree)
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
	content []byte   // of the tree object; nil where nothing in it counts
	entries []listed // by name
	extent
}

// listed is one thing of a folder: a declaration file or another folder.
type listed struct {
	name   string
	hash   plumbing.Hash
	at     int32           // where the hash stands in the tree object
	file   *reconcile.File // nil for a folder
	folder *folder         // nil for a file
}

// lister makes one listing.
type lister struct {
	*mirror
	tally
	bare map[plumbing.Hash]*folder // those without a declaration file, wherever they lie
}

// list lists the folder at path. Folders whose tree is that of the older
// listing are taken from there, so the cost is that of what changed.
func (l *lister) list(ctx context.Context, older *folder, path string, tree plumbing.Hash, depth int) (*folder, error) {
	if older != nil && older.tree == tree {
		return older, l.add(older.extent)
	}
	if tree.IsZero() {
		f := &folder{extent: extent{folders: 1}}
		return f, l.add(f.extent)
	}
	if f := l.bare[tree]; f != nil {
		return f, cmp.Or(l.fits(path, depth, f.extent), l.add(f.extent))
	}
	if err := cmp.Or(l.fits(path, depth, extent{}), context.Cause(ctx)); err != nil {
		return nil, err
	}
	content, err := l.object(plumbing.TreeObject, tree, treeBytes)
	if err != nil {
		return nil, err
	}
	before := l.seen
	if err := l.add(extent{folders: 1, bytes: int64(len(content))}); err != nil {
		return nil, err
	}
	f := older.with(content)
	if f != nil {
		err = l.relist(ctx, f, older, path, depth)
	} else {
		f, err = l.parse(ctx, content, older.things(), path, depth)
	}
	if err != nil {
		return nil, err
	}
	f.tree, f.extent = tree, l.tally.since(before)
	for _, e := range f.entries {
		if e.folder != nil {
			f.hold(e.name, e.folder.extent)
		}
	}
	if f.files == 0 {
		l.remember(f)
	}
	return f, nil
}

// parse lists a folder of which no more is known than its tree object, and what
// the older listing has in its place.
func (l *lister) parse(ctx context.Context, content []byte, before []listed, path string, depth int) (*folder, error) {
	entries, err := parsePlaces(content)
	if err != nil {
		return nil, err
	}
	f := &folder{entries: make([]listed, len(entries))}
	if len(entries) > 0 {
		f.content = content
	}
	for i, e := range entries {
		for len(before) > 0 && before[0].name < e.name {
			before = before[1:]
		}
		if f.entries[i], err = l.listEntry(ctx, before, path, e.entry, depth); err != nil {
			return nil, err
		}
		f.entries[i].at = e.at
	}
	return f, nil
}

// remember keeps a folder without a declaration file for the rest of the
// listing: no path is in it, so it is the same wherever its tree lies.
func (l *lister) remember(f *folder) {
	if l.bare == nil {
		l.bare = map[plumbing.Hash]*folder{}
	}
	l.bare[f.tree] = f
}

// with is the folder as another tree object tells it that differs only in the
// hashes of what counts: the new hashes, with what they stood for before. It is
// nil when more differs, and then the object must be parsed.
func (f *folder) with(content []byte) *folder {
	if f == nil || len(f.content) != len(content) || len(content) == 0 {
		return nil
	}
	end := 0 // of what is the same
	for i := range f.entries {
		at := int(f.entries[i].at)
		if at < end || !bytes.Equal(f.content[end:at], content[end:at]) {
			return nil
		}
		end = at + len(plumbing.ZeroHash)
	}
	if !bytes.Equal(f.content[end:], content[end:]) {
		return nil
	}
	next := &folder{content: content, entries: slices.Clone(f.entries)}
	for i := range next.entries {
		copy(next.entries[i].hash[:], content[next.entries[i].at:])
	}
	return next
}

// relist lists what has another hash than in the older listing.
func (l *lister) relist(ctx context.Context, f, older *folder, path string, depth int) (err error) {
	for i, now := range f.entries {
		e := entry{name: now.name, folder: now.folder != nil, hash: now.hash}
		if f.entries[i], err = l.listEntry(ctx, older.entries[i:], path, e, depth); err != nil {
			return err
		}
		f.entries[i].at = now.at
	}
	return nil
}

// listEntry lists one thing of the folder at path. Before is what the older
// listing has from its name on.
func (l *lister) listEntry(ctx context.Context, before []listed, path string, e entry, depth int) (listed, error) {
	var older listed
	if len(before) > 0 && before[0].name == e.name {
		older = before[0]
	}
	switch {
	case older.hash == e.hash && (older.folder != nil) == e.folder:
		return older, l.add(older.extent())
	case e.folder:
		below, err := l.list(ctx, older.folder, joinPath(path, e.name), e.hash, depth+1)
		return listed{name: strings.Clone(e.name), hash: e.hash, folder: below}, err
	}
	if err := l.add(extent{files: 1}); err != nil {
		return listed{}, err
	}
	size, err := l.size(e.hash)
	return listed{
		name: strings.Clone(e.name), hash: e.hash,
		file: &reconcile.File{Path: joinPath(path, e.name), Blob: e.hash.String(), Size: size},
	}, err
}

func (l listed) extent() extent {
	if l.folder != nil {
		return l.folder.extent
	}
	return extent{files: 1}
}

// all are the declaration files of a listing, sorted by path.
func (f *folder) all() []reconcile.File {
	files := f.appendTo(make([]reconcile.File, 0, f.files))
	if !slices.IsSortedFunc(files, byPath) { // "a.hcl" comes before "a/", but not by name
		slices.SortFunc(files, byPath)
	}
	return files
}

func (f *folder) appendTo(files []reconcile.File) []reconcile.File {
	for _, l := range f.entries {
		if l.folder != nil {
			files = l.folder.appendTo(files)
		} else {
			files = append(files, *l.file)
		}
	}
	return files
}

func byPath(a, b reconcile.File) int { return cmp.Compare(a.Path, b.Path) }

// changesTo are the files that differ in a newer listing, sorted by path, as
// reconcile.Revision tells them: one that is gone has no blob.
func (f *folder) changesTo(newer *folder) []reconcile.File {
	var changes []reconcile.File
	compareFolders(f, newer, func(before, after *reconcile.File) bool {
		if after == nil {
			after = &reconcile.File{Path: before.Path}
		}
		changes = append(changes, *after)
		return true
	})
	slices.SortFunc(changes, byPath)
	return changes
}

// differsFrom reports whether there are such changes.
func (f *folder) differsFrom(newer *folder) bool {
	return !compareFolders(f, newer, func(_, _ *reconcile.File) bool { return false })
}

// compareFolders calls found for each file that differs, until that says no. A
// folder that is nil has nothing in it.
func compareFolders(a, b *folder, found func(before, after *reconcile.File) bool) (all bool) {
	if a == b || a != nil && b != nil && a.tree == b.tree {
		return true
	}
	for left, right := a.things(), b.things(); len(left) > 0 || len(right) > 0; {
		var before, after listed
		before, after, left, right = nextPair(left, right)
		if !sameFile(before.file, after.file) && !found(before.file, after.file) {
			return false
		}
		if !compareFolders(before.folder, after.folder, found) {
			return false
		}
	}
	return true
}

func sameFile(a, b *reconcile.File) bool {
	return a == b || a != nil && b != nil && a.Blob == b.Blob
}

func (f *folder) things() []listed {
	if f == nil {
		return nil
	}
	return f.entries
}

func (e entry) called() string  { return e.name }
func (l listed) called() string { return l.name }

// nextPair takes what has the next name from two lists that are sorted by name;
// one is zero where its list does not have the name.
func nextPair[T interface{ called() string }](left, right []T) (a, b T, _, _ []T) {
	order := 0
	switch {
	case len(left) == 0:
		order = 1
	case len(right) == 0:
		order = -1
	default:
		order = cmp.Compare(left[0].called(), right[0].called())
	}
	if order <= 0 {
		a, left = left[0], left[1:]
	}
	if order >= 0 {
		b, right = right[0], right[1:]
	}
	return a, b, left, right
}

func joinPath(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}
