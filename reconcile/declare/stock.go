package declare

import (
	"cmp"
	"slices"

	"moult/reconcile"
)

// stock is the declaration files of one revision.
type stock struct {
	files []reconcile.File // sorted by path; changed in place
	bytes int64            // of those that are not too large to be read
}

// change is a file that differs between two revisions. New is nil when it is
// gone.
type change struct {
	path   string
	new    *reconcile.File
	parsed *file
}

// changes are the files that a revision changes, sorted by path.
func (s *stock) changes(rev reconcile.Revision) []change {
	if rev.Base == "" {
		return changed(s.files, rev.Files)
	}
	var changes []change
	for i, f := range rev.Files {
		switch old := s.at(f.Path); {
		case f.Blob == "" && old != nil:
			changes = append(changes, change{path: f.Path})
		case f.Blob != "" && (old == nil || old.Blob != f.Blob):
			changes = append(changes, change{path: f.Path, new: &rev.Files[i]})
		}
	}
	return changes
}

// changed compares two lists of files, each sorted by path.
func changed(before, after []reconcile.File) []change {
	var changes []change
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].Path < after[0].Path:
			changes = append(changes, change{path: before[0].Path})
			before = before[1:]
		case len(before) == 0 || after[0].Path < before[0].Path:
			changes = append(changes, change{path: after[0].Path, new: &after[0]})
			after = after[1:]
		default:
			if before[0].Blob != after[0].Blob {
				changes = append(changes, change{path: after[0].Path, new: &after[0]})
			}
			before, after = before[1:], after[1:]
		}
	}
	return changes
}

// tooMuch says why the files are not read once they are changed; nil when they
// are.
func (s *stock) tooMuch(changes []change) *Diagnostic {
	files, bytes := len(s.files), s.bytes
	for _, c := range changes {
		if old := s.at(c.path); old != nil {
			files, bytes = files-1, bytes-weight(old.Size)
		}
		if c.new != nil {
			files, bytes = files+1, bytes+weight(c.new.Size)
		}
	}
	first := ""
	if len(changes) > 0 {
		first = changes[0].path
	}
	return tooMuch(first, files, bytes)
}

// weight is what a file of a size adds to what is read: nothing when it is
// refused unread.
func weight(size int64) int64 {
	if size > MaxFileBytes {
		return 0
	}
	return size
}

// take changes the files. A revision that lists all of them is taken as it is.
func (s *stock) take(rev reconcile.Revision, changes []change) {
	for _, c := range changes {
		i, found := s.find(c.path)
		if found {
			s.bytes -= weight(s.files[i].Size)
		}
		if c.new != nil {
			s.bytes += weight(c.new.Size)
		}
		switch {
		case rev.Base == "":
		case c.new == nil:
			s.files = slices.Delete(s.files, i, i+1)
		case found:
			s.files[i] = *c.new
		default:
			s.files = slices.Insert(s.files, i, *c.new)
		}
	}
	if rev.Base == "" {
		s.files = slices.Clone(rev.Files)
	}
}

func (s *stock) find(path string) (int, bool) {
	return slices.BinarySearchFunc(s.files, path, func(f reconcile.File, path string) int { return cmp.Compare(f.Path, path) })
}

// at is the file at a path; nil when there is none.
func (s *stock) at(path string) *reconcile.File {
	if i, found := s.find(path); found {
		return &s.files[i]
	}
	return nil
}
