package gitsource

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"moult/gitsource/packs"
)

// pack is one open pack of the mirror with its index. go-git's packs are not
// safe for concurrent use, reads included.
type pack struct {
	name    string // pack-<checksum>
	size    int64
	index   *packIndex
	objects *packfile.Packfile
	renew   func() *packfile.Packfile
	reads   int
	file    io.ReadSeeker
	headers *packfile.Scanner // of file
	weights []uint32          // of the objects by offset, as far as they are known; see weight
}

// readsKept is after how many reads go-git's reader is made anew: it keeps a
// note about each object that it has read.
const readsKept = 20_000

// openPack opens a pack and checks that its end is where its index says: a
// cut-off pack is found here and not at the first read.
func openPack(dir, name string, shared cache.Object) (*pack, error) {
	index, err := readIndex(filepath.Join(dir, name+".idx"))
	if err != nil {
		return nil, fmt.Errorf("read index of %s: %w", name, err)
	}
	file, err := osfs.New(dir).Open(name + ".pack")
	if err != nil {
		return nil, err
	}
	renew := func() *packfile.Packfile { return packfile.NewPackfileWithCache(index, nil, file, shared, 0) }
	p := &pack{name: name, index: index, objects: renew(), renew: renew, file: file, headers: packfile.NewScanner(file)}
	if p.size, err = packs.CheckTrailer(file, index.PackfileChecksum[:]); err != nil {
		p.close()
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return p, nil
}

func readIndex(path string) (*packIndex, error) {
	index, err := packs.ReadIndex(path)
	if err != nil {
		return nil, err
	}
	return newPackIndex(index), nil
}

func (p *pack) has(h plumbing.Hash) bool {
	found, err := p.index.Contains(h)
	return found && err == nil
}

func (p *pack) close() { p.objects.Close() }

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
