package gitsource

import (
	"io"
	"os"
	"path/filepath"
)

// replaceFile puts content at path so that after a crash either the old
// content or the new is there, whole.
func replaceFile(path string, content []byte) error {
	return replaceWith(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// replaceWith is replaceFile for content that is written in parts.
func replaceWith(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "tmp_")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := writeAndSync(f, write); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func writeAndSync(f *os.File, write func(io.Writer) error) error {
	err := write(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// syncDir makes renames in dir last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
