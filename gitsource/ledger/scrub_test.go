package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"moult/gitsource/fault"
	"moult/gitsource/wire"
)

// rawTree is a tree object with leaves in the order that is given.
func rawTree(leaves ...leaf) []byte {
	var b bytes.Buffer
	for _, l := range leaves {
		fmt.Fprintf(&b, "%s %s\x00", l.mode, l.name)
		b.Write(l.hash[:])
	}
	return b.Bytes()
}

// poison moves the shared ledger to a commit whose tree has more leaves than
// the one before, as a server can let in that does not look closely.
func (f fleet) poison(t *testing.T, more ...leaf) {
	t.Helper()
	r := value[*repository](t)(openRepository(f.bare))
	defer r.close()
	head := value[plumbing.Hash](t)(r.ref(Ref))
	leaves := value[[]leaf](t)(r.tree(value[plumbing.Hash](t)(r.treeOf(head))))
	var d draft
	tree := d.add(plumbing.TreeObject, rawTree(append(leaves, more...)...))
	commit := value[plumbing.Hash](t)(d.addLink(link{tree: tree, parents: []plumbing.Hash{head}, message: "poison\n", now: noon}))
	must(t, r.write(&d))
	must(t, r.moveRef(move{ref: Ref, old: head, new: commit, ours: func(plumbing.Hash) bool { return false }}))
}

func TestATreeThatGitWouldNotMakeIsLeftOutAndNotPushedBack(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func(fleet, plumbing.Hash, plumbing.Hash) leaf{
		"a note that is a folder": func(f fleet, folder, _ plumbing.Hash) leaf { return leaf{modeFile, f.commits[1], folder} },
		"a file that is a folder": func(_ fleet, folder, _ plumbing.Hash) leaf { return leaf{modeFile, "readme", folder} },
		"a name of git's own":     func(_ fleet, _, blob plumbing.Hash) leaf { return leaf{modeFile, ".GIT", blob} },
		"a path for a name":       func(_ fleet, _, blob plumbing.Hash) leaf { return leaf{modeFile, "a/b", blob} },
		"a kind of its own":       func(_ fleet, _, blob plumbing.Hash) leaf { return leaf{"777", "strange", blob} },
	} {
		for _, young := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, shallow store %v", name, young), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, 3)
				git(t, f.bare, "config", "receive.fsckObjects", "true")
				l := newLedger(t, "agent", overHTTP(t, f, nil))
				must(t, l.Append(background, noon, f.started(0)))
				push(t, l)
				blob := hashFrom(git(t, f.bare, "rev-parse", Ref+":"+home(hashFrom(f.commits[0]))))
				f.poison(t, poison(f, hashFrom(git(t, f.bare, "rev-parse", "main^{tree}")), blob))
				if young {
					l = newLedger(t, "young", l.Remote.URL)
				}
				fetch(t, l)
				must(t, l.Append(background, noon, became(f.started(0), Succeeded), f.started(1)))
				if s := push(t, l); s.Unsent != 0 {
					t.Errorf("push says %+v", s)
				}
				want := []string{ami(0) + " web started", ami(0) + " web succeeded", ami(1) + " web started"}
				if diff := cmp.Diff(want, told(t, f.bare)); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
				if _, err := os.Stat(l.Dir + ".damaged"); err == nil {
					t.Error("the store was made again")
				}
				if got := value[[]Entry](t)(l.Started(background)); len(got) != 1 {
					t.Errorf("%d rollouts go on", len(got))
				}
			})
		}
	}
}

// While it may not push, the store keeps what it saw there last, and is
// compacted with it.
func TestAStoreIsCompactedThoughTheRemoteIsPoisoned(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	l := newLedger(t, "agent", overHTTP(t, f, nil))
	must(t, l.Append(background, noon, f.started(0)))
	push(t, l)
	f.poison(t, leaf{modeFile, f.commits[1], hashFrom(git(t, f.bare, "rev-parse", "main^{tree}"))})
	fetch(t, l)
	must(t, l.change(background, func(s *repository) error { return l.compact(background, s, noon) }))
	must(t, l.Append(background, noon.Add(time.Hour), f.started(1)))
	push(t, l)
	if got := told(t, f.bare); len(got) != 2 {
		t.Errorf("the remote has %q", got)
	}
	if _, err := os.Stat(l.Dir + ".damaged"); err == nil {
		t.Error("the store was made again")
	}
}

func TestASoundTreeIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	store := value[*repository](t)(openStore(filepath.Join(t.TempDir(), "store")))
	defer store.close()
	var d draft
	blob := d.add(plumbing.BlobObject, []byte("words\n"))
	folder := d.add(plumbing.TreeObject, rawTree(leaf{modeFile, strings.Repeat("0", 38), blob}))
	tree := d.add(plumbing.TreeObject, rawTree(
		leaf{modeFolder, "ab", folder}, leaf{modeLink, "link", hashFrom(commitName(1))},
		leaf{modeProgram, "program", blob}, leaf{modeSymlink, "symlink", blob}))
	odd := d.add(plumbing.TreeObject, rawTree(leaf{modeFile, "b", blob}, leaf{"040000", "ab", folder}, leaf{"100664", "a", blob}, leaf{modeFile, "a", blob}, leaf{modeFolder, "ff", blob}))
	must(t, store.write(&d))
	if clean, dropped, err := scrub(background, store, plumbing.ZeroHash, tree); err != nil || clean != tree || dropped != 0 {
		t.Errorf("it becomes %s, %d dropped, %v", clean, dropped, err)
	}
	clean, dropped, err := scrub(background, store, plumbing.ZeroHash, odd)
	must(t, err)
	want := []leaf{{modeFile, "a", blob}, {modeFolder, "ab", folder}, {modeFile, "b", blob}}
	if got := value[[]leaf](t)(store.tree(clean)); !cmp.Equal(want, got, cmp.AllowUnexported(leaf{})) || dropped != 2 {
		t.Errorf("what is oddly written becomes %v, %d dropped", got, dropped)
	}
}

func TestARefusalSaysWhatToDoAboutIt(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]error{
		"pre-receive hook declined":                                   ErrDenied,
		"pre-receive hook declined (unpack your own notes)":           ErrDenied,
		"protected branch hook declined":                              ErrDenied,
		"non-fast-forward":                                            ErrDenied,
		"unpack index-pack abnormal exit":                             fault.ErrMalformed,
		"unpacker error (fatal: fsck error in packed object)":         fault.ErrMalformed,
		"missing necessary objects (error: ab is a tree, not a blob)": fault.ErrMalformed,
		"failed to update ref":                                        ErrBusy,
	} {
		err := refusal(&wire.Refused{Reason: reason})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
		if strings.Contains(err.Error(), "let the agent write") != (want == ErrDenied) {
			t.Errorf("%s: it advises %v", reason, err)
		}
	}
}
