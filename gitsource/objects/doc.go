// Package objects reads the objects of a git repository on this machine: loose
// ones, packed ones, and those that it borrows from others. It is for those who
// read tens of thousands of small ones, for which go-git takes five times as
// long, and only reads: no git command is run and nothing is written.
//
//	Pack      a pack and its index
//	Store     the object directories of a repository, or packs that are added one by one
//	Reader    reads from a Store; each goroutine has its own
//
// Object names are looked up in the index files of the packs as they lie on
// disk (gitformat-pack(5)). An opened Store sees the packs that were there when it was
// opened: when git packs anew meanwhile, what is asked for may be missing, and
// a new Store finds it.
//
// # What is checked
//
// [Reader.Object] returns what is stored under a name, and [Reader.Verified]
// compares it with the name as well, which takes longer than reading it.
// Whoever fetched or cloned with git has had every object compared already.
package objects
