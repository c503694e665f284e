package gitsource

import (
	"os"
	"path/filepath"
	"strings"

	"moult/gitsource/packs"
)

// packNames lists the packs in dir and removes everything else that a crash
// left there.
func packNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	var names []string
	for _, e := range entries {
		base, isPack := strings.CutSuffix(e.Name(), ".pack")
		switch {
		case isPack && packs.IsName(base) && there[base+".idx"]:
			names = append(names, base)
		case isIndexOf(e.Name(), there):
		default:
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

func isIndexOf(name string, there map[string]bool) bool {
	base, isIndex := strings.CutSuffix(name, ".idx")
	return isIndex && packs.IsName(base) && there[base+".pack"]
}
