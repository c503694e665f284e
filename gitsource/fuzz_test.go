package gitsource

import (
	"bytes"
	"context"
	"os"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/packs"
)

// FuzzObjects parses trees and commits. What a tree lists is sorted, and every
// name can be one in a file system.
func FuzzObjects(f *testing.F) {
	f.Add([]byte("100644 a.hcl\x0001234567890123456789" + "40000 b\x0001234567890123456789"))
	f.Add([]byte("tree " + someTip + "\nparent " + someTip + "\n\nsubject"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _, _ = parseCommit(content)
		entries, err := parseTree(content)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(entries, func(a, b entry) int { return bytes.Compare([]byte(a.name), []byte(b.name)) }) {
			t.Error("entries are not sorted")
		}
		for _, e := range entries {
			if !goodName(e.name) {
				t.Errorf("name %q is let through", e.name)
			}
		}
	})
}

// FuzzPack receives packs: none may crash, or fill the memory.
func FuzzPack(f *testing.F) {
	f.Add(makePack(1, packed{plumbing.BlobObject, 3, nil, []byte("one")}))
	f.Add(makePack(2, packed{plumbing.BlobObject, 3, nil, []byte("one")},
		packed{plumbing.OFSDeltaObject, 4, []byte{14}, []byte{3, 1, 1, 'x'}}))
	limits := packs.Limits{Bytes: 1 << 16, Objects: 100, ObjectBytes: 1 << 16, Unpacked: 1 << 20}
	one := plumbing.ComputeHash(plumbing.BlobObject, []byte("one"))
	f.Add(makePack(1, packed{plumbing.REFDeltaObject, 4, one[:], []byte{3, 1, 1, 'x'}}))
	bases := func(plumbing.Hash) (plumbing.ObjectType, []byte, bool, error) {
		return plumbing.BlobObject, []byte("one"), true, nil
	}
	f.Fuzz(func(t *testing.T, pack []byte) {
		stored := value[*os.File](t)(os.CreateTemp(t.TempDir(), ""))
		defer stored.Close()
		_, _ = packs.Receive(context.Background(), bytes.NewReader(pack), stored, limits, bases)
	})
}
