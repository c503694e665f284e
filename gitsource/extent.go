package gitsource

import "moult/gitsource/fault"

// extent is what a folder amounts to, with all below it. What lies in several
// places counts in each, so it says what walking there takes.
type extent struct {
	bytes          int64 // of tree objects
	files, folders int   // declaration files; folders, with itself
	deep, long     int32 // folders below each other, and the longest of their paths in bytes, from here on
}

// tally counts what a listing amounts to so far, against the limits. It does not
// matter how much of it was known before: the same commit is listed or past the
// limits, whatever was listed before it.
type tally struct {
	limits Limits
	seen   extent
}

// add counts what was found. Deep and long are those of a place; see fits.
func (t *tally) add(e extent) error {
	t.seen.files += e.files
	t.seen.folders += e.folders
	t.seen.bytes += e.bytes
	switch {
	case t.seen.files > t.limits.Files:
		return fault.TooLarge("more than %d declaration files", t.limits.Files)
	case t.seen.folders > t.limits.Folders:
		return fault.TooLarge("more than %d folders", t.limits.Folders)
	case t.seen.bytes > t.limits.TreeBytes:
		return fault.TooLarge("folders have more than %d bytes of tree objects together", t.limits.TreeBytes)
	}
	return nil
}

// fits reports that a folder lies too deep, or one below it.
func (t *tally) fits(path string, depth int, e extent) error {
	if depth+int(e.deep) > t.limits.Depth || len(path)+int(e.long) > pathBytes {
		return fault.TooLarge("folders lie more than %d deep at %s", t.limits.Depth, fault.Plain(path, 80))
	}
	return nil
}

// since is what was counted since then.
func (t *tally) since(then extent) extent {
	return extent{files: t.seen.files - then.files, folders: t.seen.folders - then.folders, bytes: t.seen.bytes - then.bytes}
}

// hold is what a folder inside does to the depth and the paths.
func (e *extent) hold(name string, below extent) {
	e.deep = max(e.deep, below.deep+1)
	e.long = max(e.long, below.long+int32(len("/"+name)))
}
