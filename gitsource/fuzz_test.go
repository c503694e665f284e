package gitsource

import (
	"bytes"
	"context"
	"os"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// FuzzServer reads whatever a server may say.
func FuzzServer(f *testing.F) {
	f.Add([]byte(lines("version 2", "ls-refs", "fetch=shallow") + "0000"))
	f.Add([]byte(lines("# service=git-upload-pack") + "0000" + lines(someTip+" refs/heads/main\x00ofs-delta", "shallow "+someTip) + "0000"))
	f.Add([]byte(lines("shallow-info", "shallow "+someTip) + "0001" + packReply(makePack(0))))
	f.Fuzz(func(_ *testing.T, said []byte) {
		_, _ = readGreeting(bytes.NewReader(said), "refs/heads/main")
		_, _ = readRefs(&packets{r: bytes.NewReader(said)}, "refs/heads/main")
		_, _ = readSections(&packets{r: bytes.NewReader(said)})
	})
}

// FuzzPack receives packs: none may crash, or fill the memory.
func FuzzPack(f *testing.F) {
	f.Add(makePack(1, packed{plumbing.BlobObject, 3, nil, []byte("one")}))
	f.Add(makePack(2, packed{plumbing.BlobObject, 3, nil, []byte("one")},
		packed{plumbing.OFSDeltaObject, 4, []byte{14}, []byte{3, 1, 1, 'x'}}))
	limits := Limits{PackBytes: 1 << 16, Objects: 100, ObjectBytes: 1 << 16}
	f.Fuzz(func(t *testing.T, pack []byte) {
		stored := value[*os.File](t)(os.CreateTemp(t.TempDir(), ""))
		defer stored.Close()
		_, _ = receivePack(context.Background(), bytes.NewReader(pack), stored, limits)
	})
}

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
