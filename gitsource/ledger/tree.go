package ledger

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// The notes of a repository are a tree whose files are named for the commits
// that they belong to. git cuts the name into folders as their number grows:
// none, "ab/", "ab/cd/" (git-notes(1); fan-out). This package writes "ab/"
// and reads them all, mixed as they may be.

// leaf is one entry of a tree object.
type leaf struct {
	mode string
	name string
	hash plumbing.Hash
}

const (
	modeFile    = "100644"
	modeProgram = "100755"
	modeSymlink = "120000"
	modeLink    = "160000"
	modeFolder  = "40000"
	hexLength   = 2 * len(plumbing.ZeroHash)
)

func (l leaf) folder() bool { return l.mode == modeFolder || l.mode == "040000" }

func (l leaf) file() bool { return strings.HasPrefix(l.mode, "100") }

var errMalformedTree = errors.New("tree object is malformed")

// parseTree reads a tree object.
func parseTree(content []byte) ([]leaf, error) {
	leaves := make([]leaf, 0, len(content)/64)
	for len(content) > 0 {
		head, rest, ok := bytes.Cut(content, []byte{0})
		mode, name, spaced := strings.Cut(string(head), " ")
		if !ok || !spaced || name == "" || len(rest) < len(plumbing.ZeroHash) {
			return nil, errMalformedTree
		}
		leaves = append(leaves, leaf{mode, name, plumbing.Hash(rest[:20])})
		content = rest[20:]
	}
	return leaves, nil
}

// encodeTree writes a tree object. git sorts folders as if their names ended
// in a slash.
func encodeTree(leaves []leaf) []byte {
	slices.SortFunc(leaves, func(a, b leaf) int { return cmp.Compare(a.sortName(), b.sortName()) })
	var b bytes.Buffer
	for _, l := range leaves {
		fmt.Fprintf(&b, "%s %s\x00", l.mode, l.name)
		b.Write(l.hash[:])
	}
	return b.Bytes()
}

func (l leaf) sortName() string {
	if l.folder() {
		return l.name + "/"
	}
	return l.name
}

// noted is the commit that a path of the tree names, cut as it may be.
func noted(path string, l leaf) (plumbing.Hash, bool) {
	if !l.file() || len(path) != hexLength || !isHex(path) {
		return plumbing.ZeroHash, false
	}
	return plumbing.NewHash(path), true
}

// fanOut reports whether a folder holds notes, and no files that somebody
// else put into the tree.
func fanOut(path string, l leaf) bool {
	return l.folder() && len(l.name) == 2 && len(path) < hexLength && isHex(path)
}

func isHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// trees reads tree objects.
type trees interface {
	tree(plumbing.Hash) ([]leaf, error)
}

// places says where the notes of commits lie: usually one blob for each.
type places map[plumbing.Hash][]plumbing.Hash

// difference is what distinguishes two trees of notes: the notes of the one
// that the other does not have the same.
type difference struct {
	from     trees
	left     [2]allowance // of the old one, and of the new
	old, new places
}

// commits are those whose notes differ, in an order that is always the same.
func (d difference) commits() []plumbing.Hash {
	var all []plumbing.Hash
	for c := range d.old {
		all = append(all, c)
	}
	for c := range d.new {
		if d.old[c] == nil {
			all = append(all, c)
		}
	}
	plumbing.HashesSort(all)
	return all
}

// compare reads two trees as far as they differ. A note that has merely moved
// to another folder is no difference.
func compare(ctx context.Context, from trees, old, new plumbing.Hash) (difference, error) {
	d := difference{from: from, left: [2]allowance{oneTree(ctx), oneTree(ctx)}, old: places{}, new: places{}}
	if err := d.read("", old, new); err != nil {
		return difference{}, err
	}
	for c, blobs := range d.old {
		plumbing.HashesSort(blobs)
		plumbing.HashesSort(d.new[c])
		if slices.Equal(blobs, d.new[c]) {
			delete(d.old, c)
			delete(d.new, c)
		}
	}
	return d, nil
}

// notes are all notes of a tree.
func notes(ctx context.Context, from trees, tree plumbing.Hash) (places, error) {
	d, err := compare(ctx, from, plumbing.ZeroHash, tree)
	return d.new, err
}

