// Package durable puts files on disk so that a crash at any line leaves the old
// content or the new, whole, and locks files between processes.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts content at path, whole or not at all, and returns when it would
// outlast a crash.
func Replace(path string, content []byte, mode fs.FileMode) error {
	return ReplaceWith(path, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// ReplaceWith is Replace for content that is written in parts.
func ReplaceWith(path string, mode fs.FileMode, write func(io.Writer) error) error {
	if err := Put(path, mode, write); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// Put is ReplaceWith that leaves syncing the folder to the caller: for many
// files in one.
func Put(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "tmp_obj_") // git gc clears these away
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := f.Chmod(mode); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := Fill(f, write); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Fill has a file written, through to the disk, and closes it.
func Fill(f *os.File, write func(io.Writer) error) error {
	err := write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncFolder makes the names in a folder last.
func SyncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
