package ledger

import (
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/packs"
)

// salvage reads every entry that can still be read in a damaged store. Each
// line carries a check of itself, so nothing half-read gets through.
func salvage(dir string) []line {
	damaged, err := openRepository(dir)
	if err != nil {
		return nil
	}
	defer damaged.close()
	var lines []line
	for _, h := range objectNames(dir) {
		content, err := damaged.object(plumbing.BlobObject, h)
		if err == nil {
			lines = append(lines, parseNote(content).lines...)
		}
	}
	return inOrder(lines)
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
