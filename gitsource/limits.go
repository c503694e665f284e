package gitsource

import (
	"cmp"
	"moult/gitsource/packs"
)

// Limits bound what a repository can make the agent read. Zero means the
// default. A tree that lies in several folders counts in each: a few small ones,
// each many times inside the next, are billions of folders.
type Limits struct {
	PackBytes   int64 // one pack on the wire and on disk: 512 MiB
	Objects     int   // objects of one pack: 2,000,000
	ObjectBytes int64 // one object, unpacked: 128 MiB
	Unpacked    int64 // all objects of one pack, unpacked: 8 GiB, some 15 seconds of work
	FileBytes   int64 // one declaration file, when it is read: 1 MiB
	Files       int   // declaration files of one commit: 10,000
	Depth       int   // folders below each other, from Path: 32
	Folders     int   // folders of one commit, from Path: 200,000
	TreeBytes   int64 // tree objects of these folders: 128 MiB, some 2 million names of any files
}

func (l Limits) withDefaults() Limits {
	l.PackBytes = cmp.Or(l.PackBytes, 512<<20)
	l.Objects = cmp.Or(l.Objects, 2_000_000)
	l.ObjectBytes = cmp.Or(l.ObjectBytes, 128<<20)
	l.Unpacked = cmp.Or(l.Unpacked, 8<<30)
	l.FileBytes = cmp.Or(l.FileBytes, 1<<20)
	l.Files = cmp.Or(l.Files, 10_000)
	l.Depth = cmp.Or(l.Depth, 32)
	l.Folders = cmp.Or(l.Folders, 200_000)
	l.TreeBytes = cmp.Or(l.TreeBytes, 128<<20)
	return l
}

// ofPacks are the limits of one pack.
func (l Limits) ofPacks() packs.Limits {
	return packs.Limits{Bytes: l.PackBytes, Objects: l.Objects, ObjectBytes: l.ObjectBytes, Unpacked: l.Unpacked}
}
