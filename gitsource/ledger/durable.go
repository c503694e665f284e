package ledger

import (
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"moult/gitsource/durable"
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
		if err := durable.Put(path, 0o444, o.writeLoose); err != nil {
			return fmt.Errorf("write object: %w", err)
		}
		folders[folder] = true
	}
	for folder := range folders {
		if err := durable.SyncFolder(folder); err != nil {
			return fmt.Errorf("write object: %w", err)
		}
	}
	return nil
}

// writeLoose writes an object as it lies on disk (gitformat-loose(5)).
func (o sketch) writeLoose(w io.Writer) error {
	z := zlib.NewWriter(w)
	fmt.Fprintf(z, "%s %d\x00", o.kind, len(o.content)) // a zlib.Writer keeps its first error until Close
	z.Write(o.content)
	return z.Close()
}

func makeFolder(path string) error {
	err := os.Mkdir(path, 0o777) // less the umask, as git does
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}
