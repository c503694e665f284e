package declare

import (
	"moult/reconcile"
)

// cache keeps what files say by the hash of their content, so that a file that
// only moved, or that comes back with a revert, is not read again.
type cache map[string]*file

// spare is how many files beyond those of the newest revision are kept.
const spare = 256

// of is what a file says; nil when it was not read yet. One that is too large is
// not read for it.
func (c cache) of(f reconcile.File) *file {
	if f.Size > MaxFileBytes {
		return refused(f.Size)
	}
	return c[f.Blob]
}

// get is of, and reads what was not read yet.
func (c cache) get(f reconcile.File, read func(blob string) ([]byte, error)) (*file, error) {
	if known := c.of(f); known != nil {
		return known, nil
	}
	content, err := read(f.Blob)
	if err != nil {
		return nil, err
	}
	c[f.Blob] = readFile(content)
	return c[f.Blob], nil
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
