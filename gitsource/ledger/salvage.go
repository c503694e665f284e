package ledger

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/packs"
)

// salvage reads every entry that can still be read in a damaged store. Each
// line carries a check of itself, so nothing half-read gets through. A line
// that stood in the note of another commit counts as little as it did there.
// Where there is no store, there are no entries.
func salvage(dir string) ([]line, error) {
	damaged, err := openRepository(dir)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer damaged.close()
	names := objectNames(dir)
	files := filesOf(damaged, names)
	var lines []line
	for _, h := range names {
		content, err := damaged.object(plumbing.BlobObject, h)
		if err == nil {
			lines = append(lines, linesFiled(parseNote(content), files[h])...)
		}
	}
	return inOrder(lines), nil
}

// filesOf is under which names blobs lie in the folders that can still be read.
// A name is the end of that of the commit, behind the names of the folders.
func filesOf(damaged *repository, names []plumbing.Hash) map[plumbing.Hash][]string {
	files := map[plumbing.Hash][]string{}
	for _, h := range names {
		leaves, err := damaged.tree(h)
		if err != nil {
			continue // no folder, or one that is lost
		}
		for _, l := range leaves {
			if l.file() && len(l.name) >= hexLength/2 && isHex(l.name) {
				files[l.hash] = append(files[l.hash], l.name)
			}
		}
	}
	return files
}

// linesFiled are the lines of a note that are about the commit whose note it
// was. Where nothing tells any more whose it was, all of them must be about the
// same.
func linesFiled(n note, files []string) []line {
	if len(files) == 0 && len(n.lines) > 0 {
		files = []string{n.lines[0].Commit}
		if slices.ContainsFunc(n.lines, func(l line) bool { return l.Commit != files[0] }) {
			return nil
		}
	}
	return slices.DeleteFunc(n.lines, func(l line) bool {
		return !slices.ContainsFunc(files, func(name string) bool { return strings.HasSuffix(l.Commit, name) })
	})
}

// objectNames are the names of all objects of a repository, loose and packed,
// as far as they can be read.
func objectNames(dir string) []plumbing.Hash {
	var names []plumbing.Hash
	loose, _ := filepath.Glob(filepath.Join(dir, "objects", "??", "*")) // the patterns are well-formed
	for _, path := range loose {
		name := filepath.Base(filepath.Dir(path)) + filepath.Base(path)
		if plumbing.IsHash(name) {
			names = append(names, plumbing.NewHash(name))
		}
	}
	indexes, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.idx"))
	for _, path := range indexes {
		names = append(names, indexed(path)...)
	}
	return names
}

// indexed are the names of the objects in a pack.
func indexed(path string) []plumbing.Hash {
	index, err := packs.ReadIndex(path)
	if err != nil {
		return nil
	}
	entries, err := index.Entries()
	if err != nil {
		return nil
	}
	defer entries.Close()
	var names []plumbing.Hash
	for {
		entry, err := entries.Next()
		if err != nil {
			return names
		}
		names = append(names, entry.Hash)
	}
}

func newest(lines []line) time.Time {
	if len(lines) == 0 {
		return time.Time{}
	}
	return lines[len(lines)-1].Time
}
