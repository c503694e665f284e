package gitsource

// Limits bound what a repository can make the agent read. Zero means the
// default.
type Limits struct {
	PackBytes   int64 // one pack on the wire and on disk: 512 MiB
	Objects     int   // objects of one pack: 2,000,000
	ObjectBytes int64 // one object, unpacked: 128 MiB
	FileBytes   int64 // one declaration file, when it is read: 1 MiB
	Files       int   // declaration files of one commit: 10,000
	Depth       int   // folders below each other, from Path: 32
}

func (l Limits) withDefaults() Limits {
	l.PackBytes = orDefault(l.PackBytes, 512<<20)
	l.Objects = orDefault(l.Objects, 2_000_000)
	l.ObjectBytes = orDefault(l.ObjectBytes, 128<<20)
	l.FileBytes = orDefault(l.FileBytes, 1<<20)
	l.Files = orDefault(l.Files, 10_000)
	l.Depth = orDefault(l.Depth, 32)
	return l
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