func (d *difference) read(path string, old, new plumbing.Hash) error {
	if old == new {
		return nil
	}
	left, err := treeOrNone(d.from, old)
	if err != nil {
		return err
	}
	right, err := treeOrNone(d.from, new)
	if err != nil {
		return err
	}
	if err := cmp.Or(d.left[0].folder(left), d.left[1].folder(right)); err != nil {
		return err
	}
	return d.leaves(path, left, right)
}

// leaves compares two folders, name by name.
func (d *difference) leaves(path string, left, right []leaf) error {
	there := make(map[string]leaf, len(left))
	for _, l := range left {
		there[l.name] = l
	}
	for _, r := range right {
		l := there[r.name]
		delete(there, r.name)
		if err := d.pair(path+r.name, l, r); err != nil {
			return err
		}
	}
	for _, l := range there {
		if err := d.pair(path+l.name, l, leaf{}); err != nil {
			return err
		}
	}
	return nil
}

// pair compares what two trees have under one path; a leaf is zero where there
// is nothing.
func (d *difference) pair(path string, old, new leaf) error {
	if old == new {
		return nil
	}
	if c, ok := noted(path, old); ok {
		d.old[c] = append(d.old[c], old.hash)
	}
	if c, ok := noted(path, new); ok {
		d.new[c] = append(d.new[c], new.hash)
	}
	var below [2]plumbing.Hash
	for i, l := range []leaf{old, new} {
		if fanOut(path, l) {
			below[i] = l.hash
		}
	}
	return d.read(path, below[0], below[1])
}

func treeOrNone(from trees, h plumbing.Hash) ([]leaf, error) {
	if h.IsZero() {
		return nil, nil
	}
	return from.tree(h)
}

// lookUp finds where the notes of one commit lie: leaves whose name is the
// whole path, usually one.
func lookUp(from trees, tree, commit plumbing.Hash) ([]leaf, error) {
	return lookIn(from, tree, "", commit.String())
}

func lookIn(from trees, tree plumbing.Hash, path, rest string) ([]leaf, error) {
	leaves, err := treeOrNone(from, tree)
	if err != nil {
		return nil, err
	}
	var found []leaf
	for _, l := range leaves {
		switch {
		case l.file() && l.name == rest:
			found = append(found, leaf{l.mode, path + l.name, l.hash})
		case l.folder() && len(l.name) == 2 && len(rest) > 2 && strings.HasPrefix(rest, l.name):
			below, err := lookIn(from, l.hash, path+l.name+"/", rest[2:])
			if err != nil {
				return nil, err
			}
			found = append(found, below...)
		}
	}
	return found, nil
}

// home is where this package puts the note of a commit.
func home(commit plumbing.Hash) string {
	text := commit.String()
	return text[:2] + "/" + text[2:]
}

// put is a tree with some files replaced, removed where the hash is zero.
// Everything else in it stays as it was. New trees go into the draft.
func put(from trees, into *draft, tree plumbing.Hash, files map[string]plumbing.Hash) (plumbing.Hash, error) {
	leaves, err := treeOrNone(from, tree)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	all := make(map[string]leaf, len(leaves)+len(files))
	for _, l := range leaves {
		all[l.name] = l
	}
	below := map[string]map[string]plumbing.Hash{}
	for path, blob := range files {
		folder, rest, nested := strings.Cut(path, "/")
		if !nested {
			all[path] = leaf{modeFile, path, blob}
			continue
		}
		if below[folder] == nil {
			below[folder] = map[string]plumbing.Hash{}
		}
		below[folder][rest] = blob
	}
	for folder, inside := range below {
		var before plumbing.Hash
		if l := all[folder]; l.folder() {
			before = l.hash
		}
		sub, err := put(from, into, before, inside)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		all[folder] = leaf{modeFolder, folder, sub}
	}
	return into.addTree(all), nil
}

// addTree adds the tree of the leaves that are not zero; none is no tree.
func (d *draft) addTree(all map[string]leaf) plumbing.Hash {
	leaves := make([]leaf, 0, len(all))
	for _, l := range all {
		if !l.hash.IsZero() {
			leaves = append(leaves, l)
		}
	}
	if len(leaves) == 0 {
		return plumbing.ZeroHash
	}
	return d.add(plumbing.TreeObject, encodeTree(leaves))
}
