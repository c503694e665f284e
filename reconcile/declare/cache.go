package declare

import (
	"moult/reconcile"
)

// cache keeps what files say by the hash of their content, so that a file that
// only moved, or that comes back with a revert, is not read again.
type cache map[string]*file

// spare is how many files beyond those of the newest revision are kept.
const spare = 256

// get is what a file says. One that is too large is not read for it. Older is
// what it said before, or nil.
func (c cache) get(f reconcile.File, older *file, read func(blob string) ([]byte, error)) (*file, error) {
	if f.Size > MaxFileBytes {
		return refused(f.Size), nil
	}
	if known := c[f.Blob]; known != nil {
		return known, nil
	}
	content, err := read(f.Blob)
	if err != nil {
		return nil, err
	}
	parsed := older.amended(content)
	if parsed == nil {
		parsed = readFile(content)
	}
	c[f.Blob] = parsed
	return parsed, nil
}

// refused is what a file says that is too large to be read.
func refused(size int64) *file {
	d := diagnose(mark{line: 1, column: 1}, *tooLarge(size), nil)
	return &file{diagnostics: Diagnostics{d}}
}

// forget drops what the newest revision does not use, once there is much of it.
func (c cache) forget(used []reconcile.File) {
	if len(c) <= len(used)+spare {
		return
	}
	inUse := make(map[string]bool, len(used))
	for _, f := range used {
		inUse[f.Blob] = true
	}
	for blob := range c {
		if !inUse[blob] {
			delete(c, blob)
		}
	}
}
