package ledger

import (
	"context"

	"moult/gitsource/fault"
)

// Trees can be made that hold themselves many times over: a few hundred
// kilobytes of them stand for millions of notes, or for more than anybody could
// ever read. So what is read of them at once is counted.

// allowance is how much may still be read.
type allowance struct {
	ctx     context.Context
	folders int
	leaves  int   // files and folders in them
	bytes   int64 // of the trees
}

const (
	// mostFolders is how many folders a tree of notes is read with: all that git
	// makes of a million notes.
	mostFolders = 200_000
	// mostLeaves is how many notes and folders one tree may have that another has
	// not: a million notes are less, however git cuts their names.
	mostLeaves = 1_250_000
	// mostTreeBytes is how large its folders may be together. A note takes about
	// 66 bytes in them.
	mostTreeBytes = 128 << 20
)

// oneTree is what may be read of one tree.
func oneTree(ctx context.Context) allowance {
	return allowance{ctx: ctx, folders: mostFolders, leaves: mostLeaves, bytes: mostTreeBytes}
}

// joinedTrees is what may be read of a tree that has all of two others.
func joinedTrees(ctx context.Context) allowance {
	return allowance{ctx: ctx, folders: mostFolders, leaves: 2 * mostLeaves, bytes: 2 * mostTreeBytes}
}

// folder takes one folder with its leaves off what may be read.
func (a *allowance) folder(leaves []leaf) error {
	w := weight{folders: 1}
	w.count(leaves)
	return a.take(w)
}

// take fails when more was read than may be, or for longer.
func (a *allowance) take(w weight) error {
	a.folders -= w.folders
	a.leaves -= w.leaves
	a.bytes -= w.bytes
	if a.folders < 0 || a.leaves < 0 || a.bytes < 0 {
		return fault.New(fault.ErrTooLarge, "see who put so much there (git log "+Ref+") and take it out",
			"read notes: more than %d folders, %d notes, or %d bytes of folders (limits)", mostFolders, mostLeaves, mostTreeBytes)
	}
	return a.ctx.Err()
}

// weight is how much there is to read in a folder, with all below it.
type weight struct {
	folders int
	leaves  int
	bytes   int64
}

func (w *weight) count(leaves []leaf) {
	w.leaves += len(leaves)
	for _, l := range leaves {
		w.bytes += int64(len(l.mode) + len(l.name) + len(l.hash) + 2)
	}
}

// add adds a weight. What is more than may be read anyway is not counted to the
// end: in folders that hold one another many times over it is a number too large
// to write down.
func (w *weight) add(more weight) {
	w.folders = min(w.folders+more.folders, mostFolders+1)
	w.leaves = min(w.leaves+more.leaves, mostLeaves+1)
	w.bytes = min(w.bytes+more.bytes, mostTreeBytes+1)
}
