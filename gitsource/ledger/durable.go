package ledger

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
)

// draft is new objects that are not on disk yet.
type draft struct {
	objects []sketch
	named   map[plumbing.Hash]bool
}

type sketch struct {
	kind    plumbing.ObjectType
	hash    plumbing.Hash
	content []byte
}

func (d *draft) add(kind plumbing.ObjectType, content []byte) plumbing.Hash {
	h := plumbing.ComputeHash(kind, content)
	if d.named == nil {
		d.named = map[plumbing.Hash]bool{}
	}
	if !d.named[h] {
		d.named[h] = true
		d.objects = append(d.objects, sketch{kind, h, content})
	}
	return h
}

// write puts the objects of a draft into a repository, as loose objects, so
// that they outlast a crash once it returns. Objects come before whatever
// names them, as git writes them.
func (r *repository) write(d *draft) error {
	folders := map[string]bool{}
	for _, o := range d.objects {
		name := o.hash.String()
		folder := filepath.Join(r.dir, "objects", name[:2])
		path := filepath.Join(folder, name[2:])
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := makeFolder(folder); err != nil {
			return fmt.Errorf("write object: %w", err)
		}
		if err := replaceFile(path, o.loose(), 0o444); err != nil {
			return fmt.Errorf("write object: %w", err)
		}
		folders[folder] = true
	}
	for folder := range folders {
		if err := syncFolder(folder); err != nil {
			return fmt.Errorf("write object: %w", err)
		}
	}
	return nil
}

// loose is an object as it lies on disk (gitformat-loose(5)).
func (o sketch) loose() []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	fmt.Fprintf(z, "%s %d\x00", o.kind, len(o.content)) // into memory: never fails
	z.Write(o.content)
	z.Close()
	return b.Bytes()
}

func makeFolder(path string) error {
	err := os.Mkdir(path, 0o777) // less the umask, as git does
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// replaceFile puts content at path, whole or not at all. It outlasts a crash
// when its folder is synced.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "tmp_obj_") // git gc clears these away
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := fill(f, content, mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// fill writes content into a file, through to the disk, and closes it.
func fill(f *os.File, content []byte, mode fs.FileMode) error {
	_, err := io.Copy(f, bytes.NewReader(content))
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the names in a folder last.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
